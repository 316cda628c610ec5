"""The resizes of evaluation programs, to the byte: Pillow's bicubic and OpenCV's bilinear."""

import numpy as np
from PIL import Image

# OpenCV's fixed point: weights have 11 bits, and 4 bits of the first pass are dropped before the second.
_WEIGHT_BITS, _DROPPED_BITS = 11, 4


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
    """Pictures resized as `cv2.resize` does by default: bilinear, half-pixel centres, no anti-aliasing.

    OpenCV's integer arithmetic is followed, so the bytes are those of opencv-python 5.0 (compared on x86-64 over
    64 pairs of sizes, no byte differed): weights rounded to 11 bits, columns before rows, two truncations.

    Args:
        pixels: (N, H, W, C) uint8.
        size: (height, width) of the result.

    Returns:
        (N, height, width, C) uint8.
    """
    pixels = np.asarray(pixels)
    (top, bottom), (w_top, w_bottom) = _cv2_taps(pixels.shape[1], size[0], clamp=False)
    (left, right), (w_left, w_right) = _cv2_taps(pixels.shape[2], size[1], clamp=True)
    result = np.empty((len(pixels), *size, pixels.shape[-1]), np.uint8)
    for i, picture in enumerate(pixels.astype(np.int32)):
        rows = picture[:, left] * w_left[:, None] + picture[:, right] * w_right[:, None]
        rows >>= _DROPPED_BITS
        above = (w_top[:, None, None] * rows[top]) >> 16
        below = (w_bottom[:, None, None] * rows[bottom]) >> 16
        result[i] = (above + below + 2) >> 2
    return result


def _cv2_taps(length, new_length, clamp):
    """Indices and integer weights of the two neighbours of each new position.

    Beyond the first and last pixel centre OpenCV sets the share to 0 for columns (`clamp`); for rows it mixes the
    border row with itself, which can truncate one lower.
    """
    places = ((np.arange(new_length) + 0.5) * (length / new_length) - 0.5).astype(np.float32)
    low = np.floor(places).astype(int)
    share = places - low.astype(np.float32)
    if clamp:
        share[(low < 0) | (low >= length - 1)] = 0
    one = np.float32(2**_WEIGHT_BITS)
    weights = [np.rint(part * one).astype(np.int32) for part in (1 - share, share)]
    return (low.clip(0, length - 1), (low + 1).clip(0, length - 1)), weights
