"""Annotations whose joints are moved: --x_offset and --y_offset."""

from dataclasses import replace

import numpy as np
import pytest

from pgig.config import Shared
from pgig.data.check import check
from pgig.data.dataset import open_images
from pgig.data.folders import list_dataset
from pgig.data.paths import data_paths
from pgig.data.records import is_current
from pgig.errors import DataError, OptionsError
from pgig.pose.files import read_annotations, write_annotations
from tests.data.conftest import SIZE


@pytest.fixture
def narrow(paths):
    """The small data set with joints in the left half of the pictures; the first of each pose is missing."""
    for origin in (paths.annotations_file_train, paths.annotations_file_test):
        table = read_annotations(origin)
        poses = table.keypoints.copy()
        poses[..., 1] //= 2
        poses[..., 0] //= 2
        poses[:, 0] = (-1, -1, 0)
        write_annotations(origin, table.names, poses)
    return paths


def test_visible_joints_move_and_missing_ones_stay_missing(narrow):
    before = list_dataset(narrow).keypoints
    moved = replace(narrow, x_offset=SIZE[1] // 2, y_offset=1)
    after = list_dataset(moved).keypoints
    np.testing.assert_array_equal(after[:, 1:] - before[:, 1:], np.broadcast_to([1, SIZE[1] // 2, 0], (12, 17, 3)))
    np.testing.assert_array_equal(after[:, 0], np.broadcast_to([-1, -1, 0], (12, 3)))
    assert not any(finding.stops for finding in check(moved, progress=False))


def test_a_joint_that_is_moved_onto_minus_one_is_not_missing(narrow):
    moved = replace(narrow, x_offset=-1 - int(list_dataset(narrow).keypoints[0, 1, 1]))
    assert list_dataset(moved).keypoints[0, 1].tolist()[1:] == [-1, 1]
    with pytest.raises(DataError, match="outside the picture"):
        open_images(moved, progress=False)
    assert any(finding.stops and "outside the picture" in finding.text for finding in check(moved, progress=False))


def test_records_are_made_anew_for_another_offset(narrow):
    moved = replace(narrow, x_offset=2)
    open_images(narrow, progress=False)
    assert is_current(narrow.records_dir, list_dataset(narrow))
    assert not is_current(narrow.records_dir, list_dataset(moved))
    assert not is_current(narrow.records_dir, list_dataset(replace(narrow, y_offset=2)))
    images = open_images(moved, progress=False)
    stored = np.reshape(images.source.example(0)["image/keypoints"], (18, 2))
    np.testing.assert_array_equal(stored, images.keypoints[0, :, :2])


def test_offsets_come_from_the_command_line():
    paths = data_paths(Shared(dataset="fasion", x_offset=40))
    assert (paths.x_offset, paths.y_offset) == (40, 0)
    with pytest.raises(OptionsError, match="--y_offset"):
        data_paths(Shared(y_offset=10**9))
