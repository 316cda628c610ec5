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


@pytest.mark.parametrize(
    "text", ["128", "128,", "0,64", "-1,64", "128x64", "1,2,3", "", "1e3,2", "999999,1", "²,2"]
)
def test_wrong_sizes_are_refused(text):
    with pytest.raises(OptionsError, match="128,64"):
        parse_size(text)
