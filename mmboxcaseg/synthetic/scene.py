"""Scenes: textured, shaded objects over a background, with exact masks."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from . import shapes, textures

# If an object shows less than this share of its area, the scene is laid out anew.
MIN_VISIBLE = 0.6
MAX_TRIES = 60
# Objects have diagonals of up to 230 pixels, which need images of this side.
MIN_SIDE = 200


@dataclass
class Sprite:
    """An object that is drawn, but not yet part of a scene.

    Attributes:
        cover (np.ndarray): (h, w) float32 in [0, 1], the share of each pixel
            that the object covers.
        colour (np.ndarray): (h, w, 3) float32 RGB, colour of each pixel.
        corner (tuple[int, int]): x and y of the first pixel in the scene; may
            lie outside the scene.
    """

    cover: np.ndarray
    colour: np.ndarray
    corner: tuple[int, int]


def _shade(cover: np.ndarray, light: np.ndarray) -> np.ndarray:
    """Shade a shape as if it were inflated and lit from one side.

    Args:
        cover (np.ndarray): (h, w) float32 in [0, 1].
        light (np.ndarray): (3,) unit vector towards the light.

    Returns:
        np.ndarray: Brightness of each pixel, a factor of about 1, (h, w)
        float32.
    """
    depth = cv2.distanceTransform((cover > 0.5).astype(np.uint8), cv2.DIST_L2, 3)
    rim = min(float(depth.max()), 16.0) + 1e-3
    height = rim * np.sqrt(np.clip(1 - (1 - np.minimum(depth / rim, 1)) ** 2, 0, 1))
    height = cv2.GaussianBlur(height, (0, 0), 1.5)
    dx = cv2.Sobel(height, cv2.CV_32F, 1, 0, scale=1 / 8)
    dy = cv2.Sobel(height, cv2.CV_32F, 0, 1, scale=1 / 8)
    lit = (light[2] - dx * light[0] - dy * light[1]) / np.sqrt(1 + dx**2 + dy**2)
    return 0.45 + 0.75 * np.clip(lit, 0, 1)


def make_sprite(
    rng: np.random.Generator,
    outline: np.ndarray,
    size: float,
    centre: Sequence[float],
    light: np.ndarray,
    name: str = '',
) -> Sprite:
    """Draw an object.

    Args:
        rng (np.random.Generator): Random generator for pose, colours and
            pattern.
        outline (np.ndarray): Outline around the origin, (P, 2).
        size (float): Diagonal of the object's box in pixels.
        centre (Sequence[float]): x and y of the centre of the object's box.
        light (np.ndarray): (3,) unit vector towards the light.
        name (str): Name of the class, which has a preferred pattern.
            Defaults to '': none.

    Returns:
        Sprite: The object, with a margin of two pixels or more.
    """
    points = shapes.place(outline, rng, size) + np.asarray(centre)
    low = np.floor(points.min(axis=0)).astype(int) - 2
    width, height = np.ceil(points.max(axis=0)).astype(int) - low + 3
    cover = shapes.rasterise(points - low, height, width)
    colour = textures.object_texture(rng, height, width, name)
    colour = np.clip(colour, 0, 1) * _shade(cover, light)[..., None]
    # A dark seam along the edge, as where a surface turns away from the viewer.
    inside = cv2.GaussianBlur(cover, (0, 0), 1.2)
    seam = rng.uniform(0.3, 0.8) * np.clip(2 - 2 * inside, 0, 1)
    colour *= 1 - seam[..., None]
    return Sprite(cover, colour, (int(low[0]), int(low[1])))


def _windows(
    sprite: Sprite, height: int, width: int
) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Slices of the scene and of the sprite where the sprite is visible."""
    x, y = sprite.corner
    h, w = sprite.cover.shape
    x0, y0 = max(x, 0), max(y, 0)
    x1, y1 = max(min(x + w, width), x0), max(min(y + h, height), y0)
    return (
        (slice(y0, y1), slice(x0, x1)),
        (slice(y0 - y, y1 - y), slice(x0 - x, x1 - x)),
    )


def visible_masks(
    sprites: Sequence[Sprite], height: int, width: int
) -> list[np.ndarray]:
    """Compute the exact masks of the objects of a scene.

    Args:
        sprites (Sequence[Sprite]): Objects from the back to the front.
        height (int): Rows of the scene.
        width (int): Columns of the scene.

    Returns:
        list[np.ndarray]: Mask of each sprite, (height, width) bool: its
        pixels inside the scene that no later sprite hides.
    """
    masks: list[np.ndarray] = []
    for sprite in sprites:
        scene, own = _windows(sprite, height, width)
        mask = np.zeros((height, width), bool)
        mask[scene] = sprite.cover[own] > 0.5
        for earlier in masks:
            earlier &= ~mask
        masks.append(mask)
    return masks


def compose(image: np.ndarray, sprites: Sequence[Sprite], light: np.ndarray) -> None:
    """Draw sprites and their shadows on an image, from the back to the front.

    Args:
        image (np.ndarray): (H, W, 3) float32 RGB, changed in place.
        sprites (Sequence[Sprite]): Objects from the back to the front.
        light (np.ndarray): (3,) unit vector towards the light; shadows fall
            to the opposite side.
    """
    height, width = image.shape[:2]
    for sprite in sprites:
        scene, own = _windows(sprite, height, width)
        cover = np.zeros((height, width), np.float32)
        cover[scene] = sprite.cover[own]
        shift = np.array(
            [[1, 0, -6 * light[0]], [0, 1, -6 * light[1]]], dtype=np.float32
        )
        shadow = cv2.warpAffine(cover, shift, (width, height))
        shadow = cv2.GaussianBlur(shadow, (0, 0), 4)
        image *= 1 - 0.4 * shadow[..., None]
        part = sprite.cover[own][..., None]
        image[scene] += part * (sprite.colour[own] - image[scene])


def random_light(rng: np.random.Generator) -> np.ndarray:
    """Draw a direction of light at random.

    Args:
        rng (np.random.Generator): Random generator.

    Returns:
        np.ndarray: (3,) unit vector towards a light above the scene, from the
        upper half of the image.
    """
    angle = rng.uniform(-np.pi, 0)
    tilt = rng.uniform(0.6, 0.9)
    return np.array(
        [tilt * np.cos(angle), tilt * np.sin(angle), np.sqrt(1 - tilt**2)], np.float32
    )


def develop(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Make a drawing look like a photo: uneven light, slight blur, grain.

    Args:
        rng (np.random.Generator): Random generator.
        image (np.ndarray): (H, W, 3) float32 RGB, about in [0, 1].

    Returns:
        np.ndarray: (H, W, 3) uint8 RGB.
    """
    height, width = image.shape[:2]
    uneven = 0.75 + 0.45 * textures.noise(rng, height, width, 250)
    image = np.clip(image, 0, 1) * uneven[..., None]
    image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, 0.7))
    grain = rng.standard_normal(image.shape, dtype=np.float32)
    image += rng.uniform(0.01, 0.025) * grain
    return np.round(np.clip(image, 0, 1) * 255).astype(np.uint8)


def _box_scene_sprites(
    rng: np.random.Generator, height: int, width: int, light: np.ndarray
) -> tuple[list[Sprite], list[int]]:
    names = list(shapes.CLASSES)
    count = int(rng.choice([1, 2, 3, 4, 5], p=[0.12, 0.25, 0.3, 0.2, 0.13]))
    labels = [int(label) for label in rng.integers(len(names), size=count)]
    largest = 230 if count <= 2 else 180
    sprites = []
    for label in labels:
        size = rng.uniform(80, largest)
        margin = 0.3 * size
        centre = (
            rng.uniform(margin, width - margin),
            rng.uniform(margin, height - margin),
        )
        outline = shapes.CLASSES[names[label]](rng)
        sprites.append(make_sprite(rng, outline, size, centre, light, names[label]))
    return sprites, labels


def box_scene(
    rng: np.random.Generator,
    height: int = 240,
    width: int = 320,
) -> tuple[np.ndarray, list[np.ndarray], list[int]]:
    """Draw an image of the box set: one to five objects that may overlap.

    Args:
        rng (np.random.Generator): Random generator.
        height (int): Rows of the image. Defaults to 240.
        width (int): Columns of the image. Defaults to 320.

    Returns:
        tuple[np.ndarray, list[np.ndarray], list[int]]: The image, (H, W, 3)
        uint8 RGB; masks of the objects' visible parts, (H, W) bool, none
        empty; and their classes, places in ``shapes.CLASSES``.

    Raises:
        ValueError: If a side of the image is below ``MIN_SIDE``.
        RuntimeError: If the objects hide one another in every layout tried.
    """
    if min(height, width) < MIN_SIDE:
        raise ValueError(
            f'an image of {width}x{height} pixels is too small for the objects; '
            f'both sides must be at least {MIN_SIDE}'
        )
    light = random_light(rng)
    for _ in range(MAX_TRIES):
        sprites, labels = _box_scene_sprites(rng, height, width, light)
        masks = visible_masks(sprites, height, width)
        if all(
            mask.sum() >= MIN_VISIBLE * (sprite.cover > 0.5).sum()
            for mask, sprite in zip(masks, sprites)
        ):
            image = textures.background(rng, height, width)
            compose(image, sprites, light)
            return develop(rng, image), masks, labels
    raise RuntimeError(
        f'no layout for the objects of an image of {width}x{height} pixels '
        f'after {MAX_TRIES} tries; take another seed or larger images'
    )


def salient_scene(
    rng: np.random.Generator, height: int = 240, width: int = 320
) -> tuple[np.ndarray, np.ndarray]:
    """Draw an image of the salient set: one object with space around it.

    In a quarter of the images, a second object lies behind the salient one
    and partly outside the image. It is not part of the mask.

    Args:
        rng (np.random.Generator): Random generator.
        height (int): Rows of the image. Defaults to 240.
        width (int): Columns of the image. Defaults to 320.

    Returns:
        tuple[np.ndarray, np.ndarray]: The image, (H, W, 3) uint8 RGB, and the
        mask of the object, (H, W) bool.
    """
    light = random_light(rng)
    image = textures.background(rng, height, width)
    kinds = shapes.SALIENT_SHAPES
    sprites = []
    if rng.random() < 0.25:
        corner = (rng.choice([-10, width + 10]), rng.choice([0, height]))
        outline = kinds[rng.integers(len(kinds))](rng)
        sprites.append(make_sprite(rng, outline, rng.uniform(90, 140), corner, light))
    size = rng.uniform(0.6, 0.95) * height
    centre = (
        width / 2 + rng.uniform(-0.12, 0.12) * width,
        height / 2 + rng.uniform(-0.06, 0.06) * height,
    )
    outline = kinds[rng.integers(len(kinds))](rng)
    sprites.append(make_sprite(rng, outline, size, centre, light))
    compose(image, sprites, light)
    return develop(rng, image), visible_masks(sprites, height, width)[-1]
