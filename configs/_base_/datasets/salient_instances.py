# Single objects of DUTS-TR as objects of an extra class, for the
# JointInstanceDataset of a detector. The rule is that of duts.py.
salient_instances = dict(
    type='mmboxcaseg.SalientInstanceDataset',
    data_root='data/DUTS/DUTS-TR/',
    data_prefix=dict(img='DUTS-TR-Image/', mask='DUTS-TR-Mask/'),
    single_object=dict(connectivity=4),
)
