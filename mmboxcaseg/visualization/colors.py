"""Colours of the pictures, RGB, told apart also by colour-blind readers."""

Color = tuple[int, int, int]

# Light enough to be seen on photos; no red, which means "ignored".
PALETTE: tuple[Color, ...] = (
    (0, 200, 255),
    (255, 190, 0),
    (80, 230, 90),
    (240, 110, 230),
    (110, 140, 255),
    (255, 240, 80),
    (0, 215, 170),
    (255, 150, 90),
    (180, 130, 255),
    (190, 225, 70),
    (255, 160, 200),
    (140, 215, 255),
)
BOX: Color = (255, 176, 0)
MASK: Color = (0, 190, 255)
TRUTH: Color = (80, 230, 90)
IGNORED: Color = (255, 60, 60)

INK: Color = (32, 32, 32)
FAINT_INK: Color = (110, 110, 110)
PAPER: Color = (255, 255, 255)


def color_of(index: int) -> Color:
    """A colour for the class or the instance of a number.

    Args:
        index (int): At least 0; the colours come again after the last.

    Returns:
        tuple[int, int, int]: RGB.
    """
    return PALETTE[index % len(PALETTE)]


def ink_on(color: Color) -> Color:
    """Black or white, whichever is easier to read on a colour.

    Args:
        color (tuple[int, int, int]): Colour of the ground, RGB.

    Returns:
        tuple[int, int, int]: RGB.
    """
    luma = 0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2]
    return INK if luma > 120 else PAPER
