"""Numbers as files have them."""

import re
from typing import Any

# Larger whole numbers are no coordinates, and some don't fit a float.
LARGEST = 2**53
_WHOLE = re.compile(r'[+-]?\d+', re.ASCII)


def whole(value: Any) -> int | None:
    """A whole number in any notation: 320, 320.0, '320', '3.2e2'.

    Args:
        value (Any): A json value or text.

    Returns:
        int | None: The number; None if it is none, or above 2**53.
    """
    if isinstance(value, str):
        text = value.strip()
        if _WHOLE.fullmatch(text):
            # Text of thousands of digits is not converted.
            value = int(text) if len(text) < 20 else None
        else:
            value = decimal(text)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > LARGEST:
        return None
    return value


def decimal(text: str) -> float | None:
    """A number in decimal or scientific notation, None if it is none."""
    try:
        # Python takes 1_000 as well.
        return None if '_' in text else float(text)
    except ValueError:
        return None
