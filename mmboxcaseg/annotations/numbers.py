"""Reading numbers in the various notations of annotation files."""

import re
from typing import Any

# Larger whole numbers can't be coordinates, and some have no exact float.
LARGEST = 2**53
_WHOLE = re.compile(r'[+-]?\d+', re.ASCII)


def whole(value: Any) -> int | None:
    """Convert a whole number in any notation.

    Args:
        value (Any): A json value or text.

    Returns:
        int | None: The number; None if the value is no whole number, or one
        above 2**53 or below -2**53.

    Example:
        >>> whole(320.0), whole('320'), whole('3.2e2')
        (320, 320, 320)
        >>> whole(0.5) is None
        True
    """
    if isinstance(value, str):
        text = value.strip()
        if _WHOLE.fullmatch(text):
            # Python refuses to convert text of thousands of digits.
            value = int(text) if len(text) < 20 else None
        else:
            value = decimal(text)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > LARGEST:
        return None
    return value


def decimal(text: str) -> float | None:
    """Convert text in decimal or scientific notation.

    Args:
        text (str): The text.

    Returns:
        float | None: The number, perhaps infinite or NaN; None if the text is
        no number.

    Example:
        >>> decimal('2.5e-1')
        0.25
        >>> decimal('1_000') is None
        True
    """
    try:
        # Python would accept 1_000 too.
        return None if '_' in text else float(text)
    except ValueError:
        return None
