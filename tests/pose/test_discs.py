"""Disc maps against loops over the pixels of the discs."""

import numpy as np
import pytest
from keras import ops

from pgig.pose.discs import disc_indices, disc_maps

SIZE = (128, 64)


def plain_indices(pose, radius):
    """The list as the authors' converter makes it."""
    indices = []
    for joint, (y, x, visible) in enumerate(pose):
        for i in range(-radius, radius + 1):
            for j in range(-radius, radius + 1):
                row, column = int(y) + i, int(x) + j
                inside = 0 <= row < SIZE[0] and 0 <= column < SIZE[1]
                if visible and inside and np.sqrt(i * i + j * j) <= radius:
                    indices.append((row * SIZE[1] + column) * 18 + joint)
    return indices


@pytest.mark.parametrize("radius", [4, 7])
@pytest.mark.parametrize("fraction", [0, 0.75])
def test_discs_are_those_of_the_authors(strangers, crowd, compiled, radius, fraction):
    poses = np.concatenate([strangers, crowd])
    poses[..., :2] += fraction * poses[..., 2:]
    maps = ops.convert_to_numpy(compiled(lambda keypoints: disc_maps(keypoints, SIZE, radius), 1)(poses))
    assert maps.shape == (24, *SIZE, 18) and maps.dtype == np.float32
    for pose, drawn in zip(poses, maps, strict=True):
        expected = plain_indices(pose, radius)
        assert disc_indices(pose, SIZE, radius).tolist() == expected
        dense = np.full(drawn.size, -1)
        dense[expected] = 1
        np.testing.assert_array_equal(drawn.ravel(), dense)


def test_joints_far_outside_and_absurd_ones_count_as_missing(standing, compiled):
    poses = np.tile(standing, (6, 1, 1))
    for pose, place in zip(poses, [(-5, 9), (132, 9), (9, -1e30), (9, 69), (np.nan, 9)], strict=False):
        pose[4, :2] = place
    poses[5, 4, 2] = 0
    maps = ops.convert_to_numpy(compiled(lambda keypoints: disc_maps(keypoints, SIZE), 1)(poses))
    np.testing.assert_array_equal(maps, np.repeat(maps[5:], 6, axis=0))
    assert maps[..., 3].max() == 1 and maps[..., 4].max() == -1
