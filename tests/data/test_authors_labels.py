"""Attributes and label pictures for the authors' records of Market-1501."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from pgig.data.authors_labels import read_attributes, segmentation_reader
from pgig.errors import DataError

SIZE = (4, 3)


def table(people=("0002", "0007"), **changes):
    values = {f"attribute{number}": np.arange(len(people))[None] + number + 1 for number in range(27)}
    return values | {"image_index": np.array(people, object)[None]} | changes


@pytest.fixture
def work(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_attributes_in_the_order_of_the_file(work):
    savemat("a.mat", {"market_attribute": {"train": table(), "test": table(("0003",))}}, do_compression=True)
    found = read_attributes("a.mat", "train")
    assert list(found) == ["0002", "0007"]
    assert found["0002"].tolist() == list(range(1, 28)) and found["0007"].tolist() == list(range(2, 29))
    assert list(read_attributes("a.mat", "test")) == ["0003"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"other": 1.0}, "no variable market_attribute"),
        ({"market_attribute": 1.0}, "no people for train"),
        ({"market_attribute": {"test": table()}}, "no people for train"),
        ({"market_attribute": {"train": table(image_index=[[1, 2]])}}, "no people for train"),
        ({"market_attribute": {"train": table(more=[[1, 2]])}}, "28 attributes, not 27"),
        ({"market_attribute": {"train": table(attribute3=[[1]])}}, "not 2 whole numbers"),
        ({"market_attribute": {"train": table(attribute3=[[1, 0.5]])}}, "not 2 whole numbers"),
        ({"market_attribute": {"train": table(attribute3=[[1, np.nan]])}}, "not 2 whole numbers"),
        ({"market_attribute": {"train": table(attribute3="ab")}}, "not 2 whole numbers"),
    ],
)
def test_other_tables_are_refused(work, content, reason):
    savemat("a.mat", content)
    with pytest.raises(DataError, match=f"a.mat holds no attributes of Market-1501 .*{reason}"):
        read_attributes("a.mat", "train")


def test_files_that_are_no_tables(work):
    with pytest.raises(DataError, match="absent.mat cannot be read"):
        read_attributes("absent.mat", "train")
    Path("text.mat").write_text("no table")
    with pytest.raises(DataError, match="no MATLAB file"):
        read_attributes("text.mat", "train")
    with open("large.mat", "wb") as file:
        file.truncate(2**26 + 1)
    with pytest.raises(DataError, match="large.mat has more than"):
        read_attributes("large.mat", "train")


def labels(seed):
    return np.random.default_rng(seed).integers(0, 256, SIZE, dtype=np.uint8)


def test_labels_of_pixels(work):
    Path("labels").mkdir()
    Image.fromarray(labels(0)).save("labels/a.png")
    coloured = Image.fromarray(labels(1)).convert("P")
    coloured.putdata(labels(1).ravel())
    coloured.putpalette(np.random.default_rng(2).integers(0, 256, 768, dtype=np.uint8).tobytes())
    coloured.save("labels/b.png")
    Image.fromarray(labels(3)).save("labels/c_flip.png")
    read = segmentation_reader("labels", ["a.jpg", "a_flip.jpg", "b.png", "c_flip.jpg"], SIZE)
    for name, expected in (
        ("a.jpg", labels(0)), ("a_flip.jpg", labels(0)[:, ::-1]), ("b.png", labels(1)), ("c_flip.jpg", labels(3)),
    ):  # fmt: skip
        np.testing.assert_array_equal(read(name), expected, strict=True)


def test_label_pictures_that_do_not_fit(work):
    Path("labels").mkdir()
    Image.fromarray(np.zeros((4, 4), np.uint8)).save("labels/wide.png")
    Image.fromarray(np.zeros((*SIZE, 3), np.uint8)).save("labels/colours.png")
    Path("labels/damaged.png").write_bytes(b"\x89PNG")
    with pytest.raises(DataError, match="labels holds no label picture c.png for c.jpg"):
        segmentation_reader("labels", ["wide.jpg", "c.jpg"], SIZE)
    read = segmentation_reader("labels", ["wide.jpg", "colours.jpg", "damaged.jpg"], SIZE)
    for name, sentence in (
        ("wide.jpg", "wide.png is 4 x 4 pixels"), ("colours.jpg", "of the kind RGB"), ("damaged.jpg", "not a readable"),
    ):  # fmt: skip
        with pytest.raises(DataError, match=sentence):
            read(name)
