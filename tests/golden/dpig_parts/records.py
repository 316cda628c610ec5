"""The records of DPIG's converters: every feature against what follows from its pose, and written again."""

from pathlib import Path

import numpy as np
import pytest
from keras import ops
from scipy.io import savemat

from pgig.config import Shared
from pgig.data.authors_records import LAYOUTS, PARTS, read_pair_records
from pgig.data.convert import export_records, import_records
from pgig.data.pairs import identity
from pgig.data.paths import data_paths
from pgig.pose.body_masks import disc_mask
from pgig.pose.body_parts import body_boxes
from pgig.pose.discs import disc_indices, disc_maps

# What a pose does not tell: the regions of the inpainting masks, of which some were drawn by chance.
NOT_OURS = "roi10_mask"


@pytest.fixture(scope="module", params=["market", "df"])
def sample(request, golden):
    """Path of a file and its records."""
    path = golden(f"sample_{request.param}.tfrecord.gz", system="dpig")
    records = list(read_pair_records(path))
    assert records and {record.layout for record in records} == {request.param}
    return path, records


def sides(records):
    return [(record, side) for record in records for side in (0, 1)]


def test_features_of_dpig_are_those_of_their_layouts(sample):
    for record in sample[1]:
        assert record.names() == sorted(LAYOUTS[record.layout].features(record.size))
        for name in record.names():
            record.values(name)


def test_pose_features_of_dpig_follow_from_the_keypoints(sample):
    for record, side in sides(sample[1]):
        pose = record.keypoints(side)
        rule = "market" if record.layout == "market" else "deepfashion"
        boxes, visible = map(ops.convert_to_numpy, body_boxes(pose[None], record.size, rule, PARTS))
        np.testing.assert_array_equal(record.boxes(side), boxes[0])
        np.testing.assert_array_equal(record.visible_parts(side), visible[0])
        for radius in LAYOUTS[record.layout].discs:
            maps = ops.convert_to_numpy(disc_maps(pose[None], record.size, radius))[0]
            np.testing.assert_array_equal(record.discs(radius, side), maps > 0)
            listed = record.values(f"indices_r{radius}_{side}")
            np.testing.assert_array_equal(listed, disc_indices(pose, record.size, radius))
        for radius in LAYOUTS[record.layout].masks.values():
            mask = ops.convert_to_numpy(disc_mask(pose[None], record.size, radius))[0, ..., 0]
            np.testing.assert_array_equal(record.mask(radius, side), mask)


def test_records_of_dpig_written_again_are_equal(sample, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path, records = sample
    layout, size = records[0].layout, records[0].size
    places = {"images_dir_train": "train", "annotations_file_train": "joints.csv", "pairs_file_train": "pairs.csv"}
    paths = data_paths(Shared(image_size=",".join(map(str, size)), **places))
    import_records([path], paths, "train", progress=False)

    attributes = {identity(record.name(side)): record.values(f"attrs_{side}") for record, side in sides(records)}
    known = {}
    if all(map(len, attributes.values())):
        columns = np.stack(list(attributes.values()), axis=1)
        fields = {f"attribute{number}": column for number, column in enumerate(columns)}
        people = np.array(list(attributes), object)
        savemat("market_attribute.mat", {"market_attribute": {"train": fields | {"image_index": people}}})
        known["attributes"] = "market_attribute.mat"
    export_records(paths, "train", "again", layout, shuffle=False, progress=False, **known)

    (file,) = Path("again").glob("*.tfrecord")
    for ours, theirs in zip(read_pair_records(file), records, strict=True):
        assert ours.names() == theirs.names()
        for name in theirs.names():
            expected, found = theirs.values(name), ours.values(name)
            if name.startswith(NOT_OURS):
                continue
            if name.startswith("pose_subs"):
                # Whether each joint has a candidate, and their number; the score is made up.
                expected, found = ([*(values[:18] >= 0), values[19]] for values in (expected, found))
            if isinstance(expected, list):
                assert found == expected, name
            else:
                np.testing.assert_array_equal(found, expected, err_msg=name, strict=True)
