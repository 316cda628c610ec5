"""Differences of batches of pictures, pixel by pixel: L1, what is called L2, and MAE."""

import math

import numpy as np

from pgig.metrics.values import to_grey


def l1(reference_pixels, generated_pixels, span=2.0):
    """Mean absolute difference of each pair of pictures.

    Args:
        reference_pixels, generated_pixels: (N, H, W, 3) uint8.
        span: what the bytes 0..255 are stretched to: 2 for values in [-1, 1] (pose-gan, PATN), 1 for [0, 1]
            (GFLA and its successors), 255 for bytes (PG2).

    Returns:
        (N,) float64 in [0, span].
    """
    return _difference(reference_pixels, generated_pixels).mean(axis=(1, 2, 3)) * (span / 255)


def grey_l1(reference_pixels, generated_pixels):
    """Mean absolute difference of luminance (score.py of DPIG).

    Args:
        reference_pixels, generated_pixels: (N, H, W, 3) uint8.

    Returns:
        (N,) float64 in [0, 1].
    """
    return np.abs(to_grey(reference_pixels) - to_grey(generated_pixels)).mean(axis=(1, 2))


def l2(reference_pixels, generated_pixels):
    """The root of the summed squared differences, divided by the number of values: no root mean square.

    That is what score.py of PG2 prints as L2; it shrinks with the root of the number of pixels.

    Args:
        reference_pixels, generated_pixels: (N, H, W, 3) uint8.

    Returns:
        (N,) float64 in [0, 255 / sqrt(3 H W)].
    """
    squares = np.square(_difference(reference_pixels, generated_pixels), dtype=np.uint16)
    values = squares[0].size if len(squares) else 1
    return np.sqrt(squares.sum(axis=(1, 2, 3), dtype=np.float64)) / values


def grey_l2(reference_pixels, generated_pixels):
    """As `l2`, but of luminance in 0..1 (score.py of DPIG).

    Args:
        reference_pixels, generated_pixels: (N, H, W, 3) uint8.

    Returns:
        (N,) float64 in [0, 1 / sqrt(H W)].
    """
    difference = to_grey(reference_pixels) - to_grey(generated_pixels)
    values = max(math.prod(difference.shape[1:]), 1)
    return np.sqrt(np.square(difference).sum(axis=(1, 2))) / values


def mae(reference_pixels, generated_pixels):
    """Sum of absolute differences over the sum of all values (GFLA and its successors).

    Args:
        reference_pixels, generated_pixels: (N, H, W, 3) uint8.

    Returns:
        (N,) float64 in [0, 1]; NaN where both pictures are black.
    """
    above = _difference(reference_pixels, generated_pixels).sum(axis=(1, 2, 3), dtype=np.float64)
    below = sum(np.asarray(p).sum(axis=(1, 2, 3), dtype=np.float64) for p in (reference_pixels, generated_pixels))
    return np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)


def _difference(reference, generated):
    """Absolute difference of bytes, in bytes."""
    reference, generated = np.asarray(reference), np.asarray(generated)
    return np.where(reference > generated, reference - generated, generated - reference)
