"""The resizes of evaluation programs: Pillow's bicubic of bytes, and OpenCV's bilinear of floating-point pictures."""

import numpy as np
from PIL import Image


def resize_pil_bicubic(pixels, size):
    """Pictures resized by Pillow's bicubic filter, which widens when it shrinks (anti-aliasing) and rounds to bytes.

    Args:
        pixels: (N, H, W, 3) uint8.
        size: (height, width) of the result.

    Returns:
        (N, height, width, 3) uint8.
    """
    pixels = np.asarray(pixels)
    result = np.empty((len(pixels), *size, 3), np.uint8)
    for i, picture in enumerate(pixels):
        result[i] = np.asarray(Image.fromarray(picture).resize(size[::-1], Image.Resampling.BICUBIC))
    return result


def resize_cv2_bilinear(pixels, size):
    """Pictures resized as `cv2.resize` does floating-point ones: bilinear, half-pixel centres, no anti-aliasing.

    Args:
        pixels: (N, H, W, C) numbers.
        size: (height, width) of the result.

    Returns:
        (N, height, width, C) float32, not rounded.
    """
    pixels = np.asarray(pixels, np.float32)
    for axis, length in zip((2, 1), size[::-1], strict=True):
        low, high, share = _taps(pixels.shape[axis], length)
        share = share.reshape((-1, 1, 1) if axis == 1 else (-1, 1))
        pixels = np.take(pixels, low, axis) * (1 - share) + np.take(pixels, high, axis) * share
    return pixels


def _taps(length, new_length):
    """The two neighbours of each new position, and the share of the second; outside, the border goes on."""
    places = ((np.arange(new_length) + 0.5) * (length / new_length) - 0.5).clip(0, length - 1)
    low = places.astype(int)
    return low, (low + 1).clip(0, length - 1), (places - low).astype(np.float32)
