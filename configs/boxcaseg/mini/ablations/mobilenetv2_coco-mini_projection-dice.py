# The projection term of BoxInst in place of the MIL loss.
_base_ = '../mobilenetv2_coco-mini.py'
model = dict(loss_mil=dict(_delete_=True, type='ProjectionDiceLoss'))
