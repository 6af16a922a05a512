# Table 3: 4,701 salient images without an object of VOC's categories. The authors
# picked theirs by hand and did not publish the list. Make your own list with
# tools/dataset_converters/duts_single.py --exclude-synsets.
_base_ = '../hrnet_w48_voc.py'
train_dataloader = dict(
    dataset=dict(salient=dict(ann_file='duts_single_4701.txt', single_object=None))
)
