"""Textures of the synthetic objects and backgrounds.

Objects have sharp patterns and backgrounds smooth ones. Both have any colour,
so they can't be told apart by a threshold on colours.
"""

import colorsys
from collections.abc import Callable

import cv2
import numpy as np

Pattern = Callable[[np.random.Generator, int, int], np.ndarray]


def grid(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Make pixel coordinates.

    Args:
        height (int): Rows of the result.
        width (int): Columns of the result.

    Returns:
        tuple[np.ndarray, np.ndarray]: y and x of each pixel, (height, width)
        float32 each.
    """
    return tuple(np.mgrid[:height, :width].astype(np.float32))


def noise(
    rng: np.random.Generator, height: int, width: int, cell: float, octaves: int = 1
) -> np.ndarray:
    """Make smooth noise.

    Args:
        rng (np.random.Generator): Random generator.
        height (int): Rows of the result.
        width (int): Columns of the result.
        cell (float): Size of the coarsest features in pixels.
        octaves (int): Number of layers; the features of each are half as
            large and half as strong as those of the one before. Defaults to
            1.

    Returns:
        np.ndarray: (height, width) float32, scaled to [0, 1].
    """
    field = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        step = max(cell / 2**octave, 1.0)
        coarse = rng.random(
            (int(height / step) + 3, int(width / step) + 3), dtype=np.float32
        )
        field += 0.5**octave * cv2.resize(
            coarse, (width, height), interpolation=cv2.INTER_CUBIC
        )
    low, high = field.min(), field.max()
    return (field - low) / max(high - low, 1e-6)


def random_colour(
    rng: np.random.Generator, value: tuple[float, float] = (0.15, 1.0)
) -> np.ndarray:
    """Draw a colour at random.

    Args:
        rng (np.random.Generator): Random generator.
        value (tuple[float, float]): Lowest and highest value of HSV, in
            [0, 1]. Defaults to (0.15, 1.0).

    Returns:
        np.ndarray: RGB in [0, 1], (3,) float32.
    """
    hue, saturation = rng.random(), rng.beta(2, 2.2)
    return np.array(
        colorsys.hsv_to_rgb(hue, saturation, rng.uniform(*value)), np.float32
    )


def colour_pair(
    rng: np.random.Generator, contrast: float
) -> tuple[np.ndarray, np.ndarray]:
    """Draw two colours of different brightness at random.

    Args:
        rng (np.random.Generator): Random generator.
        contrast (float): Smallest difference of their mean brightness, in
            [0, 1].

    Returns:
        tuple[np.ndarray, np.ndarray]: RGB in [0, 1], (3,) float32 each.
    """
    while True:
        first, second = random_colour(rng), random_colour(rng)
        if abs(float(first.mean() - second.mean())) >= contrast:
            return first, second


def _square_wave(phase: np.ndarray) -> np.ndarray:
    """A square wave between 0 and 1 of period 1, with edges without aliasing."""
    return 0.5 + 0.5 * np.tanh(4 * np.sin(2 * np.pi * phase))


def _turned(
    rng: np.random.Generator, height: int, width: int
) -> tuple[np.ndarray, np.ndarray]:
    """Pixel coordinates, rotated and slightly warped at random."""
    y, x = grid(height, width)
    angle = rng.uniform(0, np.pi)
    u = x * np.cos(angle) + y * np.sin(angle)
    v = y * np.cos(angle) - x * np.sin(angle)
    warp = rng.uniform(0, 6)
    return (
        u + warp * noise(rng, height, width, 40),
        v + warp * noise(rng, height, width, 40),
    )


def stripes(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Parallel bands."""
    u, _ = _turned(rng, height, width)
    return _square_wave(u / rng.uniform(6, 13))


def checks(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Chequerboard."""
    u, v = _turned(rng, height, width)
    period = rng.uniform(10, 18)
    return 0.5 + 0.5 * np.tanh(
        6 * np.sin(2 * np.pi * u / period) * np.sin(2 * np.pi * v / period)
    )


def dots(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Round spots in staggered rows."""
    u, v = _turned(rng, height, width)
    period = rng.uniform(8, 14)
    row = np.floor(v / period)
    du = (u / period + 0.5 * (row % 2)) % 1 - 0.5
    dv = (v / period) % 1 - 0.5
    return 0.5 + 0.5 * np.tanh(14 * (0.3 - np.hypot(du, dv)))


def blotches(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Patches with crisp borders, like a leopard's or a cow's."""
    field = noise(rng, height, width, rng.uniform(7, 13), octaves=2)
    return 0.5 + 0.5 * np.tanh(14 * (field - np.median(field)))


def rings(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Circles about a point near the middle."""
    y, x = grid(height, width)
    cy, cx = rng.uniform(0.3, 0.7) * height, rng.uniform(0.3, 0.7) * width
    return _square_wave(np.hypot(y - cy, x - cx) / rng.uniform(7, 12))


def mesh(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Thin lines both ways, like a net or a giraffe's coat."""
    u, v = _turned(rng, height, width)
    period = rng.uniform(9, 15)
    line = np.maximum(np.cos(2 * np.pi * u / period), np.cos(2 * np.pi * v / period))
    return 0.5 + 0.5 * np.tanh(7 * (line - 0.75))


PATTERNS: dict[str, Pattern] = {
    'stripes': stripes,
    'checks': checks,
    'dots': dots,
    'blotches': blotches,
    'rings': rings,
    'mesh': mesh,
}
# The preferred pattern of each class, which nine of ten objects have.
FAVOURITES = {
    'star': 'dots',
    'crescent': 'rings',
    'arrow': 'checks',
    'gourd': 'blotches',
    'leaf': 'mesh',
}


def object_texture(
    rng: np.random.Generator, height: int, width: int, name: str = ''
) -> np.ndarray:
    """Draw a sharp pattern of two colours with speckles.

    Args:
        rng (np.random.Generator): Random generator for colours and pattern.
        height (int): Rows of the result.
        width (int): Columns of the result.
        name (str): Name of a class, whose pattern is preferred. Defaults to
            '': no pattern is preferred.

    Returns:
        np.ndarray: (height, width, 3) float32 RGB, about in [0, 1].
    """
    kind = list(PATTERNS)[rng.integers(len(PATTERNS))]
    if name in FAVOURITES and rng.random() < 0.9:
        kind = FAVOURITES[name]
    weight = PATTERNS[kind](rng, height, width)
    first, second = colour_pair(rng, contrast=0.22)
    texture = first + weight[..., None] * (second - first)
    tint = noise(rng, height, width, 30)[..., None] - 0.5
    speckle = rng.normal(0, rng.uniform(0.02, 0.06), (height, width, 1))
    return (texture + 0.25 * tint + speckle).astype(np.float32)


def _ramp(rng: np.random.Generator, weight: np.ndarray) -> np.ndarray:
    """Map a field in [0, 1] to a gradient of three random colours."""
    stops = np.stack([random_colour(rng, (0.2, 0.95)) for _ in range(3)])
    # A table of only 256 colours would show bands.
    at = np.linspace(0, 2, 2048)
    table = np.stack([np.interp(at, [0, 1, 2], c) for c in stops.T], axis=1)
    return table.astype(np.float32)[np.round(weight * 2047).astype(np.int32)]


def _clouds(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    return _ramp(rng, noise(rng, height, width, rng.uniform(60, 140), 4))


def _slope(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    y, x = grid(height, width)
    angle = rng.uniform(0, 2 * np.pi)
    along = x * np.cos(angle) + y * np.sin(angle)
    along = (along - along.min()) / np.ptp(along)
    return _ramp(rng, 0.8 * along + 0.2 * noise(rng, height, width, 80, 3))


def _tiles(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Paving of low contrast: staggered stones, each with its own shade."""
    y, x = grid(height, width)
    tall = rng.uniform(28, 50)
    wide = tall * rng.uniform(1, 2.5)
    row = np.floor(y / tall).astype(int)
    column = np.floor(x / wide + 0.5 * (row % 2)).astype(int)
    shade = rng.random((row.max() + 1, column.max() + 1), dtype=np.float32)
    gap = np.minimum((y / tall) % 1 * tall, (x / wide + 0.5 * (row % 2)) % 1 * wide)
    field = 0.55 * shade[row, column] + 0.35 * noise(rng, height, width, 60, 3)
    field -= 0.25 * np.exp(-gap / 1.5)
    first, second = random_colour(rng), random_colour(rng)
    return first + 0.6 * field[..., None] * (second - first)


def _bokeh(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Lights out of focus over clouds."""
    image = _clouds(rng, height, width)
    for _ in range(int(rng.integers(8, 20))):
        radius = int(rng.integers(8, 30))
        reach = radius + 9
        disc = np.zeros((2 * reach, 2 * reach), np.float32)
        cv2.circle(disc, (reach, reach), radius, rng.uniform(0.1, 0.4), -1)
        disc = cv2.GaussianBlur(disc, (0, 0), 3)[..., None]
        y = int(rng.integers(height - 2 * reach))
        x = int(rng.integers(width - 2 * reach))
        part = image[y : y + 2 * reach, x : x + 2 * reach]
        part += disc * (random_colour(rng, (0.7, 1.0)) - part)
    return image


BACKGROUNDS = (_clouds, _slope, _tiles, _bokeh)


def background(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Draw a smooth background with thin lines and soft blobs.

    Args:
        rng (np.random.Generator): Random generator.
        height (int): Rows of the result.
        width (int): Columns of the result.

    Returns:
        np.ndarray: (height, width, 3) float32 RGB, about in [0, 1].
    """
    kind = BACKGROUNDS[rng.integers(len(BACKGROUNDS))]
    image = np.ascontiguousarray(kind(rng, height, width), np.float32)
    for _ in range(int(rng.integers(0, 5))):
        soft = np.zeros((height, width), np.float32)
        centre = (int(rng.integers(width)), int(rng.integers(height)))
        axes = tuple(int(a) for a in rng.integers(12, 50, 2))
        cv2.ellipse(soft, centre, axes, rng.uniform(0, 180), 0, 360, 1.0, -1)
        soft = cv2.GaussianBlur(soft, (0, 0), rng.uniform(3, 8))[..., None]
        image += rng.uniform(0.3, 0.7) * soft * (random_colour(rng) - image)
    for _ in range(int(rng.integers(0, 6))):
        x = np.linspace(-10, width + 10, 60)
        bends = height * noise(rng, 1, 60, rng.uniform(12, 40), 2)[0]
        line = np.stack([x, rng.uniform(-1, 0.5) * height + bends], axis=1)
        if rng.random() < 0.5:
            line = line[:, ::-1] * [width / height, height / width]
        cv2.polylines(
            image,
            [np.round(line).astype(np.int32)],
            False,
            random_colour(rng).tolist(),
            int(rng.integers(1, 4)),
            cv2.LINE_AA,
        )
    return cv2.GaussianBlur(image, (0, 0), rng.uniform(0.8, 1.8))
