import numpy as np
import pytest

from benchmarks.pose_agreement import agreement, evenly
from pgig.pose.files import AnnotationTable


def test_joints_are_counted():
    truth, found = np.zeros((2, 18, 3)), np.zeros((2, 18, 3))
    # Of five joints of the table, three are found, at 3 and 4 pixels, and at 7 of 100: two of them near enough.
    truth[0, :4] = 50, 50, 1
    truth[1, 0] = 50, 50, 1
    found[0, :3] = (53, 50, 0.9), (50, 54, 0.5), (50, 57, 0.5)
    found[0, 3] = 50, 50, 0.3
    found[1, 5] = 10, 10, 0.8
    row = agreement(truth, found, [100, 100], 0.3)
    assert row == {"joints": 5, "found": 3 / 5, "within": 2 / 5, "median": 4, "known": 3 / 4}
    assert agreement(truth, found, [100, 100], 0.2)["within"] == 3 / 5


def test_without_joints_nothing_is_said():
    row = agreement(np.zeros((1, 18, 3)), np.zeros((1, 18, 3)), [100], 0.3)
    assert row["joints"] == 0 and all(np.isnan(row[name]) for name in ("found", "within", "median", "known"))


@pytest.mark.parametrize("limit, rows", [(1, [1]), (2, [1, 9]), (3, [1, 5, 9]), (99, [1, 3, 5, 7, 9])])
def test_pictures_are_taken_evenly(limit, rows):
    keypoints = np.zeros((10, 18, 3))
    keypoints[1::2, 4, 2] = 1
    table = AnnotationTable([f"{number}.jpg" for number in range(10)], keypoints)
    assert evenly(table, limit).tolist() == rows
