# A second round from the default model of the mini data: half of the boxes, those
# with the more confident masks, also learn from that model's masks. These are merged
# across each photo, so what one object's mask took is background for the others.
# `boxcaseg masks` makes the masks; MMBOXCASEG_WORK names the folder of masks and
# model (docs/default_model.md has the commands).
_base_ = './mobilenetv2_coco-midi_adamw.py'
work_dir_root = '{{$MMBOXCASEG_WORK:work_dirs}}/'
load_from = work_dir_root + 'mobilenetv2_coco-mini_default/iter_1600.pth'
# Masks come from the weak and the salient head.
model = dict(backbone=dict(init_cfg=None), transferred_head=None)
train_dataloader = dict(
    dataset=dict(
        box=dict(
            data_root='',
            ann_file=work_dir_root + 'coco-midi_round1.json',
            data_prefix=dict(img='{{$MMBOXCASEG_DATA:data}}/coco_midi/images/'),
            with_mask=True,
            min_confidence=0.5,
        )
    )
)
