"""Pictures of flow fields, masks, regions and attention."""

import numpy as np
import pytest
from keras import ops

from pgig.evaluate.values import to_grid_pixels
from pgig.methods.pictures import (
    attended_picture,
    attention_picture,
    flow_picture,
    grey_picture,
    part_picture,
)


def pixels(image):
    return to_grid_pixels(ops.convert_to_numpy(image))


@pytest.fixture
def random():
    return np.random.default_rng(0)


def test_directions_have_their_hues_and_rest_is_white():
    flow = np.float32([[[[0, 0], [0, 2], [2, 0], [0, -2], [-2, 0]]]])
    white, down, right, up, left = pixels(flow_picture(flow))[0, 0].astype(int)
    assert (white == 255).all()
    assert down[0] >= 254 and down[1] < 2 and down[2] < 2
    assert right[0] >= 254 and right[1] > 200 and right[2] < 2
    assert up[0] < 2 and up[1] > 200 and up[2] >= 254
    assert 50 < left[0] < 120 and left[1] < 2 and left[2] >= 254


def test_every_sample_has_its_own_longest_flow(random):
    flow = random.standard_normal((2, 5, 4, 2)).astype(np.float32)
    scaled = flow * np.float32([1, 100]).reshape(2, 1, 1, 1)
    # 1e-5 pixels keep a field of nothing from a division by nothing.
    np.testing.assert_allclose(flow_picture(flow), flow_picture(scaled), atol=1e-4)
    assert (pixels(flow_picture(np.zeros((1, 2, 2, 2)))) == 255).all()


def test_hues_go_round():
    angles = np.linspace(0, 2 * np.pi, 721)
    flow = np.stack([np.cos(angles), np.sin(angles)], -1)[None, None].astype(np.float32)
    colours = ops.convert_to_numpy(flow_picture(flow))[0, 0]
    # The original's wheel does not close: a step of the last and coarsest hues is left at the seam.
    jumps = np.sort(np.abs(np.diff(colours, axis=0)).max(axis=1))
    assert jumps[-2] < 0.1 and jumps[-1] < 2 / 5
    assert len(np.unique(colours.round(3), axis=0)) > 360


def test_grey_has_ends():
    grey = pixels(grey_picture(np.float32([-3, 0, 1, 2, 9]).reshape(1, 1, 5, 1), 0.0, 2.0))
    np.testing.assert_array_equal(grey[0, 0], np.repeat([[0], [0], [127], [255], [255]], 3, axis=1))


def test_parts_differ_and_mix_where_they_meet():
    masks = np.zeros((1, 9, 2, 9), np.float32)
    masks[0, range(9), 0, range(9)] = 1
    masks[0, :2, 1, 0] = 1
    seen = pixels(part_picture(masks))[0].astype(int)
    assert len(np.unique(seen[0], axis=0)) == 9 and (seen[1, 1:] == 0).all()
    np.testing.assert_allclose(seen[1, 0], (seen[0, 0] + seen[0, 1]) / 2, atol=1)


@pytest.mark.parametrize("kernel", [3, 5])
def test_attention_is_a_square_a_position(random, kernel):
    weights = random.dirichlet(np.ones(kernel**2), (2, 4, 3)).astype(np.float32)
    seen = ops.convert_to_numpy(attention_picture(weights))
    assert seen.shape == (2, 4 * kernel, 3 * kernel, 3)
    squares = (((seen[..., 0] + 1) / 2) ** 2).reshape(2, 4, kernel, 3, kernel).swapaxes(2, 3)
    np.testing.assert_allclose(squares.reshape(weights.shape), weights, atol=1e-5)


@pytest.mark.parametrize("kernel", [3, 5])
def test_attention_reads_the_source_where_it_looks(random, kernel):
    """All weight on one sample: the picture of half the size, moved by flow and sample together."""
    image = random.uniform(-1, 1, (1, 20, 16, 3)).astype(np.float32)
    small = image.reshape(1, 10, 2, 8, 2, 3).mean((2, 4))
    weights = np.zeros((1, 10, 8, kernel**2), np.float32)
    weights[..., 1] = 1  # Row 0, column 1 of the patch.
    flow = np.broadcast_to(np.float32([1, 2]), (1, 10, 8, 2))
    found = ops.convert_to_numpy(attended_picture(image, flow, weights))
    rows = np.clip(np.arange(10) + 2 - kernel // 2, 0, 9)
    columns = np.clip(np.arange(8) + 1 + 1 - kernel // 2, 0, 7)
    np.testing.assert_allclose(found, small[:, rows][:, :, columns], atol=1e-6)


def test_attention_mixes_by_its_weights(random):
    weights = random.dirichlet(np.ones(9), (1, 6, 5)).astype(np.float32)
    flow = random.uniform(-3, 3, (1, 6, 5, 2)).astype(np.float32)
    plain = np.full((1, 6, 5, 3), np.float32([-0.5, 0, 0.25]))
    np.testing.assert_allclose(attended_picture(plain, flow, weights), plain, atol=1e-6)
