from pathlib import Path

import pytest

from pgig.config import DATASETS, Shared
from pgig.data.paths import IMAGE_SIZES, data_paths, parse_size
from pgig.errors import OptionsError


def test_paths_are_those_of_the_original():
    paths = data_paths(Shared(dataset="fasion"))
    assert paths.image_size == (256, 256)
    assert paths.images_dir_train == "data/fasion-dataset/train"
    assert paths.bg_images_dir_test == "data/fasion-dataset/test-bg"
    assert paths.annotations_file_test == "data/fasion-annotation-test.csv"
    assert paths.pairs_file_train == "data/fasion-pairs-train.csv"
    assert paths.records_dir == "data/fasion-records"


def test_every_data_set_has_a_size():
    assert set(IMAGE_SIZES) == set(DATASETS)


def test_flags_replace_single_paths():
    paths = data_paths(Shared(images_dir_train="here", image_size="128, 32", use_records=0))
    assert (paths.images_dir_train, paths.images_dir_test) == ("here", "data/market-dataset/test")
    assert paths.image_size == (128, 32)
    assert paths.records_dir is None


def test_both_spellings_name_the_same_data_set():
    for name in ("fasion", "fasion-resize", "fasion128"):
        assert data_paths(Shared(dataset=name.replace("fasion", "fashion"))) == data_paths(Shared(dataset=name))
    assert data_paths(Shared(dataset="fashion-resize")).image_size == (256, 176)
    with pytest.raises(OptionsError, match="fasion-large is unknown"):
        data_paths(Shared(dataset="fashion-large"))


def test_own_data_sets_need_a_size():
    paths = data_paths(Shared(dataset="mine", image_size="96,48"))
    assert (paths.name, paths.image_size, paths.records_dir) == ("mine", (96, 48), "data/mine-records")
    for name in ("../x", "a/b", ""):
        with pytest.raises(OptionsError, match="is unknown"):
            data_paths(Shared(dataset=name, image_size="96,48"))


def test_files_of_the_other_spelling_are_taken_where_the_first_is_missing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("data/fashion-resize-dataset/test").mkdir(parents=True)
    Path("data/fasion-resize-dataset/train").mkdir(parents=True)
    for name in ("fashion-resize-pairs-train.csv", "fashion-resize-pairs-test.csv", "fasion-resize-pairs-test.csv"):
        Path("data", name).touch()
    paths = data_paths(Shared(dataset="fasion-resize"))
    assert paths.pairs_file_train == "data/fashion-resize-pairs-train.csv"
    assert paths.pairs_file_test == "data/fasion-resize-pairs-test.csv"
    assert paths.annotations_file_train == "data/fasion-resize-annotation-train.csv"
    assert paths.images_dir_test == "data/fashion-resize-dataset/test"
    assert paths.images_dir_train == "data/fasion-resize-dataset/train"


def test_tables_of_the_small_pictures_serve_large_ones_with_their_joints_frame(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("data").mkdir()
    Path("data/fashion-resize-pairs-test.csv").touch()
    assert data_paths(Shared(dataset="fasion")).pairs_file_test == "data/fasion-pairs-test.csv"
    paths = data_paths(Shared(dataset="fasion", old_size="256,176"))
    assert paths.pairs_file_test == "data/fashion-resize-pairs-test.csv"
    assert (paths.image_size, paths.old_size) == ((256, 256), (256, 176))
    Path("data/fasion-pairs-test.csv").touch()
    assert data_paths(Shared(dataset="fasion", old_size="256,176")).pairs_file_test == "data/fasion-pairs-test.csv"


def test_joints_outside_are_refused_but_in_the_published_crops():
    assert data_paths(Shared(dataset="fasion")).outside_joints == "refuse"
    assert data_paths(Shared(dataset="fasion", old_size="256,176")).outside_joints == "keep"
    assert data_paths(Shared(dataset="fasion-resize")).outside_joints == "keep"
    assert data_paths(Shared(dataset="fasion-resize", outside_joints="missing")).outside_joints == "missing"


def test_a_wrong_old_size_is_refused_by_its_name():
    with pytest.raises(OptionsError, match="--old_size '256x176'"):
        data_paths(Shared(old_size="256x176"))


@pytest.mark.parametrize(
    "text", ["128", "128,", "0,64", "-1,64", "128x64", "1,2,3", "", "1e3,2", "999999,1", "²,2"]
)
def test_wrong_sizes_are_refused(text):
    with pytest.raises(OptionsError, match="128,64"):
        parse_size(text)
