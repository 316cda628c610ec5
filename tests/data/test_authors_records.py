"""Reading and writing the authors' pairs: layouts, values, damage, hostile values."""

import gzip
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from pgig.data.authors_records import LAYOUTS, read_pair_records
from pgig.data.authors_writer import _varints, camera, serialized_records
from pgig.data.convert import export_records
from pgig.data.pairs import read_pairs
from pgig.data.tfrecord import decode_example, encode_example, frame, read_records
from pgig.errors import DataError, StorageError
from pgig.pose.body_masks import disc_mask
from pgig.pose.discs import disc_maps
from pgig.pose.files import read_annotations
from tests.conftest import file_size_limit
from tests.data.conftest import SIZE, random_poses


def export(paths, layout, **options):
    """The file of the training pairs, and its records."""
    export_records(paths, "train", f"out/{layout}", layout, **{"shuffle": False, "progress": False} | options)
    (file,) = Path("out", layout).glob("*.tfrecord")
    return file, list(read_pair_records(file))


@pytest.fixture
def work(paths, tmp_path, monkeypatch):
    """The small data set; one pose lacks a joint."""
    monkeypatch.chdir(tmp_path)
    text = Path(paths.annotations_file_train).read_text().splitlines()
    name, rows, columns = text[2].split(": ")
    text[2] = ": ".join([name, "[-1" + rows[rows.index(",") :], "[-1" + columns[columns.index(",") :]])
    Path(paths.annotations_file_train).write_text("\n".join(text))
    return paths


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_is_written_is_read(work, layout):
    file, records = export(work, layout)
    assert Path("out", layout, "pn_pairs_num_train.p").read_bytes() == b"I%d\n." % len(records)
    pairs = read_pairs(work.pairs_file_train)
    assert [(record.name(0), record.name(1)) for record in records] == pairs
    for name, listed in (("p_pairs", pairs), ("n_pairs", [])):
        assert pickle.loads(Path("out", layout, f"{name}_train.p").read_bytes()) == [list(pair) for pair in listed]
    assert Path("out", layout, "tf_record_pair_num.txt").read_text() == f"cnt:{len(pairs)}"
    table = read_annotations(work.annotations_file_train)
    poses = dict(zip(table.names, table.keypoints, strict=True))
    people = list(dict.fromkeys(name[0] for pair in pairs for name in pair))

    for record in (records[0], records[1], records[-1]):
        assert (record.layout, record.size, record.label) == (layout, SIZE, 1)
        assert record.names() == sorted(LAYOUTS[layout].features(SIZE))
        for side in (0, 1):
            name = record.name(side)
            assert record.picture(side) == Path(work.images_dir_train, name).read_bytes()
            assert record.identity(side) == people.index(name[0])
            assert record.camera(side) == -1
            np.testing.assert_array_equal(record.keypoints(side), poses[name], strict=True)
            for radius in LAYOUTS[layout].masks.values():
                expected = np.asarray(disc_mask(poses[name][None], SIZE, radius))[0, ..., 0]
                np.testing.assert_array_equal(record.mask(radius, side), expected)
            for radius in LAYOUTS[layout].discs:
                expected = np.asarray(disc_maps(poses[name][None], SIZE, radius))[0]
                np.testing.assert_array_equal(2.0 * record.discs(radius, side) - 1, expected)
            assert record.boxes(side).shape == (37, 4) and record.visible_parts(side).shape == (37,)
            if layout == "df":
                assert record.regions(side).all()
            if LAYOUTS[layout].grid:
                assert record.values(f"pose_peaks_{side}").sum() == poses[name][:, 2].sum()
    if layout == "rcv":
        with pytest.raises(DataError, match="no feature roi10_mask_0"):
            records[0].regions(0)


def test_attributes_and_segmentation(work):
    people = {f"attribute{number}": np.arange(3)[None] + number for number in range(27)}
    table = people | {"image_index": np.array(["1", "2", "3"], object)[None]}
    savemat("a.mat", {"market_attribute": {"train": table}})
    names = sorted({name for pair in read_pairs(work.pairs_file_train) for name in pair})
    for number, name in enumerate(names):
        Path("labels").mkdir(exist_ok=True)
        Image.fromarray(np.full(SIZE, 30 * number, np.uint8)).save(f"labels/{Path(name).stem}.png")
    _, records = export(work, "market", attributes="a.mat", segmentation="labels")
    for record in records:
        assert record.names() == sorted(LAYOUTS["market"].features(SIZE))
        for side in (0, 1):
            first = int(record.name(side)[0]) - 1
            assert record.values(f"attrs_{side}").tolist() == list(range(first, first + 27))
            assert set(record.values(f"seg_{side}")) == {30 * names.index(record.name(side))}

    Path("out/market").rename("out/first")
    savemat("a.mat", {"market_attribute": {"train": table | {"image_index": np.array(["1", "2", "4"], object)[None]}}})
    with pytest.raises(DataError, match="a.mat has no person '3' for train, who is in 3_0.jpg"):
        export(work, "market", attributes="a.mat")
    Path("labels/2_1.png").unlink()
    with pytest.raises(DataError, match="no label picture 2_1.png"):
        export(work, "market", segmentation="labels")
    assert not Path("out/market").exists()


def test_order_and_camera(work):
    _, plain = export(work, "market")
    shuffled = [[record.name(0) for record in export(work, "rcv", shuffle=True, seed=5)[1]]]
    Path("out/rcv").rename("out/first")
    shuffled.append([record.name(0) for record in export(work, "rcv", shuffle=True, seed=5)[1]])
    assert shuffled[0] == shuffled[1] != [record.name(0) for record in plain]
    assert sorted(shuffled[0]) == sorted(record.name(0) for record in plain)
    cameras = {"0002_c3s1_000451_03.jpg": 3, "-1_c1s1.jpg": -1, "0002.jpg": -1, "0002_cxs1.jpg": -1, "0002_c²": -1}
    assert {name: camera(name) for name in cameras} == cameras


def test_numbers_are_packed_as_protocol_buffers_pack_them(work):
    numbers = [0, 1, 127, 128, 300, 2**21, 2**63 - 1, -1, -(2**63)]
    example = encode_example({"x": numbers})
    assert _varints(numbers) in example and decode_example(example)["x"] == numbers
    assert _varints([]) == b"" and _varints(np.array([5, 127], np.uint8)) == b"\x05\x7f"
    assert _varints(np.array([200], np.uint8)) == b"\xc8\x01"


def test_gzip(work):
    file, records = export(work, "market")
    packed = Path("pairs.tfrecord.gz")
    packed.write_bytes(gzip.compress(file.read_bytes()))
    assert [record.name(1) for record in read_pair_records(packed)] == [record.name(1) for record in records]
    for damaged in (packed.read_bytes()[:-20], packed.read_bytes()[:200] + b"xx" + packed.read_bytes()[202:], b"text"):
        packed.write_bytes(damaged)
        with pytest.raises(DataError, match=r"pairs\.tfrecord\.gz"):
            list(read_pair_records(packed))


def test_damaged_files_are_refused_with_the_number_of_the_record(work):
    file, _ = export(work, "market")
    whole = file.read_bytes()
    length = len(frame(next(read_records(file))))
    for data, sentence in (
        (whole[: length + 5], "record 2 is cut short"),
        (whole[: length + 500], "record 2 is cut short"),
        (whole[:300] + bytes([whole[300] ^ 1]) + whole[301:], "record 1 is damaged"),
        (bytes([whole[0] ^ 1]) + whole[1:], "record 1 has a damaged length"),
        (frame(b"\xff" * 9), "record 1 holds no tf.train.Example"),
        (frame(encode_example({"image/encoded": [b"x"]})), "record 1 has none of the body masks"),
    ):
        file.write_bytes(data)
        with pytest.raises(DataError, match=sentence):
            list(read_pair_records(file))
    with pytest.raises(DataError, match="absent cannot be read"):
        list(read_pair_records("absent"))


@pytest.fixture(scope="module", params=["market"])
def record(request, tmp_path_factory):
    """A record as a dictionary of features."""
    poses = dict(zip("ab", random_poses(np.random.default_rng(1), 2), strict=True))

    def read(name):
        return b"\xff\xd8" + name.encode()

    pairs = serialized_records(request.param, SIZE, poses, [("a", "b")], read, progress=False)
    file = tmp_path_factory.mktemp("record") / "one.tfrecord"
    file.write_bytes(b"".join(pairs))
    return decode_example(next(read_records(file)))


def changed(record, **features):
    """The record with other features; None removes one."""
    values = {name: value for name, value in (record | features).items() if value is not None}
    Path("changed.tfrecord").write_bytes(frame(encode_example(values)))
    return next(read_pair_records("changed.tfrecord"))


AREA = SIZE[0] * SIZE[1]


@pytest.mark.parametrize(
    ("features", "read", "sentence"),
    [
        ({"image_height": [0]}, None, "image_height is 0, not between"),
        ({"image_width": [2**40]}, None, "image_width is 1099511627776"),
        ({"image_width": [16, 16]}, None, "image_width is missing or no single number"),
        ({"label": None}, None, "label is missing"),
        ({"label": [7]}, None, "label is 7"),
        ({"image_raw_0": None}, lambda record: record.picture(0), "no feature image_raw_0"),
        ({"image_raw_0": [1]}, lambda record: record.picture(0), "another kind of values, but bytes"),
        ({"image_name_1": [b"\xff"]}, lambda record: record.name(1), "image_name_1 is no text"),
        ({"pose_peaks_0_rcv": [1.0] * 53}, lambda record: record.keypoints(0), "53 values, but float values and 54"),
        ({"pose_peaks_0_rcv": [float("nan")] * 54}, lambda record: record.keypoints(0), "no place in a picture"),
        ({"pose_peaks_0_rcv": [1e30] * 54}, lambda record: record.keypoints(0), "no place in a picture"),
        ({"pose_peaks_0_rcv": [0.5] * 54}, lambda record: record.keypoints(0), "visibility other than 0 and 1"),
        ({"pose_mask_r4_0": [2] * AREA}, lambda record: record.mask(4, 0), "other than 0 and 1"),
        ({"pose_mask_r4_0": [1] * (AREA - 1)}, lambda record: record.mask(4, 0), "511 values"),
        ({"indices_r4_1": [-1], "values_r4_1": [1.0]}, lambda record: record.discs(4, 1), "leave the picture"),
        ({"indices_r4_1": [1, 2], "values_r4_1": [1.0]}, lambda record: record.discs(4, 1), "leave the picture"),
        ({"shape": [5]}, lambda record: record.discs(4, 0), "shape is not height x width x 18"),
        ({"part_bbox_0": [0, 0, 99, 1] * 37}, lambda record: record.boxes(0), "leaves the picture"),
        ({"part_vis_0": [3] * 37}, lambda record: record.visible_parts(0), "other than 0 and 1"),
    ],
)
def test_hostile_values_are_refused(record, tmp_path, monkeypatch, features, read, sentence):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=sentence) as caught:
        read(changed(record, **features))
    assert "changed.tfrecord, record 1" in str(caught.value)


@pytest.mark.parametrize("record", ["df"], indirect=True)
def test_features_that_only_some_converters_wrote_may_be_missing(record, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rest = changed(record, pose_peaks_0=None, pose_subs_0=None, pose_peaks_1=None, pose_subs_1=None, extra=[1])
    assert rest.layout == "df" and rest.keypoints(1).shape == (18, 3)


def test_nothing_is_left_of_an_export_that_fails(work):
    with file_size_limit(4096), pytest.raises(StorageError, match="No space"):
        export(work, "df")
    assert list(Path("out/df").iterdir()) == []
    export(work, "df")
    with pytest.raises(DataError, match="exists already"):
        export(work, "df")


def test_an_incomplete_split_is_refused(work):
    for change, sentence in (
        (lambda: Path(work.images_dir_train, "2_1.jpg").unlink(), "no such picture"),
        (lambda: Path(work.pairs_file_train).write_text("from,to\n1_0.png,9_9.jpg\n"), "no row for it"),
        (lambda: Path(work.pairs_file_train).write_text("from,to\n"), "holds no pairs"),
    ):
        change()
        with pytest.raises(DataError, match=sentence):
            export(work, "df")
    with pytest.raises(DataError, match="outside the picture"):
        Path(work.pairs_file_train).write_text("from,to\n1_0.png,1_1.jpg\n")
        export(replace(work, x_offset=SIZE[1]), "df")
    Path(work.images_dir_train, "1_0.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match="not a readable"):
        export(work, "df")
    assert not list(Path("out").rglob("*.tfrecord"))
