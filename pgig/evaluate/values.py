"""From bytes to the networks' values and back, by the exact rules of the original programs."""

import numpy as np

from pgig.errors import NumericsError


def to_image(pixels):
    """Bytes to network values.

    Args:
        pixels: (...) uint8.

    Returns:
        (...) float64 in [-1, 1]: (v / 255 - 1/2) * 2.
    """
    return (np.asarray(pixels) / 255 - 0.5) * 2


def to_pixels(image):
    """Network values to the bytes of a generated picture (test.py of pose-gan): trunc(255 * ((v + 1) / 2)).

    Args:
        image: (...) float32 in [-1, 1]; what lies outside is clipped.

    Returns:
        (...) uint8.

    Raises:
        NumericsError: a value is not finite.
    """
    return _to_bytes(255 * ((_finite(image) + 1) / 2))


def to_grid_pixels(image):
    """Network values to the bytes of a sample grid (the training program): trunc(255 * (v + 1) / 2).

    The two rules round differently in float32, by one byte for a few values.

    Args:
        image: (...) float32 in [-1, 1]; what lies outside is clipped.

    Returns:
        (...) uint8.

    Raises:
        NumericsError: a value is not finite.
    """
    return _to_bytes(255 * (_finite(image) + 1) / 2)


def _finite(image):
    image = np.asarray(image)
    if not np.isfinite(image).all():
        raise NumericsError(
            "A picture holds values that are not finite numbers: the weights have diverged, load earlier "
            "ones."
        )
    return image


def _to_bytes(values):
    return np.clip(values, 0, 255).astype(np.uint8)
