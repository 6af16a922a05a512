"""Colours of the pictures, RGB, chosen for colour-blind readers too."""

Color = tuple[int, int, int]

# Light colours that can be seen on photos. Red is left out: it means "ignored".
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
    """The colour of a class or an instance.

    Args:
        index (int): Its number, at least 0. After the last colour the first
            one follows again.

    Returns:
        tuple[int, int, int]: The colour, RGB.
    """
    return PALETTE[index % len(PALETTE)]


def ink_on(color: Color) -> Color:
    """The colour of text on a background: near black or white.

    Args:
        color (tuple[int, int, int]): Colour of the background, RGB.

    Returns:
        tuple[int, int, int]: The colour that is easier to read, RGB.

    Example:
        >>> ink_on((255, 255, 0))
        (32, 32, 32)
    """
    luma = 0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2]
    return INK if luma > 120 else PAPER
