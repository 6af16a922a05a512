"""What BoxCaseg's ``test_cfg`` asks for."""
from typing import Optional, Sequence, Union

HEADS = ('weak', 'salient', 'transferred')
TEST_CFG = dict(
    crops_per_batch=32,
    head='fused',
    threshold=0.5,
    min_threshold=None,
    min_max=True,
    with_probs=False,
    flip=False,
    precision='fp32')


def heads_of(head: Union[str, Sequence[str]],
             built: Sequence[str]) -> tuple[str, ...]:
    """The heads whose masks ``test_cfg.head`` asks for.

    Args:
        head (str | Sequence[str]): A head, several, or ``'fused'``.
        built (Sequence[str]): The heads that the model has.

    Returns:
        tuple[str, ...]: Their names; of ``'fused'`` those that learn from
        masks, or the weak head if there is none of them.
    """
    if head == 'fused':
        return ('weak', ) if list(built) == ['weak'] \
            else ('salient', 'transferred')
    return (head, ) if isinstance(head, str) else tuple(head)


def complete_test_cfg(test_cfg: Optional[dict], built: Sequence[str]) -> dict:
    """Fill in the defaults, see :class:`BoxCaseg`.

    Args:
        test_cfg (dict, optional): What was given.
        built (Sequence[str]): The heads that the model has.

    Returns:
        dict: With all keys.

    Raises:
        ValueError: If a key or a value is not as described there.
    """
    unknown = set(test_cfg or ()) - set(TEST_CFG)
    if unknown:
        raise ValueError(f'BoxCaseg: test_cfg knows {sorted(TEST_CFG)}, '
                         f'not {sorted(unknown)}')
    cfg = dict(TEST_CFG, **(test_cfg or {}))
    head, precision = cfg['head'], cfg['precision']
    names = heads_of(head, built)
    if not names or head != 'fused' and not set(names) <= set(built):
        raise ValueError(f'BoxCaseg: test_cfg.head is {head!r}, but it '
                         f"must be 'fused' or of the heads {list(built)}")
    if precision not in ('fp32', 'bf16'):
        raise ValueError(f'BoxCaseg: test_cfg.precision is {precision!r}, '
                         "but it must be 'fp32' or 'bf16'")
    low, high = cfg['min_threshold'], cfg['threshold']
    if low is not None and not 0 <= low <= high:
        raise ValueError(f'BoxCaseg: test_cfg.min_threshold is {low!r}, but '
                         f'it must lie in [0, threshold={high!r}]')
    return cfg
