# The model that ships with the package: a further round like
# mobilenetv2_coco-midi_second-round.py. It starts from the second round's backbone,
# and learns from that model's masks. Its heads have 128 hidden channels in place of
# 472, and begin with random weights. docs/default_model.md has the commands.
_base_ = './mobilenetv2_coco-midi_second-round.py'
work_dir_root = '{{$MMBOXCASEG_WORK:work_dirs}}/'
load_from = work_dir_root + 'second/iter_2400.pth'
max_iters = 1200
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
param_scheduler = dict(end=max_iters)
model = dict(weak_head=dict(channels=128), salient_head=dict(channels=128))
train_dataloader = dict(
    dataset=dict(box=dict(ann_file=work_dir_root + 'coco-midi_round2.json'))
)
