"""The body as a mask: discs on joints and along limbs, with the gaps between them closed.

Two rules are in use. The authors of PG2 trained with discs at whole pixels
(`charliememory/Pose-Guided-Person-Image-Generation`); `budui/Human-Pose-Transfer` with open discs wherever they
fall. (The mask of the masked scores is a third: `pgig.metrics.masks`.)

A limb holds as many gaps between discs as radii fit into it. A joint whose disc would not touch the picture counts
as missing, which bounds the length of a limb, and so the number of its discs.
"""

import math

import numpy as np
from keras import backend, ops

from pgig.pose.geometry import joints_around
from pgig.pose.joints import BODY_LIMBS, DRAW_LIMBS, NAMES
from pgig.pose.runs import paint_runs

_CAPSULE_RADIUS = 6


def disc_mask(keypoints, size, radius=4):
    """Mask as the authors of PG2 made it (`_getPoseMask`): the limbs of `joints.BODY_LIMBS`.

    Args:
        keypoints: (B, 18, 3) y, x, visible; fractions of a pixel are cut off the centres of discs.
        size: (height, width) in pixels.
        radius: of the discs, in whole pixels; pixels at this very distance belong to a disc.

    Returns:
        (B, H, W, 1) float32 of zeros and ones. A joint without a limb whose other end is visible leaves no trace.
    """
    between, drawn, joints, _, paired = _limb_points(keypoints, size, radius, BODY_LIMBS)
    centres = ops.concatenate([between, joints], axis=1)

    # Centres are cut to whole pixels; the nudge, a few units of rounding, keeps whole numbers from falling short.
    nudge = 2**13 * float(np.finfo(backend.standardize_dtype(centres.dtype)).eps)
    centres = ops.trunc(centres + nudge * ops.sign(centres))
    mask = _paint_discs(
        centres,
        ops.concatenate([drawn, paired], axis=1),
        size,
        radius,
        lambda y, x: ops.square(y) + ops.square(x) <= radius**2,
    )
    return _close(mask, 5)


def capsule_mask(keypoints, size):
    """Mask as `budui/Human-Pose-Transfer` made it (`generate_pose_map_add_mask.py`): the limbs of
    `joints.DRAW_LIMBS` and all joints, six pixels around.

    Args:
        keypoints: (B, 18, 3) y, x, visible.
        size: (height, width) in pixels.

    Returns:
        (B, H, W, 1) float32 of zeros and ones. Pixels at a distance of exactly six pixels fall as double precision
        rounds them, as in the original; in single precision (JAX), or compiled by XLA, some of those may differ.
    """
    between, drawn, joints, visible, _ = _limb_points(keypoints, size, _CAPSULE_RADIUS, DRAW_LIMBS)
    mask = _paint_discs(
        ops.concatenate([between, joints], axis=1),
        ops.concatenate([drawn, visible], axis=1),
        size,
        _CAPSULE_RADIUS,
        lambda y, x: ops.square(y / _CAPSULE_RADIUS) + ops.square(x / _CAPSULE_RADIUS) < 1,
    )
    return _close(mask, _CAPSULE_RADIUS + 3)


def _limb_points(keypoints, size, radius, limbs):
    """Points along limbs that cut them into parts of at least `radius`.

    Returns:
        between (B, limbs * n, 2) y, x and which of them exist (B, limbs * n) bool; the joints (B, 18, 2), which of
        them are visible (B, 18), and which are an end of a limb that is visible (B, 18).
    """
    points, visible = joints_around(keypoints, size, radius)
    starts, ends = (list(side) for side in zip(*limbs, strict=True))
    present = ops.logical_and(ops.take(visible, starts, axis=1), ops.take(visible, ends, axis=1))
    incidence = np.zeros((len(limbs), len(NAMES)), "float32")
    for limb, pair in enumerate(limbs):
        incidence[limb, list(pair)] = 1
    paired = ops.matmul(ops.cast(present, "float32"), incidence) > 0

    # Parts are counted in squares, where whole pixels leave nothing to rounding.
    most = int(math.hypot(size[0] - 1 + 2 * radius, size[1] - 1 + 2 * radius) / radius)
    start = ops.take(points, starts, axis=1)[:, :, None]
    along = ops.take(points, ends, axis=1)[:, :, None] - start
    bounds = np.square(radius * np.arange(1.0, most + 1))
    fits = ops.sum(ops.square(along), axis=-1) >= ops.convert_to_tensor(bounds, dtype=along.dtype)
    parts = ops.sum(ops.cast(fits, along.dtype), axis=-1, keepdims=True)

    # Point i of n parts exists when part i + 1 does.
    share = ops.arange(1, most, dtype=along.dtype) / ops.where(parts > 0, parts, ops.ones_like(parts))
    between = start + share[..., None] * along
    drawn = ops.logical_and(fits[..., 1:], present[..., None])
    count = len(limbs) * (most - 1)
    return ops.reshape(between, (-1, count, 2)), ops.reshape(drawn, (-1, count)), points, visible, paired


def _paint_discs(centres, drawn, size, radius, inside):
    """Fill discs.

    Args:
        centres: (B, N, 2) y, x.
        drawn: (B, N) bool.
        inside: function of the distances from the centre, y and x: whether a pixel belongs to the disc.

    Returns:
        (B, H, W) bool.
    """
    y, x = centres[..., :1], centres[..., 1:]
    rows = ops.floor(y) + ops.arange(-radius, radius + 1, dtype=centres.dtype)

    # The run of a row reaches half a chord to both sides. Rounding is settled at its outermost pixels by asking
    # whether they are inside.
    down = rows - y
    half = ops.sqrt(ops.clip(radius**2 - ops.square(down), 0, radius**2)) + 1e-3
    first, last = ops.ceil(x - half), ops.floor(x + half)
    first = ops.where(inside(down, first - x), first, first + 1)
    last = ops.where(inside(down, last - x), last, last - 1)
    return paint_runs(rows, first, last, ops.broadcast_to(drawn[..., None], ops.shape(rows)), size) > 0


def _close(mask, window):
    """Closing of (B, H, W) bool with a square; pixels outside the picture are ignored. (B, H, W, 1) float32."""
    mask = _grow(ops.cast(mask, "float32"), window)
    mask = _grow(1.0 - mask, window)
    return 1.0 - mask[..., None]


def _grow(mask, window):
    """Dilation of (B, H, W) with a square. The axis not at work takes the part of the channels, which is fast."""
    for _ in range(2):
        mask = ops.transpose(ops.max_pool(mask, window, strides=1, padding="same"), (0, 2, 1))
    return mask
