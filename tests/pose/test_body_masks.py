"""Both masks of the body against the original rules, point by point and pixel by pixel."""

import math

import numpy as np
import pytest
from keras import ops
from scipy.ndimage import maximum_filter, minimum_filter

from pgig.pose.body_masks import capsule_mask, disc_mask
from pgig.pose.geometry import geometry_dtype
from pgig.pose.joints import BODY_LIMBS, DRAW_LIMBS

SIZE = (128, 64)


def visible_limbs(pose, limbs, radius):
    """Start, end and number of parts of each limb."""
    for first, second in limbs:
        if pose[first, 2] and pose[second, 2]:
            start, end = pose[first, :2], pose[second, :2]
            yield start, end, int(math.dist(start, end) / radius)


def closed(mask, window):
    mask = maximum_filter(mask.astype(np.uint8), window, mode="constant", cval=0)
    return minimum_filter(mask, window, mode="constant", cval=1)


def plain_disc_mask(pose, radius):
    rows, columns = np.ogrid[: SIZE[0], : SIZE[1]]
    mask = np.zeros(SIZE, bool)
    for start, end, parts in visible_limbs(pose, BODY_LIMBS, radius):
        for y, x in (start, end, *(start + (end - start) * i / parts for i in range(1, parts))):
            mask |= np.sqrt((rows - int(y)) ** 2 + (columns - int(x)) ** 2) <= radius
    return closed(mask, 5)


def plain_capsule_mask(pose):
    rows, columns = np.ogrid[: SIZE[0], : SIZE[1]]
    mask = np.zeros(SIZE, bool)
    points = [joint[:2] for joint in pose if joint[2]]
    for start, end, parts in visible_limbs(pose, DRAW_LIMBS, 6):
        points += [start + i / parts * (end - start) for i in range(1, parts)]
    for y, x in points:
        mask |= ((rows - y) / 6) ** 2 + ((columns - x) / 6) ** 2 < 1
    return closed(mask, 9)


@pytest.mark.parametrize("radius", [4, 7])
@pytest.mark.parametrize("fraction", [0, 0.75])
def test_discs_at_whole_pixels(strangers, crowd, compiled, radius, fraction):
    poses = np.concatenate([strangers, crowd])
    poses[..., :2] += fraction * poses[..., 2:]
    masks = ops.convert_to_numpy(compiled(lambda keypoints: disc_mask(keypoints, SIZE, radius), 1)(poses))
    assert masks.shape == (24, *SIZE, 1) and masks.dtype == np.float32
    expected = np.stack([plain_disc_mask(pose, radius) for pose in poses])
    np.testing.assert_array_equal(masks[..., 0], expected)


def test_open_discs_wherever_they_fall(strangers, crowd, compiled):
    poses = np.concatenate([strangers, crowd])
    masks = ops.convert_to_numpy(compiled(lambda keypoints: capsule_mask(keypoints, SIZE), 1)(poses))
    assert masks.shape == (24, *SIZE, 1) and masks.dtype == np.float32
    expected = np.stack([plain_capsule_mask(pose) for pose in poses])
    assert np.count_nonzero(masks[..., 0] != expected) <= {"float64": 0, "float32": 12}[geometry_dtype()]


def test_a_joint_alone_shows_in_one_mask_only(standing):
    standing[np.arange(18) != 4, 2] = 0
    assert not ops.convert_to_numpy(disc_mask(standing[None], SIZE)).any()
    mask = ops.convert_to_numpy(capsule_mask(standing[None], SIZE))[0, ..., 0]
    assert mask[56, 57] and mask.sum() < 150


@pytest.mark.parametrize("mask", [disc_mask, capsule_mask])
def test_joints_far_outside_and_absurd_ones_count_as_missing(standing, compiled, mask):
    poses = np.tile(standing, (5, 1, 1))
    for pose, place in zip(poses, [(-9, 9), (9, -1e30), (9, 72), (np.nan, 9)], strict=False):
        pose[4, :2] = place
    poses[4, 4, 2] = 0
    masks = ops.convert_to_numpy(compiled(lambda keypoints: mask(keypoints, SIZE), 1)(poses))
    np.testing.assert_array_equal(masks, np.repeat(masks[4:], 5, axis=0))
    assert masks.any()
