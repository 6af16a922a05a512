from .box_fit_metric import BoxFitMetric
from .coco_instance_metric import COCOInstanceMetric
from .instance_iou_metric import InstanceIoUMetric
from .voc_instance_metric import VOCInstanceMetric

__all__ = [
    'BoxFitMetric',
    'COCOInstanceMetric',
    'InstanceIoUMetric',
    'VOCInstanceMetric',
]
