"""Folders of pictures with rows, columns and visibilities as data sets."""

import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from pgig.config import Shared
from pgig.data.check import check
from pgig.data.pairs import read_pairs
from pgig.data.paths import data_paths
from pgig.data.rcv_folder import prepare
from pgig.data.rcv_poses import from_mask_rcnn
from pgig.errors import DataError
from pgig.pose.files import read_annotations
from pgig.pose.joints import INDEX
from tests.data import python2_text

SIZE = (32, 32)
TRAIN, TEST = [f"a_{number:03}.png" for number in range(103)], ["b_1.png", "b_2.png", "c_1.png"]


def rows(number):
    """18 rows of row, column, visible; the last joint is missing, as the authors write it."""
    pose = np.stack([np.arange(18) + 0.75, np.full(18, number % SIZE[1]), np.ones(18)], axis=1)
    pose[-1] = 0
    return pose


def fill(root, **poses):
    """A folder as convert_RCV.py reads it; `poses` replace those of a split."""
    for split, names in (("train", TRAIN), ("test", TEST)):
        Path(root, split).mkdir(parents=True)
        for number, name in enumerate(names):
            Image.fromarray(np.full((*SIZE, 3), number, np.uint8)).save(Path(root, split, name))
        table = poses.get(split, {name: rows(number) for number, name in enumerate(names)})
        Path(root, "PoseRCV").mkdir(exist_ok=True)
        Path(root, "PoseRCV", f"{split}.pickle").write_bytes(python2_text.dumps(table))


@pytest.fixture
def work(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return data_paths(Shared(dataset="fasion", image_size="32,32"))


def run(paths, root="raw", **options):
    return prepare(root, paths, progress=False, **options)


def test_a_folder_becomes_a_data_set(work):
    fill("raw")
    text = run(work)
    assert "103 pairs: data/fasion-pairs-train.csv" in text and "2 pairs: data/fasion-pairs-test.csv" in text
    pairs = read_pairs(work.pairs_file_train)
    assert pairs[:3] == [(TRAIN[0], TRAIN[100]), (TRAIN[1], TRAIN[101]), (TRAIN[2], TRAIN[102])]
    assert pairs[3:] == [(name, TRAIN[102]) for name in TRAIN[3:]]
    assert read_pairs(work.pairs_file_test) == [("b_1.png", "b_2.png"), ("b_2.png", "b_1.png")]
    table = read_annotations(work.annotations_file_train)
    pose = table.keypoints[table.names.index(TRAIN[5])]
    np.testing.assert_array_equal(pose, [*((joint, 5, 1) for joint in range(17)), (-1, -1, 0)])
    assert not any(finding.stops for finding in check(work, progress=False))
    with pytest.raises(DataError, match="exists already"):
        run(work)


def test_sequences(work):
    fill("raw", test={name: rows(1) for name in TEST[:2]})
    run(work, test="sequence")
    assert read_pairs(work.pairs_file_test) == [("b_1.png", "b_1.png"), ("b_1.png", "b_2.png")]
    shutil.rmtree("data")
    fill("driver", test={name: rows(9) for name in TEST})
    run(work, test="sequence", other="driver")
    assert read_pairs(work.pairs_file_test) == [
        ("b_1.png", "b_1_other.png"), ("b_1.png", "b_2.png"), ("b_1.png", "c_1.png"),
    ]  # fmt: skip
    table = read_annotations(work.annotations_file_test)
    assert [table.keypoints[table.names.index(name), 0, 1] for name in ("b_1.png", "b_1_other.png")] == [1, 9]


def points(count=2):
    """Mask R-CNN's points (count, 2, 17) as columns and rows."""
    values = np.arange(count * 34, dtype=np.float64).reshape(count, 2, 17) + 1
    values[0, :, 5] = 0
    return values


def test_points_of_mask_rcnn(work):
    savemat("points.mat", {"joint2d": points()})
    poses = from_mask_rcnn(Path("points.mat").read_bytes(), 2, "points.mat")
    theirs = "nose Leye Reye Lear Rear Lsho Rsho Lelb Relb Lwri Rwri Lhip Rhip Lkne Rkne Lank Rank".split()
    for number in (0, 1):
        for place, name in enumerate(theirs):
            column, row = points()[number, :, place]
            expected = (row, column, 1) if column else (-1, -1, 0)
            assert poses[number, INDEX[name]].tolist() == list(expected)
    left, right = points()[1, :, 5], points()[1, :, 6]
    assert poses[1, INDEX["neck"]].tolist() == [*((left + right) / 2)[::-1], 1]
    assert poses[0, INDEX["neck"]].tolist() == [-1, -1, 0]


def test_a_matlab_file_stands_for_a_pickle(work):
    fill("raw")
    Path("raw/PoseRCV/test.pickle").unlink()
    savemat("raw/PoseRCV/somebody_test.mat", {"joint2d": np.full((3, 2, 17), 7.0)})
    run(work)
    poses = read_annotations(work.annotations_file_test).keypoints
    np.testing.assert_array_equal(poses, np.full((2, 18, 3), [7, 7, 1]))


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (np.ones((2, 2, 17)), "68 numbers in joint2d, but 3 pictures x 2 x 17"),
        ({"a": 1.0}, "no numbers in joint2d"),
        (np.full((3, 2, 17), np.inf), "pose 1 has a joint that is no place"),
    ],
)
def test_other_matlab_files_are_refused(work, values, sentence):
    savemat("points.mat", {"joint2d": values})
    with pytest.raises(DataError, match=sentence):
        from_mask_rcnn(Path("points.mat").read_bytes(), 3, "points.mat")
    with pytest.raises(DataError, match="other.mat holds no points of Mask R-CNN .it is no MATLAB file"):
        from_mask_rcnn(b"text", 3, "other.mat")


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({TRAIN[0]: np.ones((17, 3))}, "has the shape"),
        ({TRAIN[0]: [1, 2]}, "is no array of numbers"),
        ({TRAIN[0]: np.full((18, 3), np.nan)}, "no place in a picture"),
        ({"other.png": rows(0)}, "gives no pair of two pictures with poses"),
    ],
)
def test_other_pickles_are_refused(work, table, sentence):
    fill("raw", train=table)
    with pytest.raises(DataError, match=sentence):
        run(work)
    assert not list(Path("data").rglob("*.*"))


class Evil:
    def __reduce__(self):
        return Path.touch, (Path("touched"),)


def test_hostile_and_missing_files(work):
    with pytest.raises(DataError, match="raw/train holds no pictures"):
        run(work)
    fill("raw")
    Path("raw/PoseRCV/train.pickle").write_bytes(pickle.dumps({TRAIN[0]: Evil()}))
    with pytest.raises(DataError, match="train.pickle is no readable pickle of poses"):
        run(work)
    assert not Path("touched").exists()
    Path("raw/PoseRCV/train.pickle").unlink()
    with pytest.raises(DataError, match="holds neither train.pickle nor one file"):
        run(work)
