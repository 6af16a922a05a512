from .joint_rpn_head import JointRPNHead

__all__ = ['JointRPNHead']
