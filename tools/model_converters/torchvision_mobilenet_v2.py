"""Rename torchvision's MobileNetV2 weights for MMSegmentation or MMDetection.

It reads both layouts of torchvision's blocks: the present one
(``features.2.conv.0.0.weight``) and the early flat one
(``features.2.conv.0.weight``). The classifier is left out.

``--target`` names the library that will load the result. The two libraries name
the layers inside a block differently, and only ``mmdet.MobileNetV2`` has the
last 1x1 convolution to 1280 channels.

Example:
    python tools/model_converters/torchvision_mobilenet_v2.py \
        mobilenet_v2.pth mobilenet_v2_mmseg.pth --target mmseg
"""

import argparse
import os
import os.path as osp
from collections import OrderedDict
from collections.abc import Mapping

# Numbers of blocks of the seven stages, the same for all width multipliers.
BLOCKS_PER_STAGE = (1, 2, 3, 4, 3, 3, 1)
TARGETS = ('mmseg', 'mmdet')
# The layers of a block. The first block has no expanding convolution.
BLOCK_LAYERS = ('expand_conv', 'depthwise_conv', 'linear_conv')
CONV_PARAMS = ('weight',)
BN_PARAMS = ('weight', 'bias', 'running_mean', 'running_var')
# Missing in files of PyTorch before 0.4.1. Loading works without it.
BN_OPTIONAL = 'num_batches_tracked'


def _block_pairs(
    index: int, target_prefix: str, nested: bool, target: str
) -> list[tuple[str, str, str]]:
    """Pair the layers of one inverted residual block.

    Args:
        index (int): Index of the block in ``features``, 1 to 17.
        target_prefix (str): Name of the block in the target, ``layer1.0``.
        nested (bool): Whether the source nests convolution, BN and ReLU.
        target (str): 'mmseg' or 'mmdet'.

    Returns:
        list[tuple[str, str, str]]: For each layer of the block the source's
        convolution, the source's BN, and the target's ``ConvModule``.
    """
    layers = BLOCK_LAYERS[1:] if index == 1 else BLOCK_LAYERS
    source_prefix = f'features.{index}.conv'
    pairs = []
    for i, layer in enumerate(layers):
        if not nested:
            # conv, BN, ReLU6, conv, BN, ReLU6, conv, BN in one Sequential
            conv, bn = f'{3 * i}', f'{3 * i + 1}'
        elif layer == 'linear_conv':
            conv, bn = f'{i}', f'{i + 1}'
        else:
            conv, bn = f'{i}.0', f'{i}.1'
        name = f'conv.{i}' if target == 'mmseg' else layer
        pairs.append(
            (
                f'{source_prefix}.{conv}',
                f'{source_prefix}.{bn}',
                f'{target_prefix}.{name}',
            )
        )
    return pairs


def module_pairs(nested: bool, target: str) -> list[tuple[str, str, str]]:
    """Pair all convolution-BN layers of source and target.

    Args:
        nested (bool): Whether the source nests convolution, BN and ReLU
            inside a block, as torchvision does today.
        target (str): 'mmseg' or 'mmdet'.

    Returns:
        list[tuple[str, str, str]]: ``(convolution, BN, ConvModule)`` prefixes,
        the first two in the source, the last in the target.
    """
    pairs = [('features.0.0', 'features.0.1', 'conv1')]
    index = 1
    for stage, num_blocks in enumerate(BLOCKS_PER_STAGE, start=1):
        for block in range(num_blocks):
            pairs += _block_pairs(index, f'layer{stage}.{block}', nested, target)
            index += 1
    if target == 'mmdet':
        pairs.append(('features.18.0', 'features.18.1', 'conv2'))
    return pairs


def convert_state_dict(source: Mapping, target: str = 'mmseg') -> dict:
    """Rename the weights of a torchvision MobileNetV2.

    Args:
        source (Mapping[str, Tensor]): Weights by torchvision's names, with or
            without ``classifier.*``, of any width multiplier.
        target (str): The library whose ``MobileNetV2`` is to load the
            result, 'mmseg' or 'mmdet'. Defaults to 'mmseg'.

    Returns:
        dict[str, Tensor]: The same tensors by the target's names.

    Raises:
        ValueError: If ``target`` is unknown, or the source lacks a weight of
            a MobileNetV2 or has an unknown one.
    """
    if target not in TARGETS:
        raise ValueError(f'target must be one of {TARGETS}, got {target!r}')
    left = {
        key: value for key, value in source.items() if not key.startswith('classifier.')
    }
    nested = 'features.1.conv.0.0.weight' in left
    converted, missing = OrderedDict(), []

    def move(source_key: str, target_key: str) -> None:
        if source_key in left:
            converted[target_key] = left.pop(source_key)
        else:
            missing.append(source_key)

    for conv, bn, name in module_pairs(nested, target):
        for param in CONV_PARAMS:
            move(f'{conv}.{param}', f'{name}.conv.{param}')
        for param in BN_PARAMS:
            move(f'{bn}.{param}', f'{name}.bn.{param}')
        if f'{bn}.{BN_OPTIONAL}' in left:
            move(f'{bn}.{BN_OPTIONAL}', f'{name}.bn.{BN_OPTIONAL}')
    # mmseg's backbone ends before the last 1x1 convolution.
    unknown = [
        key for key in left if target == 'mmdet' or not key.startswith('features.18.')
    ]
    if missing or unknown:
        raise ValueError(
            "not the weights of a MobileNetV2 in torchvision's layout; "
            f'missing keys: {missing or "none"}; '
            f'unknown keys: {unknown or "none"}'
        )
    return converted


def load_source(path: str) -> Mapping:
    """Read the weights to convert, without running code that is pickled there.

    Args:
        path (str): Path of a local file, an ``http(s)://`` address, or
            another address that mmengine can load, such as
            ``torchvision://mobilenet_v2`` (needs torchvision).

    Returns:
        Mapping[str, Tensor]: The weights on the CPU.

    Raises:
        FileNotFoundError: If ``path`` is a local file that does not exist.
    """
    import torch

    if path.startswith(('http://', 'https://')):
        checkpoint = torch.hub.load_state_dict_from_url(
            path, map_location='cpu', weights_only=True
        )
    elif '://' in path:
        from mmengine.runner.checkpoint import CheckpointLoader

        checkpoint = CheckpointLoader.load_checkpoint(path, map_location='cpu')
    elif osp.isfile(path):
        checkpoint = torch.load(path, map_location='cpu', weights_only=True)
    else:
        raise FileNotFoundError(
            f'{path} does not exist; give the path of MobileNetV2 weights '
            'saved by torchvision, or torchvision://mobilenet_v2'
        )
    return checkpoint.get('state_dict', checkpoint)


def main() -> None:
    """Run the command line tool."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        'source',
        help="weights in torchvision's layout: "
        'a file, or an address that mmengine can load',
    )
    parser.add_argument('out', help='file to write')
    parser.add_argument(
        '--target',
        choices=TARGETS,
        default='mmseg',
        help='library that will load the file (default: %(default)s)',
    )
    args = parser.parse_args()

    import torch

    converted = convert_state_dict(load_source(args.source), args.target)
    os.makedirs(osp.dirname(osp.abspath(args.out)), exist_ok=True)
    partial = f'{args.out}.partial'
    torch.save(dict(state_dict=converted), partial)
    os.replace(partial, args.out)
    print(f'{len(converted)} tensors for {args.target}.MobileNetV2 -> {args.out}')


if __name__ == '__main__':
    main()
