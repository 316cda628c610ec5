"""The authors' pairs as a data set: names, refusals, interruptions."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pgig.data.check import check
from pgig.data.convert import export_records, import_records
from pgig.data.pairs import read_pairs
from pgig.data.tfrecord import decode_example, encode_example, frame, read_records
from pgig.errors import DataError, StorageError
from pgig.pose.files import read_annotations
from tests.conftest import file_size_limit
from tests.data.conftest import SIZE, write_picture


@pytest.fixture(scope="module")
def exported():
    """{split: the authors' file of it}, kept from test to test: the small data set is always the same."""
    return {}


@pytest.fixture
def target(paths, exported, tmp_path, monkeypatch):
    """Paths of a data set that is not there yet; `train.tfrecord` and `test.tfrecord` hold that of `paths`."""
    monkeypatch.chdir(tmp_path)
    for split in ("train", "test"):
        if split not in exported:
            export_records(paths, split, "authors", "market", shuffle=False, progress=False)
            exported[split] = Path("authors", f"Market1501_{split}_00000-of-00001.tfrecord").read_bytes()
        Path(f"{split}.tfrecord").write_bytes(exported[split])
    places = {}
    for split in ("train", "test"):
        places |= {f"images_dir_{split}": f"new/{split}", f"annotations_file_{split}": f"new/{split}.csv"}
        places |= {f"pairs_file_{split}": f"new/{split}-pairs.csv", f"bg_images_dir_{split}": "nowhere"}
    return replace(paths, records_dir=None, **places)


def bring(target, *files, split="train", **options):
    return import_records(files or ("train.tfrecord",), target, split, progress=False, **options)


def change(number=0, **features):
    """Write changed.tfrecord: train.tfrecord with other features in one record, its pictures by name."""
    records = [decode_example(payload) for payload in read_records("train.tfrecord")]
    records[number] |= features
    Path("changed.tfrecord").write_bytes(b"".join(frame(encode_example(record)) for record in records))
    return "changed.tfrecord"


def test_a_data_set_goes_there_and_back(paths, target):
    for split in ("train", "test"):
        text = bring(target, f"{split}.tfrecord", split=split)
        people, pairs = (9, 18) if split == "train" else (3, 6)
        assert text.startswith(f"{people} pictures: new/{split}; ") and f"{pairs} pairs: new/{split}-pairs.csv." in text
        old, new = (read_annotations(getattr(p, f"annotations_file_{split}")) for p in (paths, target))
        assert sorted(old.names) == sorted(new.names)
        rows = [old.names.index(name) for name in new.names]
        np.testing.assert_array_equal(new.keypoints, old.keypoints[rows])
        assert read_pairs(f"new/{split}-pairs.csv") == read_pairs(getattr(paths, f"pairs_file_{split}"))
        for name in new.names:
            original = Path(getattr(paths, f"images_dir_{split}"), name)
            assert Path("new", split, name).read_bytes() == original.read_bytes()
    assert not any(finding.stops for finding in check(target, progress=False))


def test_several_files_are_one_split(target):
    bring(target, "train.tfrecord", "test.tfrecord")
    assert len(read_pairs("new/train-pairs.csv")) == 24 and len(list(Path("new/train").iterdir())) == 12


def test_pictures_of_the_same_name(target):
    other = write_other("other.png")
    file = change(3, image_name_0=[b"1_1.jpg"], image_raw_0=[other])
    with pytest.raises(DataError, match=r"changed.tfrecord, record 4 holds another picture 1_1.jpg .*--renames 1"):
        bring(target, file)
    assert "1 picture got another name" in bring(target, file, renames=True)
    assert read_pairs("new/train-pairs.csv")[3][0] == "1_1_2.jpg"
    assert Path("new/train/1_1_2.jpg").read_bytes() == other != Path("new/train/1_1.jpg").read_bytes()


def write_other(path, seed=7):
    write_picture(Path(path).absolute(), np.random.default_rng(seed))
    return Path(path).read_bytes()


@pytest.mark.parametrize(
    ("features", "sentence"),
    [
        ({"image_name_0": [b"../../1_0.jpg"]}, "record 1 names a picture '../../1_0.jpg'"),
        ({"image_name_0": [b"/tmp/1_0.jpg"]}, "plain file name"),
        ({"image_name_0": [b"a:b.jpg"]}, "plain file name"),
        ({"image_name_0": [b"a\nb.jpg"]}, "plain file name"),
        ({"image_name_0": [b".jpg"]}, "plain file name"),
        ({"image_name_0": [b"a" * 300 + b".jpg"]}, "plain file name"),
        ({"image_name_0": [b"1_0.exe"]}, "plain file name"),
        ({"image_raw_0": [b"\xff\xd8\xff damaged"]}, "not a readable JPEG"),
        ({"image_height": [16], "image_width": [32]}, "16 x 32 pixels .* --image_size 16,32"),
        ({"pose_peaks_1_rcv": [0.0] * 54}, "record 3 gives 1_1.jpg another pose"),
    ],
)
def test_impossible_records_leave_nothing_behind(target, features, sentence):
    file = change(0, **features)
    with pytest.raises(DataError, match=sentence):
        bring(target, file)
    assert not Path("new").exists() or not list(Path("new").iterdir())


def test_joints_outside_the_picture_are_missing(target):
    rows = [0.0] * 54
    rows[:9] = [3.7, 4.2, 1.0, float(SIZE[0]), 0.0, 1.0, 2.0, -3.0, 1.0]
    records = [decode_example(payload) for payload in read_records("train.tfrecord")][:1]
    records[0]["pose_peaks_0_rcv"] = rows
    Path("one.tfrecord").write_bytes(frame(encode_example(records[0])))
    assert "2 joints outside their pictures count as missing" in bring(target, "one.tfrecord")
    pose = read_annotations("new/train.csv").keypoints[0]
    assert pose[:3].tolist() == [[3, 4, 1], [-1, -1, 0], [-1, -1, 0]] and not pose[3:, 2].any()


def test_pairs_of_two_people_are_left_out(target):
    assert "1 pair of two people was left out" in bring(target, change(2, label=[0]))
    assert len(read_pairs("new/train-pairs.csv")) == 17
    shutil.rmtree("new")
    Path("empty.tfrecord").touch()
    with pytest.raises(DataError, match="holds no pair of one person"):
        bring(target, "empty.tfrecord")


def test_nothing_is_overwritten_and_nothing_half_written(target):
    with pytest.raises(DataError, match="absent.tfrecord is no file"):
        bring(target, "absent.tfrecord")
    with file_size_limit(64), pytest.raises(StorageError, match="No space"):
        bring(target)
    whole = Path("train.tfrecord").read_bytes()
    Path("half.tfrecord").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="cut short"):
        bring(target, "half.tfrecord")
    assert not Path("new").exists()
    Path("new/.writing-train-killed").mkdir(parents=True)
    bring(target)
    assert sorted(path.name for path in Path("new").iterdir()) == ["train", "train-pairs.csv", "train.csv"]
    for place in ("new/train", "new/train.csv", "new/train-pairs.csv"):
        with pytest.raises(DataError, match=f"{place} exists already"):
            bring(target)
        Path(place).rename(f"{place}-moved")


def test_what_cannot_be_written_leaves_nothing(target):
    Path("file").touch()
    with pytest.raises(StorageError, match="file/... cannot be written"):
        bring(replace(target, pairs_file_train="file/pairs.csv"))
    assert not Path("new").exists()
    # Only writing shows that this name is too long; the table is written then.
    with pytest.raises(StorageError, match="cannot be written"):
        bring(replace(target, pairs_file_train=f"new/{'p' * 250}.csv"))
    assert not Path("new").exists()
    assert bring(target).startswith("9 pictures")
