"""Pictures for people: the two mappings of values to bytes, and files whose name says their format."""

from pathlib import Path

import numpy as np

from pgig.errors import OptionsError
from pgig.evaluate.values import to_pixels
from pgig.generate.jpeg import write_jpeg
from pgig.train.pictures import write_png

# "fixed": a value always has the same colour. "minmax": as Human-Pose-Transfer, where the darkest value of all that is
# shown together becomes black and the brightest one white, so that colours shift and scores change.
NORMALISE = ("fixed", "minmax")

_WRITERS = {".png": write_png, ".jpg": write_jpeg, ".jpeg": write_jpeg}


def require_picture_name(path):
    """Refuse a name that says no format.

    Raises:
        OptionsError: the name ends neither in .png nor in .jpg.
    """
    if Path(path).suffix.lower() not in _WRITERS:
        raise OptionsError(f"{path} ends neither in .png nor in .jpg: give the picture one of these endings.")


def write_picture(path, pixels):
    """Write a picture in the format that its name says, atomically.

    Args:
        path: name ending in .png, or in .jpg or .jpeg for quality 75.
        pixels: (H, W, 3) uint8.

    Raises:
        OptionsError: another ending.
        StorageError: the file cannot be written.
    """
    require_picture_name(path)
    _WRITERS[Path(path).suffix.lower()](path, pixels)


def to_bytes(image, normalise):
    """Network values to bytes by one of `NORMALISE`.

    Args:
        image: (...) float32, in [-1, 1] for "fixed", which clips what lies outside.
        normalise: "fixed": trunc(255 (v + 1) / 2); "minmax": trunc(255 (v - min) / (max - min) + 1/2), minimum and
            maximum over the whole array; zeros where they are equal.

    Returns:
        (...) uint8.

    Raises:
        NumericsError: a value is not finite.
    """
    pixels = to_pixels(image)
    return pixels if normalise == "fixed" else minmax(image)


def minmax(values):
    """Stretch an array over all bytes: trunc(255 (v - min) / (max - min) + 1/2).

    Args:
        values: (...) finite numbers.

    Returns:
        (...) uint8; zeros where all values are equal.
    """
    values = np.asarray(values, np.float32)
    low, high = values.min(), values.max()
    share = (values - low) / (high - low) if high > low else np.zeros_like(values)
    return (share * 255 + 0.5).clip(0, 255).astype(np.uint8)
