# What EfficientNet-Lite2 exchanges in a BoxCaseg whose recipe is another base. Its
# ImageNet weights by timm's names are made by
# tools/model_converters/efficientnet_lite.py. It needs timm, and timm needs the
# torchvision of the installed torch (configs/boxcaseg/README.md).
weights = '{{$MMBOXCASEG_EFFICIENTNET_LITE2:work_dirs/mini/efficientnet_lite2.pth}}'
lite2_head = dict(in_channels=24 + 48 + 120 + 352)
efficientnet_lite2 = dict(
    # As in the training of its ImageNet weights.
    data_preprocessor=dict(mean=[127, 127, 127], std=[128, 128, 128]),
    backbone=dict(
        _delete_=True,
        type='mmseg.TIMMBackbone',
        # The variant whose convolutions are padded as TensorFlow does, as are those
        # that the weights come from.
        model_name='tf_efficientnet_lite2',
        pretrained=False,
        features_only=True,
        out_indices=(1, 2, 3, 4),
        # As MobileNetV2's.
        bn_momentum=0.01,
        init_cfg=dict(type='Pretrained', checkpoint=weights),
    ),
    weak_head=lite2_head,
    salient_head=lite2_head,
    transferred_head=lite2_head,
)
