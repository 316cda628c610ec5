"""Poses: every array of pose_market.npz and pose_df.npz, and the sample grid of grid.npz."""

import re

import numpy as np
import pytest
from keras import ops

from pgig.generate.grid import tile
from pgig.pose.body_masks import disc_mask
from pgig.pose.body_parts import PARTS, body_boxes
from pgig.pose.coordinates import from_normalised, normalised
from pgig.pose.discs import disc_indices, disc_maps

GROUPS = {"market": ((128, 64), "market"), "df": ((256, 256), "deepfashion")}
MAP_RADIUS = 4
COLUMNS, GAP = 8, 2
COORDINATES = 1e-6

NAMES = (
    "rcv", "part_bbox", "part_vis", r"sparse_r(\d+)_(len|idx|sum)", r"mask_r(\d+)_bits", "pose_map_bits",
    "point_map_ones", "rcv_norm", "dec_rcv_norm", "dec_rc", "dec_map_bits",
)  # fmt: skip


@pytest.fixture(scope="module", params=GROUPS)
def people(request, golden):
    """The arrays of one group, its size and its rule for boxes."""
    with np.load(golden(f"pose_{request.param}.npz", system="dpig")) as file:
        return dict(file), *GROUPS[request.param]


def bits(values):
    """What the arrays of bits hold: (N, bytes)."""
    return np.packbits(ops.convert_to_numpy(values).reshape(len(values), -1) > 0, axis=1)


def radii(arrays, pattern):
    found = {int(match[1]) for name in arrays if (match := re.fullmatch(pattern, name))}
    assert found, f"no array is named like {pattern}"
    return sorted(found)


def test_every_array_of_poses_is_compared(people):
    arrays, _, _ = people
    assert [name for name in arrays if not any(re.fullmatch(pattern, name) for pattern in NAMES)] == []
    plain = {name for name in NAMES if re.fullmatch(r"\w+", name)}
    assert plain <= arrays.keys()


def test_boxes_of_body_parts(people):
    arrays, size, rule = people
    boxes, visible = map(ops.convert_to_numpy, body_boxes(arrays["rcv"], size, rule, len(PARTS)))
    assert boxes.dtype == visible.dtype == np.float32
    np.testing.assert_array_equal(boxes, arrays["part_bbox"])
    np.testing.assert_array_equal(visible, arrays["part_vis"])
    first, seen = map(ops.convert_to_numpy, body_boxes(arrays["rcv"], size, rule))
    np.testing.assert_array_equal(first, boxes[:, : first.shape[1]])
    np.testing.assert_array_equal(seen, visible[:, : seen.shape[1]])


def test_lists_of_discs(people):
    arrays, size, _ = people
    for radius in radii(arrays, r"sparse_r(\d+)_len"):
        listed = [disc_indices(pose, size, radius) for pose in arrays["rcv"]]
        np.testing.assert_array_equal([len(indices) for indices in listed], arrays[f"sparse_r{radius}_len"])
        expected = {name: arrays[key] for name in ("idx", "sum") if (key := f"sparse_r{radius}_{name}") in arrays}
        found = {"idx": np.concatenate(listed), "sum": [indices.sum() for indices in listed]}
        assert expected
        for name, values in expected.items():
            np.testing.assert_array_equal(found[name], values)


def test_body_masks(people):
    arrays, size, _ = people
    for radius in radii(arrays, r"mask_r(\d+)_bits"):
        np.testing.assert_array_equal(bits(disc_mask(arrays["rcv"], size, radius)), arrays[f"mask_r{radius}_bits"])


def test_pose_maps(people):
    arrays, size, _ = people
    points = ops.convert_to_numpy(disc_maps(arrays["rcv"], size, 0)) > 0
    np.testing.assert_array_equal(points.sum(axis=(1, 2, 3)), arrays["point_map_ones"])
    np.testing.assert_array_equal(bits(disc_maps(arrays["rcv"], size, MAP_RADIUS)), arrays["pose_map_bits"])


def test_normalised_coordinates(people):
    arrays, size, _ = people
    found = ops.convert_to_numpy(normalised(arrays["rcv"], size))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, arrays["rcv_norm"], rtol=0, atol=COORDINATES)
    np.testing.assert_array_equal(found[..., 2], arrays["rcv_norm"][..., 2])


def test_decoded_coordinates(people):
    arrays, size, _ = people
    places, visible = arrays["dec_rcv_norm"][..., :2], arrays["dec_rcv_norm"][..., 2]
    keypoints = ops.convert_to_numpy(from_normalised(places, visible, size))
    np.testing.assert_array_equal(keypoints[..., :2], arrays["dec_rc"])
    np.testing.assert_array_equal(keypoints[..., 2], visible)
    np.testing.assert_array_equal(bits(disc_maps(keypoints, size, MAP_RADIUS)), arrays["dec_map_bits"])


def test_sample_grid(golden):
    with np.load(golden("grid.npz", system="dpig")) as file:
        arrays = dict(file)
    pixels = arrays.pop("images").astype(np.uint8)
    np.testing.assert_array_equal(tile(pixels, COLUMNS, GAP), arrays.pop("grid"), strict=True)
    assert not arrays
