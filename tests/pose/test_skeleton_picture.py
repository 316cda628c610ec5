"""Coloured skeletons against ellipses filled pixel by pixel."""

import numpy as np
import pytest
from keras import ops

from pgig.pose.joints import COLOURS, DRAW_LIMBS
from pgig.pose.skeleton_picture import skeleton_picture

SIZE = (128, 64)


@pytest.fixture
def draw(compiled):
    """`skeleton_picture`, compiled, from numpy to bytes."""

    def picture(poses, size=SIZE):
        pictures = ops.convert_to_numpy(compiled(lambda keypoints: skeleton_picture(keypoints, size), 1)(poses))
        assert pictures.shape == (len(poses), *size, 3) and pictures.dtype == np.float32
        assert np.abs(pictures).max() <= 1
        return np.rint((pictures + 1) * 127.5).astype(np.uint8)

    return picture


def plain_picture(pose):
    """The picture, and which pixels are so near to an outline that rounding decides."""
    grid = np.stack(np.mgrid[: SIZE[0], : SIZE[1]], axis=-1)
    picture, doubtful = np.zeros((*SIZE, 3), np.uint8), np.zeros(SIZE, bool)
    shapes = [
        ((pose[a, :2] + pose[b, :2]) / 2, (pose[b, :2] - pose[a, :2]) / 2, pose[a, 2] * pose[b, 2], colour)
        for (a, b), colour in zip(DRAW_LIMBS[:17], COLOURS[:17], strict=True)
    ] + [(joint[:2], np.array([2.0, 0.0]), joint[2], colour) for joint, colour in zip(pose, COLOURS, strict=True)]
    for centre, tip, drawn, colour in shapes:
        length = np.hypot(*tip)
        if drawn and length:
            along = (grid - centre) @ tip / length
            across = (grid - centre) @ np.array([-tip[1], tip[0]]) / length
            level = (along / length) ** 2 + (across / 2) ** 2
            picture[level <= 1] = colour
            doubtful |= np.abs(level - 1) < 0.01
    return picture, doubtful


def test_limbs_are_ellipses_and_joints_discs(strangers, crowd, draw):
    poses = np.concatenate([strangers[[0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11]], crowd])
    for pose, picture in zip(poses, draw(poses), strict=True):
        expected, doubtful = plain_picture(pose)
        np.testing.assert_array_equal(picture[~doubtful], expected[~doubtful])
        assert doubtful.mean() < 0.02


def test_joints_have_their_colours_and_lie_on_the_limbs(standing, draw):
    (picture,) = draw(standing[None])
    for joint in (3, 4, 6, 7, 9, 10, 12, 13):
        y, x = standing[joint, :2].astype(int)
        assert picture[y, x].tolist() == list(COLOURS[joint])


def test_thickness_grows_with_the_picture(standing, draw):
    standing[np.arange(18) != 4, 2] = 0
    for factor, pixels in ((1, 13), (2, 49)):
        (picture,) = draw(standing[None] * (factor, factor, 1), (128 * factor, 64 * factor))
        assert (picture == COLOURS[4]).all(axis=-1).sum() == pixels == picture.any(axis=-1).sum()


def test_nobody_is_black_and_joints_far_outside_count_as_missing(standing, draw):
    poses = np.tile(standing, (5, 1, 1))
    poses[0, :, 2] = 0
    poses[1, 4, :2], poses[2, 4, :2], poses[3, 4, :2] = (-3, 9), (9, 1e30), (9, np.nan)
    poses[4, 4, 2] = 0
    pictures = draw(poses)
    assert not pictures[0].any() and pictures[4].any()
    np.testing.assert_array_equal(pictures[1:], np.repeat(pictures[4:], 4, axis=0))
