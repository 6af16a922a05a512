# A second round on the midi data. It starts from the first round's model,
# mini/mobilenetv2_coco-mini_default.py. Boxes with a confident mask of that model
# learn from the mask too. Masks are merged across each photo, so what one object's
# mask took is background for the others.
# docs/default_model.md has the commands; MMBOXCASEG_WORK names the folder of model
# and masks.
_base_ = './mobilenetv2_coco-midi_adamw.py'
work_dir_root = '{{$MMBOXCASEG_WORK:work_dirs}}/'
load_from = work_dir_root + 'mobilenetv2_coco-mini_default/iter_1600.pth'
max_iters = 2400
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
param_scheduler = dict(end=max_iters)
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
