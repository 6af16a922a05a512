"""Outlines of the synthetic objects.

Each shape is a function that takes a random generator and returns a closed
outline: an array (P, 2) of x, y around the origin, whose distance from it is
at most about 1. The shapes are concave, lobed or slim on purpose, so that an
object's box says little about its mask.
"""

from collections.abc import Callable

import cv2
import numpy as np

Outline = Callable[[np.random.Generator], np.ndarray]

# Outlines are drawn this many times larger and averaged, for smooth edges.
SUPERSAMPLING = 4


def _polar(radius: np.ndarray, angle: np.ndarray) -> np.ndarray:
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def _bent(outline: np.ndarray, bend: float) -> np.ndarray:
    """Bend an outline that lies along the x axis; ``bend`` is the sagitta."""
    x, y = outline.T
    return np.stack([x, y + bend * (0.5 - x**2)], axis=1)


def _from_profile(x: np.ndarray, half_width: np.ndarray) -> np.ndarray:
    """Make an outline of a half width, mirrored at the x axis."""
    upper = np.stack([x, half_width], axis=1)
    lower = np.stack([x, -half_width], axis=1)
    return np.concatenate([upper, lower[::-1]])


def star(rng: np.random.Generator) -> np.ndarray:
    """Pointed star with five to seven rays."""
    rays = int(rng.integers(5, 8))
    inner = rng.uniform(0.52, 0.68)
    angle = np.arange(2 * rays) * np.pi / rays
    radius = np.where(np.arange(2 * rays) % 2 == 0, 1.0, inner)
    return _polar(radius * rng.uniform(0.93, 1.0, 2 * rays), angle)


def crescent(rng: np.random.Generator) -> np.ndarray:
    """Moon: an arc, thick in the middle and pointed at both ends."""
    half_angle = np.deg2rad(rng.uniform(95, 130))
    thickness = rng.uniform(0.75, 0.92)
    angle = np.linspace(-half_angle, half_angle, 48)
    taper = np.cos(angle / half_angle * np.pi / 2) ** 0.55
    outer = _polar(np.ones_like(angle), angle)
    inner = _polar(1 - thickness * taper, angle)
    outline = np.concatenate([outer, inner[::-1]])
    return outline - [0.3, 0.0]


def arrow(rng: np.random.Generator) -> np.ndarray:
    """Shaft with a triangular head."""
    shaft = rng.uniform(0.24, 0.34)
    head = rng.uniform(0.58, 0.75)
    neck = rng.uniform(-0.1, 0.15)
    barb = neck - rng.uniform(0.0, 0.12)
    return np.array(
        [
            [-1.0, -shaft],
            [neck, -shaft],
            [barb, -head],
            [1.0, 0.0],
            [barb, head],
            [neck, shaft],
            [-1.0, shaft],
        ]
    )


def gourd(rng: np.random.Generator) -> np.ndarray:
    """Two bulbs of different size with a waist between them, bent."""
    x = np.linspace(-1, 1, 64)
    big, small = rng.uniform(0.55, 0.64), rng.uniform(0.32, 0.4)
    bulb_1 = np.sqrt(np.clip(big**2 - (x + 1 - big) ** 2, 0, None))
    bulb_2 = np.sqrt(np.clip(small**2 - (x - 1 + small) ** 2, 0, None))
    waist = np.where(np.abs(x - 0.15) < 0.45, rng.uniform(0.16, 0.24), 0)
    half_width = (bulb_1**4 + bulb_2**4 + waist**4) ** 0.25
    return _bent(_from_profile(x, half_width), rng.uniform(-0.4, 0.4))


def leaf(rng: np.random.Generator) -> np.ndarray:
    """Slim blade, pointed at both ends, with a stalk."""
    x = np.linspace(-0.7, 1, 56)
    t = (x + 0.7) / 1.7
    width = rng.uniform(0.44, 0.58)
    teeth = 1 + rng.uniform(0.0, 0.12) * np.sin(t * np.pi * 14)
    blade = width * np.sin(np.pi * t ** rng.uniform(0.7, 1.0)) * teeth
    stalk = np.array([-1.0, -0.72])
    x = np.concatenate([stalk, x])
    half_width = np.concatenate([[0.05, 0.04], np.maximum(blade, 0.03)])
    return _bent(_from_profile(x, half_width), rng.uniform(-0.35, 0.35))


def cross(rng: np.random.Generator) -> np.ndarray:
    """Plus sign with arms of one width."""
    a = rng.uniform(0.22, 0.34)
    return np.array(
        [
            [-a, -1],
            [a, -1],
            [a, -a],
            [1, -a],
            [1, a],
            [a, a],
            [a, 1],
            [-a, 1],
            [-a, a],
            [-1, a],
            [-1, -a],
            [-a, -a],
        ]
    )


def flower(rng: np.random.Generator) -> np.ndarray:
    """Round petals about a centre."""
    angle = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    petals = int(rng.integers(3, 8))
    depth = rng.uniform(0.18, 0.3)
    return _polar(1 - depth + depth * np.cos(petals * angle), angle)


def heart(rng: np.random.Generator) -> np.ndarray:
    """Heart with a notch."""
    t = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    x = np.sin(t) ** 3
    y = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)) / 16
    return np.stack([x * rng.uniform(0.8, 1.05), y], axis=1)


def blob(rng: np.random.Generator) -> np.ndarray:
    """Smooth random outline."""
    angle = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    radius = np.full_like(angle, 0.72)
    for k in range(2, 6):
        radius += rng.normal(0, 0.22 / k) * np.cos(
            k * angle + rng.uniform(0, 2 * np.pi)
        )
    return _polar(np.clip(radius, 0.25, 1.0), angle)


def zigzag(rng: np.random.Generator) -> np.ndarray:
    """Lightning bolt of three strokes."""
    w = rng.uniform(0.2, 0.3)
    spine = np.array([[-1.0, -0.5], [-0.25, 0.4], [0.25, -0.4], [1.0, 0.5]])
    return np.concatenate([spine + [0, w], spine[::-1] - [0, w]])


def bottle(rng: np.random.Generator) -> np.ndarray:
    """Body, shoulder and neck."""
    body, neck = rng.uniform(0.32, 0.42), rng.uniform(0.1, 0.15)
    shoulder = rng.uniform(0.05, 0.3)
    x = np.array([-1, -0.97, shoulder, shoulder + 0.3, 0.97, 1])
    return _from_profile(x, np.array([body * 0.9, body, body, neck, neck, neck * 0.8]))


# The classes of the box set, in the order of their category ids.
CLASSES: dict[str, Outline] = {
    'star': star,
    'crescent': crescent,
    'arrow': arrow,
    'gourd': gourd,
    'leaf': leaf,
}
# The salient set has no classes, and more shapes.
SALIENT_SHAPES: list[Outline] = [
    *CLASSES.values(),
    cross,
    flower,
    heart,
    blob,
    zigzag,
    bottle,
]


def place(outline: np.ndarray, rng: np.random.Generator, size: float) -> np.ndarray:
    """Rotate and stretch an outline at random, and scale it to a size.

    Args:
        outline (np.ndarray): Outline around the origin, (P, 2).
        rng (np.random.Generator): Random generator for angle and stretch.
        size (float): Diagonal of the new outline's box in pixels.

    Returns:
        np.ndarray: (P, 2) in pixels, with the centre of its box in the
        origin.
    """
    angle = rng.uniform(0, 2 * np.pi)
    stretch = np.diag([1.0, rng.uniform(0.85, 1.15)])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = outline @ stretch @ turn.T
    low, high = points.min(axis=0), points.max(axis=0)
    points = points - (low + high) / 2
    return points * (size / np.linalg.norm(high - low))


def rasterise(points: np.ndarray, height: int, width: int) -> np.ndarray:
    """Fill an outline with smooth edges.

    Args:
        points (np.ndarray): Outline, (P, 2): x and y in pixels of the result.
        height (int): Rows of the result.
        width (int): Columns of the result.

    Returns:
        np.ndarray: (height, width) float32 in [0, 1], the share of each
        pixel that the outline covers.
    """
    canvas = np.zeros((height * SUPERSAMPLING, width * SUPERSAMPLING), np.uint8)
    corners = np.round(points * SUPERSAMPLING).astype(np.int32)
    cv2.fillPoly(canvas, [corners], 255)
    cover = cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA)
    return cover.astype(np.float32) / 255
