# Single objects of DUTS-TR. The files that inherit from this one add boxes.
_base_ = './joint_patches.py'
train_dataloader = dict(
    dataset=dict(
        salient=dict(
            data_root='data/DUTS/DUTS-TR/',
            data_prefix=dict(img='DUTS-TR-Image/', mask='DUTS-TR-Mask/'),
            # The rule that selected the 7,991 images of the paper's DUTS-Single
            # is not published. This one keeps 8,721 of the 10,553. Instead of a
            # rule, ann_file can name a list of images.
            single_object=dict(connectivity=4),
        )
    )
)
