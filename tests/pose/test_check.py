"""Which poses can be used, and why not."""

import numpy as np

from pgig.pose.check import describe_problems, is_valid, outside


def test_a_pose_needs_shoulders_and_hips(standing):
    poses = np.tile(standing, (18, 1, 1))
    poses[range(18), range(18), 2] = 0
    assert is_valid(poses).tolist() == [joint not in (2, 5, 8, 11) for joint in range(18)]
    assert is_valid(standing)


def test_joints_outside_the_picture(standing):
    standing[0, :2] = (128, 10)
    standing[1, :2] = (10, -2)
    standing[2] = (-1, -1, 0)
    assert np.flatnonzero(outside(standing, (128, 64))).tolist() == [0, 1]
    assert outside(np.tile(standing, (3, 1, 1)), (129, 64)).sum(-1).tolist() == [1, 1, 1]


def test_problems_in_words(standing):
    assert describe_problems(standing, (128, 64)) == []
    assert describe_problems(np.zeros((18, 3))) == ["no joint was found"]

    standing[[5, 8, 11], 2] = 0
    assert describe_problems(standing)[0].startswith("Rhip, Lhip and Lsho missing")

    standing[[5, 8, 11], 2] = 1
    standing[[0, 14, 15, 16, 17], 2] = 0
    standing[9, :2] = standing[8, :2]
    standing[7, 1] = 64
    place, head, limb = describe_problems(standing, (128, 64))
    assert place == "Lwri at row 57, column 64 is outside the picture (128 x 64 pixels)"
    assert "head" in head and limb.startswith("Rhip and Rkne lie on the same pixel")
