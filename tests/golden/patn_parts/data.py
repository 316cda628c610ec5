"""Golden tests of PATN's data: pose maps, resized annotations, pair lists."""

import re

import numpy as np
import pytest
from keras import ops

from pgig.config import Shared
from pgig.data.fashion import resize_keypoints
from pgig.data.pairs import create_pairs
from pgig.data.paths import IMAGE_SIZES, data_paths
from pgig.pose.files import add_visibility, read_annotations, write_annotations
from pgig.pose.maps import heat_maps, peaks
from tests.golden.patn_parts.common import arrays, close

# The first map's rows and columns that market_map_crop holds begin here.
CROP = (8, 24)


@pytest.fixture(scope="module")
def maps(golden):
    return arrays(golden, "pose_maps")


def drawn(maps, kind, size, form):
    """Maps (N, H, W, 18) of the keypoints of a kind."""
    return ops.convert_to_numpy(heat_maps(add_visibility(maps[f"{kind}_kp_yx"]), size, form))


def test_patn_maps_of_market(maps):
    rows, columns, crop = (maps[f"market_map_{name}"] for name in ("row_sums", "col_sums", "crop"))
    found = drawn(maps, "market", (rows.shape[1], columns.shape[1]), "gaussian")
    close(found.astype(np.float64).sum(axis=2), rows, "row sums")
    close(found.astype(np.float64).sum(axis=1), columns, "column sums")
    (top, left), (height, width) = CROP, crop.shape[:2]
    close(found[0, top : top + height, left : left + width], crop, "crop")


def test_patn_maps_of_fashion(maps):
    found = drawn(maps, "fashion", IMAGE_SIZES["fasion-resize"], "point")
    expected = np.zeros(found.shape, np.float32)
    expected[tuple(maps["fashion_map_nonzero"].T)] = maps["fashion_map_values"]
    assert expected.any()
    np.testing.assert_array_equal(found, expected)


def test_patn_joints_of_maps(maps):
    size = (maps["market_map_row_sums"].shape[1], maps["market_map_col_sums"].shape[1])
    found = ops.convert_to_numpy(peaks(drawn(maps, "market", size, "gaussian")))
    np.testing.assert_array_equal(found, add_visibility(maps["map_to_cord"]))


def test_patn_arrays_of_pose_maps_are_all_compared(maps):
    here = ("kp_yx", "map_row_sums", "map_col_sums", "map_crop")
    drawings = {"draw_colors", "draw_mask"}
    assert set(maps) - drawings == {
        *(f"market_{name}" for name in here), "fashion_kp_yx", "fashion_map_nonzero", "fashion_map_values",
        "map_to_cord",
    }  # fmt: skip


def test_patn_resized_annotations(golden, tmp_path):
    before = read_annotations(golden("resize_in.csv", "patn"))
    results = sorted(golden("", "patn").glob("resize_out_*.csv"))
    assert results
    for path in results:
        size = tuple(map(int, re.search(r"(\d+)x(\d+)", path.stem).groups()))
        ours = tmp_path / path.name
        write_annotations(ours, before.names, resize_keypoints(before.keypoints, size, "keep"), blank=False)
        found, expected = read_annotations(ours), read_annotations(path)
        assert found.names == expected.names
        np.testing.assert_array_equal(found.keypoints, expected.keypoints)
        assert (expected.keypoints[..., :2] < -1).any()


def test_patn_pairs(golden, tmp_path):
    annotations, (sample,) = golden("pairs_in_annotations.csv", "patn"), golden("", "patn").glob("pairs_out_sample*")
    chosen = {f"annotations_file_{split}": str(annotations) for split in ("train", "test")}
    chosen |= {f"pairs_file_{split}": str(tmp_path / f"{split}.csv") for split in ("train", "test")}
    create_pairs(data_paths(Shared(**chosen)), int(re.search(r"\d+", sample.stem)[0]))
    assert (tmp_path / "train.csv").read_text() == golden("pairs_out_all.csv", "patn").read_text()
    assert (tmp_path / "test.csv").read_text() == sample.read_text()
