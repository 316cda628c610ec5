"""The stick figure: a pose as three channels, right side, left side and body (Siarohin's `stickman`)."""

from keras import ops

from pgig.pose.geometry import split_keypoints, strip, unit_normal
from pgig.pose.joints import TORSO, indices
from pgig.pose.raster import fill_polygons

_CHAINS = ("Rank Rkne Rhip Rsho Relb Rwri", "Lank Lkne Lhip Lsho Lelb Lwri")
_NECK = 18  # middle of the shoulders, appended to the joints


def _lines():
    """Start and end joints of the thirteen lines: five right, five left, nose, right eye, left eye."""
    lines = [pair for chain in map(indices, _CHAINS) for pair in zip(chain, chain[1:], strict=False)]
    nose, right_eye, left_eye = indices("nose Reye Leye")
    return [*lines, (_NECK, nose), (nose, right_eye), (nose, left_eye)]


_STARTS, _ENDS = (list(ends) for ends in zip(*_lines(), strict=True))


def stick_figure(keypoints, size):
    """Draw stick figures.

    Args:
        keypoints: (B, 18, 3) y, x, visible.
        size: (height, width) in pixels.

    Returns:
        (B, H, W, 3) float32: right side, left side, torso. Limbs and torso are 1, the lines of the head 0.5.
        Empty for a pose that is not valid (`check.is_valid`).
    """
    points, visible = split_keypoints(keypoints)
    valid = ops.all(ops.take(visible, TORSO, axis=1), axis=1)
    shoulders = ops.take(points, indices("Rsho Lsho"), axis=1)
    points = ops.concatenate([points, ops.mean(shoulders, axis=1, keepdims=True)], axis=1)
    visible = ops.logical_and(ops.concatenate([visible, valid[:, None]], axis=1), valid[:, None])

    # Thirteen thick lines and the torso are fourteen polygons of four corners.
    start, end = ops.take(points, _STARTS, axis=1), ops.take(points, _ENDS, axis=1)
    lines = strip(start, end, float(3 * size[1] // 128) * unit_normal(start, end))
    torso = ops.take(points, indices("Lhip Lsho Rsho Rhip"), axis=1)[:, None]
    present = ops.logical_and(ops.take(visible, _STARTS, axis=1), ops.take(visible, _ENDS, axis=1))

    # The eyes are drawn together or not at all.
    eyes = ops.all(present[:, 11:], axis=1, keepdims=True)
    present = ops.concatenate([present[:, :11], eyes, eyes, valid[:, None]], axis=1)
    filled = fill_polygons(ops.concatenate([lines, torso], axis=1), size, scan="rows")
    filled = ops.logical_and(filled, present[..., None, None])

    # The lines of the head are drawn over the limbs.
    right, left = ops.any(filled[:, :5], axis=1), ops.any(filled[:, 5:10], axis=1)
    neck, right_eye, left_eye, torso = (filled[:, line] for line in (10, 11, 12, 13))
    channels = [
        ops.where(ops.logical_or(neck, right_eye), 0.5, ops.cast(right, "float32")),
        ops.where(ops.logical_or(neck, left_eye), 0.5, ops.cast(left, "float32")),
        ops.cast(torso, "float32"),
    ]
    return ops.stack(channels, axis=-1)
