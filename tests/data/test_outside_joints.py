"""Joints outside their picture: refused, kept or missing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pgig.config import Shared
from pgig.data.check import check, require_trainable
from pgig.data.dataset import open_images
from pgig.data.folders import list_dataset
from pgig.data.paths import data_paths
from pgig.data.records import is_current
from pgig.errors import DataError
from pgig.pose.files import read_annotations, write_annotations
from tests.data.conftest import SIZE


@pytest.fixture
def astray(paths):
    """The small data set with the first joint of the first training picture left of it, written as PATN does."""
    table = read_annotations(paths.annotations_file_train)
    table.keypoints[0, 0] = (5, -7, 1)
    write_annotations(paths.annotations_file_train, table.names, table.keypoints)
    text = Path(paths.annotations_file_train).read_text()
    assert "[-7," in text and ": [" in text
    return paths


def row(listing):
    return listing.keypoints[listing.names.index("1_0.png")]


def test_they_are_refused_with_the_remedy(astray):
    for opened in (open_images, require_trainable):
        with pytest.raises(DataError, match=r"joint 0 \(nose\) at row 5, column -7.*1 row is so.*--outside_joints"):
            opened(astray)
    assert [finding.stops for finding in check(astray, progress=False) if "column -7" in finding.text] == [True]


def test_they_may_be_kept(astray):
    kept = replace(astray, outside_joints="keep")
    require_trainable(kept)
    images = open_images(kept, progress=False)
    assert row(images)[0].tolist() == [5, -7, 1]
    findings = [finding for finding in check(kept, progress=False) if "outside" in finding.text]
    assert [finding.text.rpartition(": ")[2] for finding in findings] == [
        f"{count} (--outside_joints keep)." for count in (0, 1)
    ]
    assert not any(finding.stops for finding in findings)


def test_they_may_count_as_missing(astray):
    lost = replace(astray, outside_joints="missing")
    images = open_images(lost, progress=False)
    assert row(images)[0].tolist() == [-1, -1, 0]
    np.testing.assert_array_equal(row(images)[1:], row(list_dataset(astray))[1:])
    texts = [finding.text for finding in check(lost, progress=False)]
    assert any(text.endswith("outside their pictures: 1 (--outside_joints missing).") for text in texts)


def test_none_is_kept_that_no_crop_leaves(astray):
    kept = replace(astray, outside_joints="keep")
    table = read_annotations(kept.annotations_file_train)
    table.keypoints[1, 3] = (2 * SIZE[0], 3, 1)
    write_annotations(kept.annotations_file_train, table.names, table.keypoints)
    with pytest.raises(DataError, match=f"joint 3 .* row {2 * SIZE[0]}, column 3"):
        open_images(kept)
    assert [finding.stops for finding in check(kept, progress=False) if "joint 3" in finding.text] == [True]


def test_records_know_whether_joints_were_left_out(paths):
    open_images(paths, progress=False)
    for choice, current in (("refuse", True), ("keep", True), ("missing", False)):
        assert is_current(paths.records_dir, list_dataset(replace(paths, outside_joints=choice))) == current


def test_the_option_reaches_the_paths():
    assert data_paths(Shared(outside_joints="missing")).outside_joints == "missing"
