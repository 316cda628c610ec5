"""Pose section of the golden data: transforms, masks, drawings, stick figures, heat maps, validity."""

import numpy as np
import pytest
from keras import backend, ops

from pgig.pose.affine import NO_POINT
from pgig.pose.check import is_valid
from pgig.pose.draw import draw_skeleton
from pgig.pose.files import add_visibility
from pgig.pose.limbs import body_transform, limb_masks, limb_transforms
from pgig.pose.maps import heat_maps, peaks
from pgig.pose.stick import stick_figure

SIZES = {"market": (128, 64), "fasion": (256, 256), "sq128": (128, 128)}


@pytest.fixture(scope="module")
def pose(golden):
    with np.load(golden("pose.npz")) as file:
        return {name: file[name] for name in file.files}


@pytest.fixture(params=SIZES)
def cases(request, pose):
    """Arrays of one picture size, without their prefix, and that size; keypoints with visibility."""
    prefix = request.param + "_"
    arrays = {name.removeprefix(prefix): array for name, array in pose.items() if name.startswith(prefix)}
    assert len(arrays["kp_to"]) > 0
    arrays["kp_from"], arrays["kp_to"] = add_visibility(arrays["kp_from"]), add_visibility(arrays["kp_to"])
    return arrays, SIZES[request.param]


@pytest.fixture
def double_precision():
    """JAX computes in float64 only when told to."""
    if backend.backend() != "jax":
        yield
        return
    import jax

    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)


def compiled(function):
    """JAX would otherwise compile every operation by itself, which takes longer than the whole."""
    if backend.backend() != "jax":
        return function
    import jax

    return jax.jit(function)


def unpack(bits, size):
    return np.unpackbits(bits, axis=-1).reshape(*bits.shape[:-1], *size).astype(bool)


def assert_transforms_equal(ours, expected):
    """1e-8 of a row's largest entry; where the original's row is meaningless (NaN), ours is `NO_POINT`."""
    ours = ops.convert_to_numpy(ours)
    assert ours.dtype == np.float64 and ours.shape == expected.shape
    degenerate = np.isnan(expected).any(-1)
    np.testing.assert_array_equal(ours[degenerate], np.tile(NO_POINT, (degenerate.sum(), 1)))
    scale = np.abs(expected[~degenerate]).max(-1, keepdims=True)
    assert np.max(np.abs(ours[~degenerate] - expected[~degenerate]) / scale, initial=0) <= 1e-8


def test_every_array_is_compared(pose):
    known = {
        "kp_from", "kp_to", "tag", "affine_transforms", "uniform_transform", "pose_masks_bits", "stickman_x2",
        "ma_mask_bits", "draw_colors", "draw_mask_bits", "heatmap_sums", "heatmap_samples", "map_to_cord",
    }  # fmt: skip
    assert set(pose) == {f"{size}_{name}" for size in SIZES for name in known} | {"valid_kp", "valid"}


def test_limb_transforms(cases, double_precision):
    arrays, _ = cases
    function = compiled(lambda source, target: limb_transforms(source, target, dtype="float64"))
    ours = function(arrays["kp_from"], arrays["kp_to"])
    assert_transforms_equal(ours, arrays["affine_transforms"])


def test_body_transform(cases, double_precision):
    arrays, _ = cases
    function = compiled(lambda source, target: body_transform(source, target, dtype="float64"))
    ours = function(arrays["kp_from"], arrays["kp_to"])
    assert_transforms_equal(ours, arrays["uniform_transform"])


def test_limb_masks(cases, double_precision):
    arrays, size = cases
    expected = unpack(arrays["pose_masks_bits"], size)
    ours = ops.convert_to_numpy(compiled(lambda target: limb_masks(target, size))(arrays["kp_to"]))
    assert ours.shape == expected.shape and ours.dtype == np.float32
    assert np.max(np.sum(ours != expected, axis=(-2, -1))) <= 2


def test_stick_figure(cases, double_precision):
    arrays, size = cases
    ours = ops.convert_to_numpy(compiled(lambda target: stick_figure(target, size))(arrays["kp_to"]))
    assert np.max(np.sum(2 * ours != arrays["stickman_x2"], axis=(1, 2))) <= 2


def test_draw_skeleton(cases):
    arrays, size = cases
    masks = unpack(arrays["draw_mask_bits"], size)
    for keypoints, picture, mask in zip(arrays["kp_to"], arrays["draw_colors"], masks, strict=True):
        ours, drawn = draw_skeleton(keypoints, size)
        np.testing.assert_array_equal(ours, picture)
        np.testing.assert_array_equal(drawn, mask)


def test_heat_maps(cases):
    arrays, size = cases
    maps = ops.convert_to_numpy(heat_maps(arrays["kp_to"], size))
    np.testing.assert_allclose(maps[:, 3::16, 5::16], arrays["heatmap_samples"], rtol=0, atol=1e-6)
    sums = maps.sum((1, 2), dtype=np.float64)
    np.testing.assert_allclose(sums, arrays["heatmap_sums"], rtol=1e-6, atol=1e-6)


def test_peaks(cases):
    arrays, size = cases
    found = ops.convert_to_numpy(peaks(heat_maps(arrays["kp_to"], size)))
    np.testing.assert_array_equal(found, add_visibility(arrays["map_to_cord"]))


def test_is_valid(pose):
    np.testing.assert_array_equal(is_valid(add_visibility(pose["valid_kp"])), pose["valid"])
