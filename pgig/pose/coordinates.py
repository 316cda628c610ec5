"""Joints as normalised coordinates, from which DPIG learns poses, and back to pixels.

As in `charliememory/Disentangled-Person-Image-Generation`: rows and columns from -1 to just below 1.
"""

import numpy as np
from keras import ops

from pgig.pose.joints import MISSING


def normalised(keypoints, size):
    """Coordinates that do not depend on the size of the picture.

    Args:
        keypoints: (B, 18, 3) y, x, visible, in pixels.
        size: (height, width) in pixels.

    Returns:
        (B, 18, 3) float32 of row, column, visible: -1 is the first pixel, 1 the end of the last; a missing joint is
        (-1, -1, 0).
    """
    keypoints = ops.cast(keypoints, "float32")
    visible = ops.cast(keypoints[..., 2:] > 0, "float32")
    places = keypoints[..., :2] / ops.convert_to_tensor(np.float32(size)) * 2.0 - 1.0
    return ops.concatenate([ops.where(visible > 0, places, -1.0), visible], axis=-1)


def from_normalised(places, visible, size):
    """The pixels of normalised coordinates.

    Args:
        places: (B, 18, 2) row and column from -1 to 1; those beyond are put on the border.
        visible: (B, 18) of 0 and 1.
        size: (height, width) in pixels.

    Returns:
        (B, 18, 3) float32 y, x, visible, at whole pixels; a missing joint is (-1, -1, 0).
    """
    size = ops.convert_to_tensor(np.float32(size))
    pixels = ops.clip((ops.cast(places, "float32") + 1.0) / 2.0 * size, 0.0, size - 1.0)
    present = ops.cast(visible, "float32")[..., None] > 0
    pixels = ops.where(present, ops.trunc(pixels), float(MISSING))
    return ops.concatenate([pixels, ops.cast(present, "float32")], axis=-1)
