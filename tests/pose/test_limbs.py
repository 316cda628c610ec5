"""Limb masks and transforms: missing limbs, mirror sides, compiled use."""

import numpy as np
import pytest
from keras import ops

from pgig.pose.affine import NO_POINT
from pgig.pose.geometry import geometry_dtype
from pgig.pose.limbs import body_transform, limb_masks, limb_transforms

SIZE = (128, 64)


@pytest.fixture(scope="module")
def transforms(compiled):
    """`limb_transforms`, compiled, from numpy to numpy."""
    function = compiled(limb_transforms, 2)
    return lambda source, target: ops.convert_to_numpy(function(source, target))


@pytest.fixture(scope="module")
def masks(compiled):
    """`limb_masks`, compiled, from numpy to numpy."""
    function = compiled(lambda keypoints: limb_masks(keypoints, SIZE), 1)
    return lambda target: ops.convert_to_numpy(function(target))


def no_point(rows):
    """Indices of the regions that read nothing, for a batch of one."""
    return np.flatnonzero((rows[0] == np.array(NO_POINT, "float32")).all(-1)).tolist()


def test_a_pose_is_carried_onto_itself_by_the_identity(standing, transforms):
    identity = np.tile([1, 0, 0, 0, 1, 0, 0, 0], (1, 10, 1))
    np.testing.assert_allclose(transforms(standing[None], standing[None]), identity, atol=2e-4)
    whole = ops.convert_to_numpy(body_transform(standing[None], standing[None]))
    np.testing.assert_allclose(whole, identity[:, :1], atol=2e-4)


def test_transforms_lead_from_target_to_source(standing, transforms):
    source = standing.copy()
    source[:, :2] += (3, 5)
    rows = transforms(source[None], standing[None])
    np.testing.assert_allclose(rows[0, :, [2, 5]], np.tile([[5], [3]], 10), atol=2e-3)


def test_masks_cover_the_limbs(standing, masks):
    regions = masks(standing[None])[0]
    assert regions.shape == (10, *SIZE) and regions.dtype == np.float32 and set(np.unique(regions)) == {0, 1}
    assert regions[0].all()
    assert regions[1, 19, 37] and regions[2, 72, 41] and regions[9, 50, 21]
    assert 0 < regions[2:].sum((1, 2)).min() and regions[2:].sum((1, 2)).max() < SIZE[0] * SIZE[1] / 8


def test_a_limb_missing_in_the_target_is_empty(standing, transforms, masks):
    target = standing.copy()
    target[9, 2] = 0
    assert np.flatnonzero(~masks(target[None])[0].any((1, 2))).tolist() == [2, 4]
    assert no_point(transforms(standing[None], target[None])) == [2, 4]


def test_a_limb_missing_in_the_source_is_taken_from_the_other_side(standing, transforms):
    source, swapped = standing.copy(), standing.copy()
    source[4, 2] = 0
    swapped[[3, 4]] = standing[[6, 7]]
    ours, expected = transforms(source[None], standing[None]), transforms(swapped[None], standing[None])
    np.testing.assert_allclose(ours[0, 8], expected[0, 8], rtol=1e-4)

    source[7, 2] = 0
    assert no_point(transforms(source[None], standing[None])) == [8, 9]


def test_a_head_without_joints_is_left_out(standing, transforms, masks):
    target = standing.copy()
    target[[0, 14, 15, 16, 17], 2] = 0
    assert no_point(transforms(standing[None], target[None])) == [1]
    assert not masks(target[None])[0, 1].any()


def test_two_joints_on_one_pixel_give_no_region(standing, transforms, masks):
    target = standing.copy()
    target[9] = target[8]
    assert no_point(transforms(standing[None], target[None])) == [2]
    assert masks(target[None])[0, 2].sum() <= 2


def test_coordinates_of_missing_joints_do_not_matter(crowd, transforms, masks):
    other = crowd.copy()
    other[other[..., 2] == 0, :2] = 1e9
    np.testing.assert_array_equal(transforms(crowd, crowd[::-1]), transforms(other, other[::-1]))
    np.testing.assert_array_equal(masks(crowd), masks(other))


@pytest.mark.parametrize("missing", [[2], [2, 8], [2, 11], [2, 5, 8, 11], list(range(18))])
def test_poses_that_are_not_valid_stay_finite(standing, transforms, masks, missing):
    broken = standing.copy()
    broken[missing, 2] = 0
    assert np.isfinite(transforms(broken[None], standing[None])).all()
    assert np.isfinite(transforms(standing[None], broken[None])).all()
    assert np.isfinite(masks(broken[None])).all()


def test_compiled_masks_are_the_same(crowd, masks):
    # Fused operations round differently: a pixel exactly on an edge may change sides.
    eager = ops.convert_to_numpy(limb_masks(crowd, SIZE))
    assert np.sum(masks(crowd) != eager, axis=(2, 3)).max() <= 3


def test_compiled_transforms_are_the_same(crowd, transforms):
    source, target = crowd, crowd[::-1].copy()
    eager = ops.convert_to_numpy(limb_transforms(source, target))
    scale = np.abs(eager).max(-1, keepdims=True)
    tolerance = 1e-6 if geometry_dtype() == "float64" else 1e-3
    assert eager.dtype == np.float32
    assert np.abs((transforms(source, target) - eager) / scale).max() <= tolerance


@pytest.mark.skipif(geometry_dtype() == "float64", reason="the back end computes in float64 anyway")
def test_single_precision_is_close_to_double(crowd):
    import jax

    source, target = crowd, crowd[::-1].copy()

    def both(source, target):
        return limb_transforms(source, target), limb_masks(target, SIZE)

    single = [np.asarray(result) for result in jax.jit(both)(source, target)]
    jax.config.update("jax_enable_x64", True)
    try:
        double = [np.asarray(result) for result in jax.jit(both)(source, target)]
    finally:
        jax.config.update("jax_enable_x64", False)
    scale = np.abs(double[0]).max(-1, keepdims=True)
    assert np.abs((single[0] - double[0]) / scale).max() <= 1e-3
    assert np.sum(single[1] != double[1], axis=(2, 3)).max() <= 4
