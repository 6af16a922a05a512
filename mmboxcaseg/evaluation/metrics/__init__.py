from .instance_iou_metric import InstanceIoUMetric

__all__ = ['InstanceIoUMetric']
