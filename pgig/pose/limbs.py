"""The ten body regions of the deformable skip connections: where each is, and where its pixels come from.

Siarohin et al., Deformable GANs for Pose-based Human Image Generation (2018). Regions, in order: the whole
body, the head, then the eight limbs of `joints.MASK_LIMBS`. Poses should be valid (`check.is_valid`); others
give finite results too, only with less to go by.
"""

import numpy as np
from keras import ops

from pgig.pose.affine import fit_affine
from pgig.pose.geometry import split_keypoints, strip, torso_scale, unit_normal
from pgig.pose.joints import HEAD, MASK_LIMBS, TORSO, indices
from pgig.pose.raster import fill_polygons

_STARTS, _ENDS = (list(ends) for ends in zip(*MASK_LIMBS, strict=True))
_OTHER_SIDE = [limb ^ 1 for limb in range(len(MASK_LIMBS))]

# Shins and forearms reach further, to hold feet and hands: in the masks more than in the transforms.
_OUTER = np.isin(_STARTS, indices("Rkne Lkne Relb Lelb"))[:, None]
_MASK_REACH = np.where(_OUTER, 0.5, 0.1)
_TRANSFORM_REACH = np.where(_OUTER, 0.3, 0.1)


def limb_masks(target_keypoints, size):
    """Regions of the target pose.

    Args:
        target_keypoints: (B, 18, 3) y, x, visible.
        size: (height, width) in pixels.

    Returns:
        (B, 10, H, W) float32 of zeros and ones. The body's region is the whole picture; a limb with a missing
        end, or a head without any joint, is empty.
    """
    points, visible = split_keypoints(target_keypoints)
    corners, present = _limb_corners(points, visible, _MASK_REACH)
    limbs = ops.logical_and(fill_polygons(corners, size, scan="columns"), present[..., None, None])
    head = _head_square(points, visible, size)[:, None]
    return ops.cast(ops.concatenate([ops.ones_like(head), head, limbs], axis=1), "float32")


def limb_transforms(source_keypoints, target_keypoints, dtype="float32", fit="total"):
    """For each region, the affine map from target pixels to source pixels.

    Args:
        source_keypoints, target_keypoints: (B, 18, 3) y, x, visible.
        dtype: type of the result.
        fit: "total" (as the original) or "ordinary" least squares.

    Returns:
        (B, 10, 8) rows (a0, a1, a2, b0, b1, b2, 0, 0) as in `fit_affine`. A limb missing in the source is
        taken from the body's other side; where nothing can be taken the row is `affine.NO_POINT`.
    """
    source, target = split_keypoints(source_keypoints), split_keypoints(target_keypoints)

    # Body and head are fitted to joints. The head hangs on the shoulders: without a joint of its own, two
    # points remain, which fix no map.
    joints = _matches(*source, *target)
    body = ops.take(joints, TORSO, axis=1)
    head = ops.take(joints, HEAD + indices("Rsho Lsho"), axis=1)

    # Limbs are fitted to the corners of their regions.
    corners, present = _limb_corners(*source, _TRANSFORM_REACH)
    corners = ops.where(present[..., None, None], corners, ops.take(corners, _OTHER_SIDE, axis=1))
    present = ops.logical_or(present, ops.take(present, _OTHER_SIDE, axis=1))
    target_corners, target_present = _limb_corners(*target, _TRANSFORM_REACH)
    limbs = _matches(corners, present[..., None], target_corners, target_present[..., None])

    # Filled up with points of weight 0, all regions are one fit.
    fours = ops.concatenate([body[:, None], limbs], axis=1)
    sevens = ops.pad(fours, [[0, 0], [0, 0], [0, head.shape[1] - fours.shape[2]], [0, 0]])
    return _fit(ops.concatenate([sevens[:, :1], head[:, None], sevens[:, 1:]], axis=1), dtype, fit)


def body_transform(source_keypoints, target_keypoints, dtype="float32", fit="total"):
    """One affine map for the whole picture, from shoulders, hips and the knees present in both poses.

    Args:
        source_keypoints, target_keypoints: (B, 18, 3) y, x, visible.
        dtype: type of the result.
        fit: "total" (as the original) or "ordinary" least squares.

    Returns:
        (B, 1, 8) rows as in `fit_affine`, from target pixels to source pixels.
    """
    joints = _matches(*split_keypoints(source_keypoints), *split_keypoints(target_keypoints))
    return _fit(ops.take(joints, TORSO + indices("Rkne Lkne"), axis=1)[:, None], dtype, fit)


def _matches(source, source_present, target, target_present):
    """Source y, x, target y, x and a weight that is 1 where both are present: (..., n, 5)."""
    both = ops.cast(ops.logical_and(source_present, target_present), source.dtype)[..., None]
    return ops.concatenate([source, target, ops.broadcast_to(both, ops.shape(source[..., :1]))], axis=-1)


def _fit(matches, dtype, fit):
    source, target, weights = matches[..., :2], matches[..., 2:4], matches[..., 4]
    return ops.cast(fit_affine(target, source, weights, fit), dtype)


def _limb_corners(points, visible, reach):
    """Rectangles around the limbs: corners (B, 8, 4, 2) y, x, and whether both ends are visible (B, 8)."""
    start, end = ops.take(points, _STARTS, axis=1), ops.take(points, _ENDS, axis=1)
    present = ops.logical_and(ops.take(visible, _STARTS, axis=1), ops.take(visible, _ENDS, axis=1))

    # A little longer than the limb at both ends; the second extension starts from the extended limb.
    start = start + 0.1 * (start - end)
    end = end + ops.convert_to_tensor(reach, dtype=points.dtype) * (end - start)

    # Two joints on one pixel give no direction; the original then uses a figure without area, and so do we.
    offset = 0.2 * torso_scale(points, visible)[:, None, None] * unit_normal(start, end)
    offset = ops.where(ops.all(start == end, axis=-1, keepdims=True), ops.ones_like(offset), offset)
    return strip(start, end, offset), present


def _head_square(points, visible, size):
    """Square around the mean of the head's visible joints: (B, H, W) bool."""
    weights = ops.cast(ops.take(visible, HEAD, axis=1), points.dtype)[..., None]
    count = ops.sum(weights, axis=1)
    centre = ops.sum(ops.take(points, HEAD, axis=1) * weights, axis=1)
    centre = centre / ops.where(count > 0, count, ops.ones_like(count))
    centre, half = ops.trunc(centre), ops.trunc(0.4 * torso_scale(points, visible))[:, None]

    def covers(axis):
        number, middle = ops.arange(size[axis], dtype=points.dtype), centre[:, axis : axis + 1]
        return ops.logical_and(number >= middle - half, number < middle + half)

    rows = ops.logical_and(covers(0), count > 0)
    return ops.logical_and(rows[:, :, None], covers(1)[:, None, :])
