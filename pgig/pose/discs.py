"""Joints as solid discs, as in `charliememory/Pose-Guided-Person-Image-Generation`, and their list of pixels."""

import numpy as np
from keras import ops

from pgig.pose.geometry import joints_around


def disc_maps(keypoints, size, radius=4):
    """Draw one disc per joint.

    Args:
        keypoints: (B, 18, 3) y, x, visible; fractions of a pixel are cut off. A joint more than `radius` outside
            the picture counts as missing.
        size: (height, width) in pixels.
        radius: of the discs, in pixels; pixels at this very distance belong to a disc.

    Returns:
        (B, H, W, 18) float32: 1 on the disc, cut at the border, -1 elsewhere; -1 for a missing joint.
    """
    height, width = size
    points, visible = joints_around(keypoints, size, radius)
    centre = ops.trunc(ops.cast(points, "float32"))[:, None]
    rows = ops.square(ops.arange(height, dtype="float32")[:, None] - centre[..., 0])
    columns = ops.square(ops.arange(width, dtype="float32")[:, None] - centre[..., 1])

    # What the row leaves of the squared radius bounds the squared distance of the columns. All are whole numbers:
    # with the half, the difference is never 0.
    bound = ops.where(visible[:, None], radius**2 + 0.5 - rows, -1.0)
    return ops.sign(bound[:, :, None] - columns[:, None])


def disc_indices(keypoints, size, radius=4):
    """The discs of one person as the authors' records list them. Numpy, on the host.

    Args:
        keypoints: (18, 3) y, x, visible; fractions of a pixel are cut off.
        size: (height, width) in pixels.
        radius: of the discs, in pixels.

    Returns:
        (n,) int64: (row * width + column) * 18 + joint, joint after joint, each disc row by row.
    """
    height, width = size
    keypoints = np.asarray(keypoints)
    offsets = np.mgrid[-radius : radius + 1, -radius : radius + 1].reshape(2, -1).T
    offsets = offsets[(offsets**2).sum(axis=1) <= radius**2]

    joints = np.flatnonzero(keypoints[:, 2] > 0)
    pixels = np.trunc(keypoints[joints, None, :2]).astype(np.int64) + offsets
    inside = ((pixels >= 0) & (pixels < (height, width))).all(axis=-1)
    return ((pixels[..., 0] * width + pixels[..., 1]) * len(keypoints) + joints[:, None])[inside]
