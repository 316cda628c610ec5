"""Pictures of any size, with joints in a frame of their own: both are resized while a data set is read."""

from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pgig.data.check import check
from pgig.data.dataset import open_images
from pgig.data.folders import list_dataset
from pgig.data.images import encoded_resized
from pgig.data.pairs import read_pairs
from pgig.data.records import is_current
from pgig.data.stream import PairStream
from pgig.errors import DataError
from pgig.pose.files import read_annotations, write_annotations
from tests.data.conftest import SIZE

# Two thirds of it is the size of the small data set.
FRAME = (48, 24)


@pytest.fixture
def mixed(paths):
    """The small data set in a frame half as large again; one picture is a JPEG of another shape, one a PNG."""
    random = np.random.default_rng(3)
    for name, size in (("train/1_1.jpg", (90, 70)), ("train/1_0.png", (20, 33)), ("train-bg/1_1_BG.jpg", (64, 64))):
        pixels = random.integers(0, 256, (*size, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(Path(paths.images_dir_train).parent / name)
    table = read_annotations(paths.annotations_file_train)
    table.keypoints[0, :4] = [(-1, -1, 0), (47, 23, 1), (1, 2, 1), (0, 0, 1)]
    write_annotations(paths.annotations_file_train, table.names, table.keypoints)
    return replace(paths, old_size=FRAME, outside_joints="keep")


def test_joints_are_scaled_and_cut_off(mixed):
    before = list_dataset(replace(mixed, old_size=None)).keypoints
    after = list_dataset(mixed).keypoints
    seen = before[..., 2] > 0
    exact = before[seen][:, :2].astype(float) / FRAME * SIZE
    np.testing.assert_array_equal(after[seen][:, :2], np.trunc(exact))
    np.testing.assert_array_equal(after[~seen], before[~seen])
    assert after.dtype == np.float32 and (exact != np.trunc(exact)).any()
    first = after[list_dataset(mixed).names.index("1_0.png")]
    assert first[:4].tolist() == [[-1, -1, 0], [31, 15, 1], [0, 1, 1], [0, 0, 1]]


def test_offsets_count_in_the_frame_of_the_joints(mixed):
    moved, plain = (list_dataset(replace(mixed, x_offset=offset)).keypoints[..., 1] for offset in (3, 0))
    assert set((moved - plain)[list_dataset(mixed).keypoints[..., 2] > 0]) == {2}


@pytest.mark.parametrize("folder", ["records", None])
def test_pictures_of_any_size_are_resized(mixed, folder):
    images = open_images(replace(mixed, records_dir=folder and mixed.records_dir), progress=False)
    for name in ("1_0.png", "1_1.jpg", "1_2.jpg"):
        with Image.open(Path(mixed.images_dir_train, name)) as picture:
            expected = picture.convert("RGB").resize(SIZE[::-1], Image.Resampling.BILINEAR)
        number = images.names.index(name)
        np.testing.assert_array_equal(images.pixels(number), np.asarray(expected))
        assert images.background(number).shape == (*SIZE, 3)
    assert not any(finding.stops for finding in check(mixed, progress=False))


def test_both_feeders_read_what_was_resized(mixed):
    images, pairs = open_images(mixed, progress=False), read_pairs(mixed.pairs_file_train)
    ours, theirs = (PairStream(images, pairs, 6, use_bg=True, feeder=feeder) for feeder in ("python", "tensorflow"))
    for one, other in islice(zip(ours.batches(), theirs.batches(), strict=True), 3):
        assert all(np.array_equal(one[key], np.asarray(other[key])) for key in one)


def test_without_it_another_size_is_refused(mixed):
    with pytest.raises(DataError, match=r"20 x 33 .*\(--old_size"):
        open_images(replace(mixed, old_size=None), progress=False)


def test_records_are_made_anew_for_another_frame(mixed):
    open_images(mixed, progress=False)
    assert is_current(mixed.records_dir, list_dataset(mixed))
    for other in (None, (48, 48)):
        assert not is_current(mixed.records_dir, list_dataset(replace(mixed, old_size=other)))


def test_a_picture_too_large_to_be_one_is_refused(tmp_path):
    Image.new("1", (9000, 9000)).save(tmp_path / "bomb.png")
    with pytest.raises(DataError, match=r"bomb has 9000 x 9000 pixels"):
        encoded_resized((tmp_path / "bomb.png").read_bytes(), SIZE, "bomb")
