"""Sample grids: a row for each pair, columns source | target pose | target | generated."""

import numpy as np
from PIL import Image

from pgig.utils.files import atomic_path


def grid(columns):
    """Tile columns of pictures.

    Args:
        columns: list of arrays (N, H, W, 3) uint8.

    Returns:
        (N*H, len(columns)*W, 3) uint8.
    """
    return np.concatenate([np.concatenate(list(column), axis=0) for column in columns], axis=1)


def write_png(path, pixels):
    """Write pixels (H, W, 3) uint8 as a PNG file, atomically."""
    with atomic_path(path) as temporary:
        Image.fromarray(pixels).save(temporary, format="PNG")
