"""Bytes as the evaluation programs of the field hold them: in [0, 1], and as luminance."""

import numpy as np

# float32(x / 255) of every byte. Times 255 each gives its byte again.
UNIT = (np.arange(256) / 255).astype(np.float32)

# Luminance of scikit-image's rgb2gray.
GREY = (0.2125, 0.7154, 0.0721)


def to_unit(pixels):
    """Bytes as float32 in [0, 1], x / 255 correctly rounded."""
    return UNIT[np.asarray(pixels)]


def to_grey(pixels):
    """Luminance of pictures.

    Args:
        pixels: (..., 3) uint8 RGB.

    Returns:
        (...) float64 in [0, 1].
    """
    return (np.asarray(pixels) / 255) @ np.array(GREY)
