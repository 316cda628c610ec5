"""The authors' TFRecords: reading them, turning them into our layout of data, and writing them again."""

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest

from pgig.config import Shared
from pgig.data.authors_records import LAYOUTS, read_pair_records
from pgig.data.convert import export_records, import_records
from pgig.data.folders import shifted
from pgig.data.images import decode
from pgig.data.paths import data_paths
from pgig.pose.files import add_visibility, read_annotations

# Inpainting masks, which nothing reads. (Of the candidates of a person their numbers and score are not ours either.)
NOT_OURS = {"roi10_mask_0", "roi10_mask_1"}


@pytest.fixture(scope="module")
def record_table(golden):
    return json.loads(golden("tfrecord.json", system="pg2").read_text())


@pytest.fixture(scope="module")
def record_files(golden):
    """{layout: (path, its records)} of the golden files."""
    files = {}
    for path in sorted(golden("tfrecord.json", system="pg2").parent.glob("*.tfrecord.gz")):
        records = list(read_pair_records(path))
        files[records[0].layout] = (path, records)
    return files


@pytest.fixture
def imported_records(record_files, tmp_path, monkeypatch):
    """{layout: paths of the data set} made of the golden files, as the command makes them."""
    monkeypatch.chdir(tmp_path)
    made = {}
    for layout, (path, records) in record_files.items():
        size = ",".join(map(str, records[0].size))
        names = {
            "images_dir_train": f"{layout}/train",
            "annotations_file_train": f"{layout}.csv",
            "pairs_file_train": f"{layout}-pairs.csv",
        }
        made[layout] = data_paths(Shared(image_size=size, **names))
        import_records([path], made[layout], "train", progress=False)
    return made


def stated_pairs(case):
    return [tuple(pair) for pair in case["pairs"]]


def stated_poses(case):
    return dict(zip(case["files"], add_visibility(np.array(case["keypoints"])), strict=True))


def test_records_hold_the_stated_pairs_and_keypoints(record_table, record_files):
    for layout, (_, records) in record_files.items():
        case = record_table[layout]
        assert [(record.name(0), record.name(1)) for record in records] == stated_pairs(case)
        poses = stated_poses(case)
        for record in records:
            for side in (0, 1):
                np.testing.assert_array_equal(record.keypoints(side), poses[record.name(side)], strict=True)


def test_layouts_hold_the_stated_features(record_table, record_files):
    kinds = {"bytes": "bytes_list", "int": "int64_list", "float": "float_list"}
    # The layouts without a file of their own have pictures of the same size as DeepFashion.
    size = record_files["df"][1][0].size
    for layout, case in record_table.items():
        record = record_files[layout][1][0] if layout in record_files else None
        features = LAYOUTS[layout].features(record.size if record else size)
        assert sorted((name, kinds[kind]) for name, (kind, _) in features.items()) == sorted(
            (name, kind) for name, kind, _ in case["features"]
        )
        for name, _, length in case["features"]:
            assert features[name][1] in (None, length), name
            assert record is None or len(record.values(name)) == length, name


def test_records_become_pictures_tables_and_pairs(golden, record_table, imported_records):
    with np.load(golden("tfrecord_images.npz", system="pg2")) as file:
        arrays = {name: file[name] for name in file.files}
    compared = 0
    for layout, paths in imported_records.items():
        case = record_table[layout]
        with open(paths.pairs_file_train, newline="") as file:
            assert [tuple(row) for row in csv.reader(file)] == [("from", "to"), *stated_pairs(case)]
        table, poses = read_annotations(paths.annotations_file_train), stated_poses(case)
        assert sorted(table.names) == sorted(path.name for path in Path(paths.images_dir_train).iterdir())
        assert sorted(table.names) == sorted(case["files"])
        for name, keypoints in zip(table.names, table.keypoints, strict=True):
            np.testing.assert_array_equal(keypoints, poses[name], strict=True)
        for key, pixels in arrays.items():
            if match := re.fullmatch(rf"{layout}_image_(\d+)(?:_s(\d+))?", key):
                path, stride = Path(paths.images_dir_train, case["files"][int(match[1])]), int(match[2] or 1)
                ours = decode(path.read_bytes(), paths.image_size, path)
                np.testing.assert_array_equal(ours[::stride, ::stride], pixels, strict=True)
                compared += 1
    assert compared == len(arrays)


def test_records_written_again_equal_the_authors(record_files, imported_records):
    for layout, paths in imported_records.items():
        export_records(paths, "train", layout, layout, shuffle=False, progress=False)
        (file,) = Path(layout).glob("*.tfrecord")
        assert file.name == record_files[layout][0].name.removesuffix(".gz")
        ours, theirs = list(read_pair_records(file)), record_files[layout][1]
        for our, their in zip(ours, theirs, strict=True):
            assert our.names() == their.names()
            for name in their.names():
                expected, found = their.values(name), our.values(name)
                assert len(found) == len(expected), name
                if name.startswith("pose_subs"):
                    # Whether each joint has a candidate, and their number.
                    expected, found = ([*(values[:18] >= 0), values[19]] for values in (expected, found))
                if isinstance(expected, list):
                    assert found == expected, name
                elif name not in NOT_OURS:
                    np.testing.assert_array_equal(found, expected, err_msg=name, strict=True)


def test_records_without_candidates_have_the_stated_lengths(record_table, imported_records):
    export_records(imported_records["df"], "train", "rcv", "rcv", shuffle=False, progress=False)
    (file,) = Path("rcv").glob("*.tfrecord")
    record = next(read_pair_records(file))
    found = {name: len(record.values(name)) for name in record.names()}
    assert found == {name: length for name, _, length in record_table["rcv"]["features"]}


def test_tensorflow_reads_what_is_written(imported_records):
    tf = pytest.importorskip("tensorflow")
    paths = imported_records["market"]
    export_records(paths, "train", "again", "market", shuffle=False, progress=False)
    (file,) = Path("again").glob("*.tfrecord")
    kinds = {"bytes": tf.string, "int": tf.int64, "float": tf.float32}
    schema = {
        name: tf.io.VarLenFeature(kinds[kind]) if length is None else tf.io.FixedLenFeature([length], kinds[kind])
        for name, (kind, length) in LAYOUTS["market"].features(paths.image_size).items()
    }
    for payload, record in zip(tf.data.TFRecordDataset(str(file)), read_pair_records(file), strict=True):
        for name, value in tf.io.parse_single_example(payload, schema).items():
            value = value.values if isinstance(value, tf.SparseTensor) else value
            np.testing.assert_array_equal(value.numpy(), record.values(name), err_msg=name)


def test_offsets_of_annotations(golden):
    people = json.loads(golden("pose_keypoints.json", system="pg2").read_text())
    before = add_visibility(np.array(people["fashion_176"]))
    with np.load(golden("pose.npz", system="pg2")) as file:
        after = file["hpt_fashion_offset_keypoints"]
    seen = before[..., 2] > 0
    (offset,) = {tuple(step) for step in (after - before[..., :2])[seen].astype(int).tolist()}
    moved = shifted(before, data_paths(Shared(dataset="fasion", y_offset=offset[0], x_offset=offset[1])))
    np.testing.assert_array_equal(moved[seen][:, :2], after[seen])
    # The original moves missing joints too, and knows them by what is left of their -1.
    np.testing.assert_array_equal(moved, add_visibility(np.array(people["fashion_256"])))
