"""Pose maps and masks: every array of pose.npz, for the people of pose_keypoints.json."""

import json
import re
from types import SimpleNamespace

import numpy as np
import pytest
from keras import ops
from scipy.ndimage import maximum_filter

from pgig.data.folders import shifted
from pgig.metrics.masks import ma_mask
from pgig.pose.body_masks import capsule_mask, disc_mask
from pgig.pose.discs import disc_indices, disc_maps
from pgig.pose.files import add_visibility
from pgig.pose.geometry import geometry_dtype
from pgig.pose.maps import heat_maps, peaks
from tests.golden.evaluation_parts.classic import mask_with_todays_polygons

# Keypoints and pictures of each part; "df" and "fashion" are the same people.
PEOPLE = {"market": "market", "df": "fashion_256", "fashion": "fashion_256"}
SIZES = {"market": (128, 64), "df": (256, 256), "fashion": (256, 256)}
X_OFFSET = 40

# Pixels a person that single precision may put on the other side of an open disc's border.
CAPSULE_TOLERANCE = {"float64": 0, "float32": 2}


@pytest.fixture(scope="module")
def pose_arrays(golden):
    with np.load(golden("pose.npz", system="pg2")) as file:
        return {name: file[name] for name in file.files}


@pytest.fixture(scope="module")
def pose_people(golden):
    """Keypoints (P, 18, 3) y, x, visible of each group of people."""
    groups = json.loads(golden("pose_keypoints.json", system="pg2").read_text())
    return {name: add_visibility(np.array(points)) for name, points in groups.items()}


def unpacked(bits, shape):
    """Arrays of bits (P, *shape), bool."""
    return np.unpackbits(bits, axis=1, count=int(np.prod(shape))).reshape(-1, *shape).astype(bool)


def named(arrays, pattern):
    """(array, groups of the pattern) for each name that matches; at least one."""
    matches = [(arrays[name], re.fullmatch(pattern, name)) for name in arrays]
    found = [(array, match.groups()) for array, match in matches if match]
    assert found, f"pose.npz holds nothing named like {pattern}"
    return found


def test_every_array_is_compared(pose_arrays):
    patterns = (
        r"hpt_(market|fashion)_(map_s\d+|map_sum|mask)", r"hpt_fashion_offset_keypoints", r"eval_ma_mask_market",
        r"map_to_cord_market", r"pg2_(market|df)_(pose|mask)_r\d+", r"pg2_market_indices_r\d+_person\d+",
        r"pg2_market_shape",
    )  # fmt: skip
    assert [name for name in pose_arrays if not any(re.fullmatch(p, name) for p in patterns)] == []


@pytest.mark.parametrize("part", ["market", "fashion"])
def test_gaussian_maps(pose_arrays, pose_people, part):
    maps = ops.convert_to_numpy(heat_maps(pose_people[PEOPLE[part]], SIZES[part], form="gaussian"))
    for expected, (stride,) in named(pose_arrays, rf"hpt_{part}_map_s(\d+)"):
        np.testing.assert_allclose(maps[:, :: int(stride), :: int(stride)], expected, rtol=0, atol=1e-6)
    expected = pose_arrays[f"hpt_{part}_map_sum"]
    sums = maps.astype(np.float64).sum(axis=(1, 2))
    np.testing.assert_allclose(sums, expected, rtol=0, atol=1e-5 * expected.max())


def test_joints_found_again_in_gaussian_maps(pose_arrays, pose_people):
    found = peaks(heat_maps(pose_people["market"], SIZES["market"], form="gaussian"))
    np.testing.assert_array_equal(ops.convert_to_numpy(found)[..., :2], pose_arrays["map_to_cord_market"])


def test_annotations_read_with_an_offset(pose_arrays, pose_people):
    moved = shifted(pose_people["fashion_176"], SimpleNamespace(y_offset=0, x_offset=X_OFFSET))
    np.testing.assert_array_equal(moved, pose_people["fashion_256"])

    # The original moves the column of a missing joint too, and goes by its row.
    expected = add_visibility(pose_arrays["hpt_fashion_offset_keypoints"])
    np.testing.assert_array_equal(moved, expected)


@pytest.mark.parametrize("part", ["market", "fashion"])
def test_mask_of_human_pose_transfer(pose_arrays, pose_people, part):
    people, size = pose_people[PEOPLE[part]], SIZES[part]
    masks = ops.convert_to_numpy(capsule_mask(people, size))[..., 0]
    expected = unpacked(pose_arrays[f"hpt_{part}_mask"], size)
    different = np.count_nonzero(masks != expected, axis=(1, 2))
    assert different.max() <= CAPSULE_TOLERANCE[geometry_dtype()]


def test_mask_of_the_scores(pose_arrays, pose_people):
    size = SIZES["market"]
    expected = unpacked(pose_arrays["eval_ma_mask_market"], size)
    people = pose_people["market"][: len(expected)]

    # The array was made with a scikit-image whose polygons own their right and lower border. Ours do not, as those
    # of the scikit-image that the published scores were made with: the masks lack such border pixels alone.
    today = np.stack([mask_with_todays_polygons(pose, size) for pose in people])
    np.testing.assert_array_equal(today, expected)
    masks = ma_mask(people, size)
    assert not (masks & ~expected).any()
    assert not (expected & ~maximum_filter(masks, (1, 3, 3))).any()
    assert (expected & ~masks).sum() < 0.02 * expected.sum()


@pytest.mark.parametrize("part", ["market", "df"])
def test_disc_maps_of_the_authors(pose_arrays, pose_people, part):
    people, size = pose_people[PEOPLE[part]], SIZES[part]
    for bits, (radius,) in named(pose_arrays, rf"pg2_{part}_pose_r(\d+)"):
        maps = ops.convert_to_numpy(disc_maps(people, size, int(radius)))
        np.testing.assert_array_equal(maps, np.where(unpacked(bits, (*size, 18)), 1.0, -1.0))


def test_disc_indices_of_the_authors(pose_arrays, pose_people):
    size = SIZES["market"]
    for expected, (radius, person) in named(pose_arrays, r"pg2_market_indices_r(\d+)_person(\d+)"):
        indices = disc_indices(pose_people["market"][int(person)], size, int(radius))
        np.testing.assert_array_equal(indices, expected)
    assert pose_arrays["pg2_market_shape"] == np.prod((*size, 18))


@pytest.mark.parametrize("part", ["market", "df"])
def test_masks_of_the_authors(pose_arrays, pose_people, part):
    people, size = pose_people[PEOPLE[part]], SIZES[part]
    for bits, (radius,) in named(pose_arrays, rf"pg2_{part}_mask_r(\d+)"):
        masks = ops.convert_to_numpy(disc_mask(people, size, int(radius)))
        np.testing.assert_array_equal(masks[..., 0], unpacked(bits, size))
