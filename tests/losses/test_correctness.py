"""Sampling correctness against its definition in float64, whatever the blocks, and in the corners."""

import numpy as np
import pytest

from pgig.errors import OptionsError
from pgig.losses.correctness import sampling_correctness
from tests.gradients import value_and_gradient

RANDOM = np.random.default_rng(0)
# As after a ReLU: not negative, and one position of each map is nought.
TARGET, SOURCE = np.maximum(RANDOM.normal(size=(2, 2, 6, 5, 4)), 0).astype("float32")
TARGET[0, 1, 2] = SOURCE[1, 3, 4] = 0
FLOW = RANDOM.uniform(-4, 4, (2, 6, 5, 2)).astype("float32")


def plain(target, source, flow, weights=None):
    """The definition, position by position."""
    batch, height, width, _ = target.shape
    losses = np.zeros((batch, height, width))
    for b, y, x in np.ndindex(batch, height, width):
        wanted = target[b, y, x]
        best = max(_cosine(wanted, other, 1e-8) for other in source[b].reshape(-1, target.shape[-1]))
        found = _read(source[b], y + flow[b, y, x, 1], x + flow[b, y, x, 0])
        losses[b, y, x] = np.exp(-_cosine(found, wanted, 0) / (best + 1e-8)) - np.exp(-1)
    weights = np.ones_like(losses) if weights is None else weights
    return (weights * losses).sum() / weights.sum()


def _cosine(a, b, epsilon):
    lengths = (np.linalg.norm(a) + epsilon) * (np.linalg.norm(b) + epsilon)
    return a @ b / max(lengths, 1e-8)


def _read(picture, y, x):
    """4 x 4 pixels around a position, by their distance."""
    total, weights = 0.0, 0.0
    for row in np.floor(y) + np.arange(-1, 3):
        for column in np.floor(x) + np.arange(-1, 3):
            weight = np.exp(-((row - y) ** 2 + (column - x) ** 2) / 8)
            inside = int(np.clip(row, 0, picture.shape[0] - 1)), int(np.clip(column, 0, picture.shape[1] - 1))
            total, weights = total + weight * picture[inside], weights + weight
    return total / weights


@pytest.mark.parametrize("block", [1, 7, 30, 256])
def test_is_its_definition_whatever_the_blocks(block):
    value, slope = value_and_gradient(lambda x: sampling_correctness(TARGET, SOURCE, x, block), FLOW)
    target, source, flow = (x.astype(float) for x in (TARGET, SOURCE, FLOW))
    assert value == pytest.approx(plain(target, source, flow), rel=1e-5)
    step = np.random.default_rng(1).normal(size=flow.shape)
    ends = [plain(target, source, flow + 1e-6 * sign * step) for sign in (1, -1)]
    assert np.sum(slope * step) == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-3, abs=1e-6)


def test_a_flow_that_finds_the_same_costs_least():
    """Maps without detail are found anywhere; that costs nothing, and no flow is better."""
    flat = np.broadcast_to(np.float32([1, 2, 3, 4]), TARGET.shape)
    value, slope = value_and_gradient(lambda x: sampling_correctness(flat, 5 * flat, x), FLOW)
    assert abs(value) < 1e-6 and np.abs(slope).max() < 1e-6


def test_maps_of_nothing_have_no_gradient():
    value, slope = value_and_gradient(lambda x: sampling_correctness(0 * TARGET, 0 * SOURCE, x), FLOW)
    assert value == pytest.approx(1 - np.exp(-1)) and not slope.any()


def test_coarse_and_fine_flows_are_brought_to_the_size_of_the_maps():
    coarse = FLOW[:, ::3, ::5]
    fine = np.repeat(np.repeat(FLOW, 2, axis=1), 3, axis=2)
    for flow, same in ((coarse, np.repeat(np.repeat(coarse, 3, axis=1), 5, axis=2)), (fine, FLOW)):
        first, slope = value_and_gradient(lambda x: sampling_correctness(TARGET, SOURCE, x), flow)
        second, _ = value_and_gradient(lambda x: sampling_correctness(TARGET, SOURCE, x), same)
        assert first == second and slope.shape == flow.shape and slope.any()


def test_only_what_the_mask_covers_counts():
    mask = np.zeros((2, 12, 10, 1), "float32")
    mask[:, :6] = 1
    value, slope = value_and_gradient(lambda x: sampling_correctness(TARGET, SOURCE, x, mask=mask), FLOW)
    weights = np.broadcast_to(np.arange(6)[:, None] < 3, (2, 6, 5)).astype(float)
    assert value == pytest.approx(plain(TARGET.astype(float), SOURCE.astype(float), FLOW, weights), rel=1e-5)
    assert slope[:, :3].any() and not slope[:, 3:].any()


def test_bilinear_reading_sees_nothing_outside():
    flow = np.full_like(FLOW, 50)
    value, slope = value_and_gradient(lambda x: sampling_correctness(TARGET, SOURCE, x, sampling="bilinear"), flow)
    assert value == pytest.approx(1 - np.exp(-1)) and not slope.any()


def test_another_sampling_is_refused():
    with pytest.raises(OptionsError, match="gaussian or bilinear"):
        sampling_correctness(TARGET, SOURCE, FLOW, sampling="nearest")
