from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pgig.data.dataset import open_images
from pgig.data.folders import background_name, list_dataset
from pgig.errors import DataError
from pgig.pose.files import read_annotations, write_annotations
from tests.data.conftest import SIZE, random_poses, write_picture


@pytest.fixture
def folders(paths):
    return replace(paths, records_dir=None)


def append_row(path, name, pose):
    table = read_annotations(path)
    write_annotations(path, [*table.names, name], [*table.keypoints, pose])


def test_annotations_of_the_test_split_come_first(folders):
    images = open_images(folders)
    assert images.names[0] == "4_0.jpg" and images.names[3] == "1_0.png"
    assert images.keypoints.shape == (12, 18, 3) and images.keypoints.dtype == np.float32
    assert images.pixels(3).shape == images.background(3).shape == (*SIZE, 3)


def test_the_train_folder_is_searched_first(folders):
    name = "1_1.jpg"
    before = open_images(folders).pixels(4)
    write_picture(Path(folders.images_dir_test, name), np.random.default_rng(5))
    assert list_dataset(folders).files[4] == str(Path(folders.images_dir_train, name))
    assert (open_images(folders).pixels(4) == before).all()


def test_the_train_folder_may_be_missing(folders):
    images = open_images(replace(folders, images_dir_train="absent"))
    assert images.names == ["4_0.jpg", "4_1.jpg", "4_2.jpg"]


def test_both_folders_missing_is_one_sentence(folders):
    with pytest.raises(DataError, match="tiny is not here: neither absent nor gone"):
        open_images(replace(folders, images_dir_train="absent", images_dir_test="gone"))


def test_tables_of_other_pictures_are_refused(folders, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="None of the 12 names"):
        open_images(replace(folders, images_dir_train=str(tmp_path / "empty"), images_dir_test="gone"))


def test_a_name_in_both_tables_is_refused(folders):
    append_row(folders.annotations_file_test, "1_1.jpg", random_poses(np.random.default_rng(0), 1)[0])
    with pytest.raises(DataError, match=r"1_1\.jpg has a row in both"):
        open_images(folders)


def test_a_joint_outside_is_refused_with_its_row(folders):
    pose = random_poses(np.random.default_rng(0), 1)[0]
    pose[4] = (SIZE[0], 3, 1)
    append_row(folders.annotations_file_train, "3_9.jpg", pose)
    write_picture(Path(folders.images_dir_train, "3_9.jpg"), np.random.default_rng(0))
    with pytest.raises(
        DataError, match=r"3_9\.jpg puts joint 4 .* row 32, column 3, outside the picture of 32 x 16"
    ):
        open_images(folders)


def test_a_link_to_nowhere_is_one_sentence(folders):
    file = Path(folders.images_dir_train, "1_1.jpg")
    file.unlink()
    file.symlink_to("nowhere.jpg")
    with pytest.raises(DataError, match=r"1_1\.jpg cannot be read"):
        open_images(folders)


def test_unknown_names_in_pairs_say_why(folders):
    append_row(folders.annotations_file_train, "5_0.jpg", random_poses(np.random.default_rng(0), 1)[0])
    images = open_images(folders)
    assert images.numbers([("4_0.jpg", "1_1.jpg")], "list").tolist() == [[0, 4]]
    with pytest.raises(DataError, match=r"list names 5_0\.jpg, but there is no such picture"):
        images.numbers([("1_1.jpg", "5_0.jpg")], "list")
    with pytest.raises(DataError, match=r"list names \.\./x\.jpg, but no annotation"):
        images.numbers([("../x.jpg", "1_1.jpg")], "list")
    with pytest.raises(DataError, match="list holds no pairs"):
        images.numbers([], "list")
    with pytest.raises(DataError, match="list holds 1 pair, fewer than one batch of 4"):
        images.numbers([("4_0.jpg", "1_1.jpg")], "list", 4)


def test_backgrounds_are_found_by_name(folders):
    Path(folders.bg_images_dir_train, "1_1_BG.jpg").unlink()
    images = open_images(folders)
    assert background_name("1_1.jpg") == "1_1_BG.jpg"
    assert not images.has_background(4) and images.has_background(5)
    assert images.source.encoded_background(4) == b""
