"""Data section of the golden data: pair lists, resized annotations, resized pictures."""

import numpy as np
import pytest

from pgig.config import DataPaths
from pgig.data.fashion import SMALL_SIZE, resize_keypoints, resize_pixels
from pgig.data.pairs import create_pairs, read_pairs
from pgig.pose.files import HEADER, parse_row, read_annotations


@pytest.mark.parametrize("split", ["train", "test"])
def test_pairs_are_those_of_the_original_program(golden, tmp_path, split):
    expected = golden(f"market-pairs-{split}.csv").read_text()
    names = ("annotations_file_train", "annotations_file_test", "pairs_file_train", "pairs_file_test")
    folders = (
        "images_dir_train",
        "images_dir_test",
        "bg_images_dir_train",
        "bg_images_dir_test",
        "records_dir",
    )
    paths = DataPaths(
        name="market",
        image_size=(128, 64),
        **{name: str(golden(f"market-annotation-{name[17:]}.csv")) for name in names[:2]},
        **{name: str(tmp_path / name) for name in names[2:]},
        **dict.fromkeys(folders, ""),
    )

    # The number of test pairs that were asked for is the number of rows of the golden file.
    create_pairs(paths, images_for_test=len(read_pairs(golden("market-pairs-test.csv"))))
    assert (tmp_path / f"pairs_file_{split}").read_text() == expected.replace("\r\n", "\n")


def test_resized_keypoints_inside_the_crop_are_those_of_the_original_program(golden):
    """Deliberate difference: what the original leaves outside the small frame is missing here."""
    table = read_annotations(golden("fasion-annotation-sample.csv"))
    ours = resize_keypoints(table.keypoints)

    lines = golden("fasion128-annotation-sample.csv").read_text().splitlines()
    assert lines[0] == HEADER
    rows = [parse_row(line) for line in lines[1:] if line.strip()]
    assert [name for name, _ in rows] == table.names
    theirs = np.array([coordinates for _, coordinates in rows]).transpose(0, 2, 1)

    inside = ((theirs >= 0) & (theirs < SMALL_SIZE)).all(-1)
    assert inside.any() and not inside.all()
    np.testing.assert_array_equal(ours[..., 2] > 0, inside)
    np.testing.assert_array_equal(ours[inside][:, :2], theirs[inside])
    assert (ours[~inside] == (-1, -1, 0)).all()


def test_resized_picture_is_that_of_the_original_program(golden):
    with np.load(golden("resize.npz")) as file:
        k, expected = int(file["k"]), file["resized"]
    y, x, c = np.ogrid[:256, :256, :3]
    picture = np.floor(127.5 * (1 + np.sin(0.05 * k * y * (c + 1) + 0.07 * k * x))).astype(np.uint8)
    assert np.abs(resize_pixels(picture).astype(int) - expected).max() <= 1
