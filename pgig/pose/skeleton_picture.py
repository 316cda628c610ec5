"""The coloured skeleton of OpenPose on black, as PN-GAN is shown its target poses.

The pictures that Qian et al. used ("Pose-Normalized Image Generation for Person Re-identification", 2018) are not
published, nor is what drew them. Fixed here: 17 limbs as filled ellipses with the joints at their tips, and over
them 18 discs; all reach 1/64 of the picture's height to either side, 4 pixels of 256. Limb and joint number k have
colour k of `joints.COLOURS`. What comes later covers what came before, without blending: a pixel has one of 19
colours.
"""

import numpy as np
from keras import ops

from pgig.pose.geometry import joints_around
from pgig.pose.joints import COLOURS, DRAW_LIMBS
from pgig.pose.runs import paint_runs

_STARTS, _ENDS = (list(ends) for ends in zip(*DRAW_LIMBS[:17], strict=True))

# Row 0 is the ground.
_PALETTE = (np.array([(0, 0, 0), *COLOURS]) / 127.5 - 1).astype("float32")


def skeleton_picture(keypoints, size):
    """Draw coloured skeletons.

    Args:
        keypoints: (B, 18, 3) y, x, visible. A joint whose disc would not touch the picture counts as missing.
        size: (height, width) in pixels.

    Returns:
        (B, H, W, 3) float32 RGB in [-1, 1]; (picture + 1) * 127.5, rounded, gives the bytes. Black where nothing
        is drawn; a limb needs both of its ends.
    """
    half_width = size[0] / 64
    points, visible = joints_around(keypoints, size, half_width)
    points = ops.cast(points, "float32")

    start, end = ops.take(points, _STARTS, axis=1), ops.take(points, _ENDS, axis=1)
    both = ops.logical_and(ops.take(visible, _STARTS, axis=1), ops.take(visible, _ENDS, axis=1))
    limbs = _topmost((start + end) / 2, (end - start) / 2, both, half_width, size)

    # A disc is an ellipse as long as it is wide.
    upright = ops.ones_like(points) * ops.convert_to_tensor((half_width, 0.0), dtype="float32")
    joints = _topmost(points, upright, visible, half_width, size)
    return ops.take(_PALETTE, ops.where(joints > 0, joints, limbs), axis=0)


def _topmost(centre, reach, drawn, half_width, size):
    """Which of n <= 24 filled ellipses is seen at each pixel, when later ones cover earlier ones.

    Args:
        centre: (B, n, 2) y, x.
        reach: (B, n, 2) y, x from the centre to a tip.
        drawn: (B, n) bool.
        half_width: reach at a right angle to it.

    Returns:
        (B, H, W) int32: 1 for the first ellipse up to n for the last, 0 for none.
    """
    centre, reach = centre[:, :, None], reach[:, :, None]
    rows = ops.arange(size[0], dtype="float32")
    y, x = centre[..., 0], centre[..., 1]

    # In units of the half length and the half width, an ellipse is the points of a circle of radius 1. With
    # (cosine, sine) the direction of the tip, the row at distance d from the centre meets it where
    # a x^2 - 2 b d x + c d^2 = 1, of which a c - b^2 = 1 / (length * width)^2.
    length = ops.sqrt(ops.sum(ops.square(reach), axis=-1))
    drawn = ops.logical_and(drawn, length[..., 0] > 0)
    length = ops.where(length > 0, length, 1.0)
    cosine, sine = reach[..., 0] / length, reach[..., 1] / length
    a = ops.square(sine / length) + ops.square(cosine / half_width)
    b = sine * cosine * (half_width**-2 - 1 / ops.square(length))
    down = rows - y
    chord = a - ops.square(down / (length * half_width))
    middle, half = x + b * down / a, ops.sqrt(ops.maximum(chord, 0.0)) / a

    # One binary digit per ellipse: the highest one of a pixel is the ellipse on top. The slack settles pixels on
    # an outline alike on every machine.
    first, last = ops.ceil(middle - half - 1e-3), ops.floor(middle + half + 1e-3)
    digits = 2.0 ** np.arange(drawn.shape[1], dtype="float32")
    values = ops.where(ops.logical_and(drawn[..., None], chord >= -1e-3 * a), digits[:, None], 0.0)
    covered = paint_runs(ops.broadcast_to(rows, ops.shape(first)), first, last, values, size)
    return ops.digitize(covered, digits)
