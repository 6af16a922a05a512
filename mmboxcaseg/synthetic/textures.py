"""Fills of objects and backgrounds.

Objects carry sharp patterns, backgrounds smooth ones; colours are free on
both sides, so no threshold on a colour tells them apart.
"""

import colorsys
from collections.abc import Callable

import cv2
import numpy as np

Pattern = Callable[[np.random.Generator, int, int], np.ndarray]


def grid(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Pixel coordinates ``(y, x)``, two float32 arrays (height, width)."""
    return tuple(np.mgrid[:height, :width].astype(np.float32))


def noise(
    rng: np.random.Generator, height: int, width: int, cell: float, octaves: int = 1
) -> np.ndarray:
    """Smooth random field.

    Args:
        rng (np.random.Generator): Source of the values.
        height (int): Rows of the result.
        width (int): Columns of the result.
        cell (float): Size of the coarsest features, in pixels.
        octaves (int): Layers, each half as large and half as strong as the
            one before. Defaults to 1.

    Returns:
        np.ndarray: (height, width) float32, stretched over [0, 1].
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
    """Random colour, (3,) float32 RGB in [0, 1], of bounded HSV value."""
    hue, saturation = rng.random(), rng.beta(2, 2.2)
    return np.array(
        colorsys.hsv_to_rgb(hue, saturation, rng.uniform(*value)), np.float32
    )


def colour_pair(
    rng: np.random.Generator, contrast: float
) -> tuple[np.ndarray, np.ndarray]:
    """Two random colours at least ``contrast`` apart in mean brightness."""
    while True:
        first, second = random_colour(rng), random_colour(rng)
        if abs(float(first.mean() - second.mean())) >= contrast:
            return first, second


def _square_wave(phase: np.ndarray) -> np.ndarray:
    """0 and 1 in turn, period 1, with edges soft enough not to alias."""
    return 0.5 + 0.5 * np.tanh(4 * np.sin(2 * np.pi * phase))


def _turned(
    rng: np.random.Generator, height: int, width: int
) -> tuple[np.ndarray, np.ndarray]:
    """Pixel coordinates, turned and gently warped."""
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
# As in nature, a class has a pattern of its own; nine in ten wear it.
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
    """Sharp two-colour pattern with speckle.

    Args:
        rng (np.random.Generator): Source of colours and pattern.
        height (int): Rows of the result.
        width (int): Columns of the result.
        name (str): Class whose favourite pattern is preferred; any other
            word for no preference. Defaults to ''.

    Returns:
        np.ndarray: (height, width, 3) float32 RGB, about [0, 1].
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
    """Colour a field with three random colours, low to high."""
    stops = np.stack([random_colour(rng, (0.2, 0.95)) for _ in range(3)])
    # A table of 256 colours would show as bands in the sky.
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
    """Smooth backdrop with thin lines and soft blobs that aren't objects.

    Args:
        rng (np.random.Generator): Source of everything random.
        height (int): Rows of the result.
        width (int): Columns of the result.

    Returns:
        np.ndarray: (height, width, 3) float32 RGB, about [0, 1].
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
