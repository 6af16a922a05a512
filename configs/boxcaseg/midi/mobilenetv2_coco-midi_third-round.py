# A further round like mobilenetv2_coco-midi_second-round.py. It starts from the
# second round's model, and learns from that model's masks.
_base_ = './mobilenetv2_coco-midi_second-round.py'
work_dir_root = '{{$MMBOXCASEG_WORK:work_dirs}}/'
load_from = work_dir_root + 'second/iter_2400.pth'
train_dataloader = dict(
    dataset=dict(box=dict(ann_file=work_dir_root + 'coco-midi_round2.json'))
)
