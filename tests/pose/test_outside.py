"""Poses with joints outside their picture: everything that draws them takes them, and draws the part inside."""

import numpy as np
import pytest
from keras import ops

from pgig.pose.body_masks import capsule_mask, disc_mask
from pgig.pose.discs import disc_maps
from pgig.pose.draw import draw_skeleton
from pgig.pose.limbs import body_transform, limb_masks, limb_transforms
from pgig.pose.maps import heat_maps
from pgig.pose.skeleton_picture import skeleton_picture
from pgig.pose.stick import stick_figure

SIZE = (64, 48)
LARGE = (3 * SIZE[0], 3 * SIZE[1])
BEFORE = np.float32([*SIZE, 0])


@pytest.fixture
def astray():
    """(8, 18, 3): joints up to one picture's size outside the picture, most of them in it."""
    random = np.random.default_rng(9)
    points = random.normal(0.5, 0.4, (8, 18, 2)).clip(-1, 2) * SIZE
    poses = np.concatenate([np.rint(points), np.ones((8, 18, 1))], axis=-1).astype(np.float32)
    assert 10 < ((poses[..., :2] < 0) | (poses[..., :2] >= SIZE)).any(-1).sum() < 100
    return poses


def inner(maps):
    """The middle of pictures three times as high and wide."""
    return ops.convert_to_numpy(maps)[..., SIZE[0] : 2 * SIZE[0], SIZE[1] : 2 * SIZE[1], :]


@pytest.mark.parametrize("form", ["gaussian", "staircase", "point"])
def test_maps_are_parts_of_larger_maps(astray, form):
    ours, larger = heat_maps(astray, SIZE, form), inner(heat_maps(astray + BEFORE, LARGE, form))
    np.testing.assert_allclose(ops.convert_to_numpy(ours), larger, rtol=0, atol=1e-6)
    assert larger.any()


def test_drawings_are_parts_of_larger_drawings(astray):
    for pose in astray:
        (ours, drawn), (larger, _) = draw_skeleton(pose, SIZE), draw_skeleton(pose + BEFORE, LARGE)
        np.testing.assert_array_equal(ours, inner(larger))
        assert drawn.any()
    discs = ops.convert_to_numpy(disc_maps(astray, SIZE))
    np.testing.assert_array_equal(discs, inner(disc_maps(astray + BEFORE, LARGE)))


def test_figures_and_masks_stay_finite(astray, compiled):
    for draw in (stick_figure, skeleton_picture, limb_masks, capsule_mask, disc_mask):
        drawn = ops.convert_to_numpy(compiled(lambda keypoints, draw=draw: draw(keypoints, SIZE), 1)(astray))
        assert np.isfinite(drawn).all() and drawn.any(), draw.__name__
    for fit in (limb_transforms, body_transform):
        assert np.isfinite(ops.convert_to_numpy(compiled(fit, 2)(astray, astray[::-1].copy()))).all()
