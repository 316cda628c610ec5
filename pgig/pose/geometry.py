"""What masks, boxes, transforms and stick figures share: points in the best precision there is, extents, normals.

Only some of `keras.ops` keep float64 on every back end: `where`, `sum`, `sqrt`, `clip`, `trunc` and plain
arithmetic do, but `maximum`, `ceil`, `cos` or `arctan2` fall back to float32 on some. The geometry is written
with the former alone.
"""

import numpy as np
from keras import backend, ops

from pgig.pose.joints import INDEX


def geometry_dtype():
    """The widest float type the back end gives: "float64", or "float32" on JAX without x64."""
    return backend.standardize_dtype(ops.convert_to_tensor(np.zeros((), "float64")).dtype)


def split_keypoints(keypoints):
    """Separate coordinates and visibility.

    Args:
        keypoints: (B, 18, 3) y, x, visible.

    Returns:
        points (B, 18, 2) y, x in `geometry_dtype()` and visible (B, 18) bool. Missing joints are put at the
        origin, so that nothing computed from them can overflow.
    """
    keypoints = ops.convert_to_tensor(keypoints)
    visible = keypoints[..., 2] > 0
    points = ops.cast(keypoints[..., :2], geometry_dtype())
    return ops.where(visible[..., None], points, ops.zeros_like(points)), visible


def joints_around(keypoints, size, reach):
    """As `split_keypoints`; joints more than `reach` pixels outside a picture of `size` count as missing."""
    points, visible = split_keypoints(keypoints)
    for axis in (0, 1):
        near = ops.logical_and(points[..., axis] >= -reach, points[..., axis] <= size[axis] - 1 + reach)
        visible = ops.logical_and(visible, near)
    return ops.where(visible[..., None], points, ops.zeros_like(points)), visible


def extents(points, visible, parts):
    """The smallest rectangles around the visible joints of parts of the body.

    Args:
        points: (B, 18, 2) y, x.
        visible: (B, 18) bool.
        parts: P tuples of indices of joints.

    Returns:
        low and high (B, P, 2) y, x, infinite (low above high) for a part without a visible joint; how many of the
        joints of each part are visible, (B, P) int32.
    """
    members = np.zeros((len(parts), len(INDEX)), bool)
    for part, joints in enumerate(parts):
        members[part, list(joints)] = True
    present = ops.logical_and(visible[:, None], members)
    taken, points = present[..., None], points[:, None]
    low = ops.min(ops.where(taken, points, ops.full_like(points, np.inf)), axis=2)
    high = ops.max(ops.where(taken, points, ops.full_like(points, -np.inf)), axis=2)
    return low, high, ops.sum(ops.cast(present, "int32"), axis=-1)


def torso_scale(points, visible):
    """Quadratic mean of the two distances from hip to shoulder: how large the body appears.

    Args:
        points: (B, 18, 2) y, x.
        visible: (B, 18) bool.

    Returns:
        (B,) pixels. A side with a missing end is left out; 0 when both are.
    """
    squares, sides = 0.0, 0.0
    for side in "RL":
        hip, shoulder = INDEX[side + "hip"], INDEX[side + "sho"]
        present = ops.cast(ops.logical_and(visible[:, hip], visible[:, shoulder]), points.dtype)
        squares += present * ops.sum(ops.square(points[:, hip] - points[:, shoulder]), axis=-1)
        sides += present
    return ops.sqrt(squares / ops.where(sides > 0, sides, ops.ones_like(sides)))


def unit_normal(start, end):
    """Unit vector at a right angle to `start - end`.

    Args:
        start, end: (..., 2) y, x.

    Returns:
        (..., 2) y, x; zero where the two points are equal.
    """
    dy, dx = start[..., 0] - end[..., 0], start[..., 1] - end[..., 1]
    normal = ops.stack([dx, -dy], axis=-1)
    length = ops.sqrt(ops.sum(ops.square(normal), axis=-1, keepdims=True))
    return normal / ops.where(length > 0, length, ops.ones_like(length))


def strip(start, end, offset):
    """Corners of the strip around the line from `start` to `end`.

    Args:
        start, end, offset: (..., 2) y, x; half the strip's width, as a vector.

    Returns:
        (..., 4, 2) y, x, once around.
    """
    return ops.stack([start + offset, start - offset, end - offset, end + offset], axis=-2)
