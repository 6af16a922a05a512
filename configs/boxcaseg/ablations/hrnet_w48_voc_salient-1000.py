# Table 3: 1000 salient images, drawn at random by
# tools/dataset_converters/duts_single.py DUTS-TR LIST --subset 1000
_base_ = '../hrnet_w48_voc.py'
train_dataloader = dict(
    dataset=dict(salient=dict(ann_file='duts_single_1000.txt', single_object=None))
)
