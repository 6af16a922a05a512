# Table 3: 2500 salient images, drawn at random by
# tools/dataset_converters/duts_single.py DUTS-TR LIST --subset 2500
_base_ = '../hrnet_w48_voc.py'
train_dataloader = dict(
    dataset=dict(salient=dict(ann_file='duts_single_2500.txt', single_object=None))
)
