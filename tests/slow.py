"""Slow and obvious calculations that tests compare the package with."""

import math

import numpy as np


def sigmoid(value: float) -> float:
    """Logistic function of one number."""
    return 1 / (1 + math.exp(-value))


def tight_box(mask: np.ndarray) -> tuple:
    """x0, y0, x1, y1 (half-open) of the pixels above 0, or None."""
    pixels = [
        (x, y)
        for y in range(mask.shape[0])
        for x in range(mask.shape[1])
        if mask[y, x] > 0
    ]
    if not pixels:
        return None
    columns, rows = zip(*pixels)
    return min(columns), min(rows), max(columns) + 1, max(rows) + 1


def bags(mask: np.ndarray, extent: str) -> list:
    """Eq. 1: (pixels, is positive) of every column and row of a patch."""
    height, width = mask.shape
    box = tight_box(mask)
    x0, y0, x1, y1 = box or (0, 0, 0, 0)
    result = []
    for x in range(width):
        positive = x0 <= x < x1
        part = range(y0, y1) if positive and extent == 'box' else range(height)
        result.append(([(y, x) for y in part], positive))
    for y in range(height):
        positive = y0 <= y < y1
        part = range(x0, x1) if positive and extent == 'box' else range(width)
        result.append(([(y, x) for x in part], positive))
    return result


def mil(logits: np.ndarray, labels: np.ndarray, extent: str, reduction: str) -> tuple:
    """Unary terms of Eq. 1 and their gradient, patch after patch."""
    total, count = 0.0, 0
    grad = np.zeros(logits.shape)
    for b in range(len(logits)):
        for pixels, positive in bags(labels[b], extent):
            best = max(pixels, key=lambda pixel: logits[b][pixel])
            score = sigmoid(logits[b][best])
            total -= math.log(score if positive else 1 - score)
            grad[b][best] += score - positive
            count += 1
    if reduction == 'sum':
        count = len(logits)
    return total / count, grad / count


def smoothness(logits: np.ndarray) -> tuple:
    """Eq. 2 as a mean over pixels and neighbours, and its gradient."""
    total, count = 0.0, 0
    grad = np.zeros(logits.shape)
    for b, (height, width) in enumerate([patch.shape for patch in logits]):
        prob = np.vectorize(sigmoid)(logits[b].astype(np.float64))
        for y in range(height):
            for x in range(width):
                for dy, dx in (
                    (-1, -1),
                    (-1, 0),
                    (-1, 1),
                    (0, -1),
                    (0, 1),
                    (1, -1),
                    (1, 0),
                    (1, 1),
                ):
                    if not (0 <= y + dy < height and 0 <= x + dx < width):
                        continue
                    other = y + dy, x + dx
                    difference = prob[y, x] - prob[other]
                    total += difference**2
                    count += 1
                    # A pair weighs on both of its pixels.
                    grad[b, y, x] += 2 * difference * prob[y, x] * (1 - prob[y, x])
                    grad[b][other] -= 2 * difference * prob[other] * (1 - prob[other])
    return total / count, grad / count


def pixel(
    salient: np.ndarray,
    transferred: np.ndarray,
    mask: np.ndarray,
    alpha: float,
    fuse: str,
) -> tuple:
    """Eq. 3 of one patch, and its gradients; a head may be None."""
    total = 0.0
    grad_s, grad_t = np.zeros(mask.shape), np.zeros(mask.shape)
    for pixel in np.ndindex(*mask.shape):
        target = float(mask[pixel] > 0)
        if salient is None:
            s, t, a = 0.0, float(transferred[pixel]), 0.0
        elif transferred is None:
            s, t, a = float(salient[pixel]), 0.0, 1.0
        else:
            s, t, a = float(salient[pixel]), float(transferred[pixel]), alpha
        if fuse == 'logit':
            prob = sigmoid(a * s + (1 - a) * t)
            by_s = a * prob * (1 - prob)
            by_t = (1 - a) * prob * (1 - prob)
        else:
            prob = a * sigmoid(s) + (1 - a) * sigmoid(t)
            by_s = a * sigmoid(s) * (1 - sigmoid(s))
            by_t = (1 - a) * sigmoid(t) * (1 - sigmoid(t))
        total -= math.log(prob if target else 1 - prob)
        by_prob = -target / prob + (1 - target) / (1 - prob)
        grad_s[pixel] = by_prob * by_s / mask.size
        grad_t[pixel] = by_prob * by_t / mask.size
    return total / mask.size, grad_s, grad_t


def resize(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Bilinear, pixel centres at .5, values beyond the border repeated."""
    result = np.zeros((height, width))
    for y in range(height):
        for x in range(width):
            row = max((y + 0.5) * image.shape[0] / height - 0.5, 0)
            column = max((x + 0.5) * image.shape[1] / width - 0.5, 0)
            top, left = int(row), int(column)
            bottom = min(top + 1, image.shape[0] - 1)
            right = min(left + 1, image.shape[1] - 1)
            down, along = row - top, column - left
            result[y, x] = (
                image[top, left] * (1 - down) * (1 - along)
                + image[top, right] * (1 - down) * along
                + image[bottom, left] * down * (1 - along)
                + image[bottom, right] * down * along
            )
    return result
