# The recipe of mobilenetv2_coco-midi_adamw.py with another network.
_base_ = [
    './mobilenetv2_coco-midi_adamw.py',
    '../../_base_/models/boxcaseg_efficientnet_lite2.py',
]
model = _base_.efficientnet_lite2
