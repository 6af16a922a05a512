# Single objects of DUTS-TR; the children of this file add boxes.
_base_ = './joint_patches.py'
train_dataloader = dict(
    dataset=dict(
        salient=dict(
            data_root='data/DUTS/DUTS-TR/',
            data_prefix=dict(img='DUTS-TR-Image/', mask='DUTS-TR-Mask/'),
            # The 7,991 images of the paper's DUTS-Single were picked by no
            # published rule; this one keeps 8,721 of the 10,553. A list
            # file can be given as ann_file instead.
            single_object=dict(connectivity=4),
        )
    )
)
