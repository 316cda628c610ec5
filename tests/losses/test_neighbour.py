import keras
import numpy as np
import pytest

from pgig.errors import OptionsError
from pgig.losses.neighbour import NearestNeighbourLoss, nearest_neighbour_map, reconstruction_distance
from tests.gradients import value_and_gradient


def _reference_map(reference, generated, area):
    """Distance map and gradient of its sum, all shifts side by side in numpy."""
    margin, (_, height, width, _) = area // 2, reference.shape
    padded = np.pad(reference, ((0, 0), (margin, margin), (margin, margin), (0, 0)), constant_values=-10000)
    gaps = np.stack([
        generated - padded[:, y : y + height, x : x + width] for y in range(area) for x in range(area)
    ])  # fmt: skip
    distances = np.abs(gaps).sum(axis=-1)
    nearest = (distances == distances.min(axis=0))[..., None]
    return distances.min(axis=0), (nearest * np.sign(gaps)).sum(axis=0) / nearest.sum(axis=0)


@pytest.mark.parametrize("levels", [None, 8, 2])
@pytest.mark.parametrize("area", [1, 3, 5])
def test_equals_all_shifts_side_by_side_with_and_without_ties(area, levels):
    reference, generated = np.random.default_rng(0).uniform(0, 1, (2, 2, 6, 5, 3)).astype("float32")
    if levels:
        reference, generated = (np.floor(x * levels) / levels for x in (reference, generated))
    value, slope = value_and_gradient(lambda x: nearest_neighbour_map(reference, x, area), generated)
    expected_value, expected_slope = _reference_map(reference, generated, area)

    np.testing.assert_allclose(value, expected_value, atol=1e-5)
    np.testing.assert_allclose(slope, expected_slope, atol=1e-6)


def test_equal_pictures_have_no_distance_and_no_gradient():
    x = np.zeros((1, 4, 4, 2), "float32")
    for area in (1, 3):
        value, slope = value_and_gradient(lambda y, n=area: reconstruction_distance(x, y, n), x)
        assert value == 0 and not slope.any()


def test_window_of_one_is_the_mean_and_larger_ones_sum_channels():
    a, b = np.zeros((1, 4, 4, 2), "float32"), np.ones((1, 4, 4, 2), "float32")
    assert float(reconstruction_distance(a, b, 1)) == 1
    assert float(reconstruction_distance(a, b, 3)) == 2


@pytest.mark.parametrize("area", [0, 2, -1, 3.0])
def test_windows_without_a_centre_are_refused(area):
    with pytest.raises(OptionsError, match="odd number"):
        NearestNeighbourLoss(area)


def test_layer_is_float32_and_round_trips():
    layer = NearestNeighbourLoss(3, dtype="mixed_bfloat16", name="n")
    x = np.zeros((1, 4, 4, 2), "float32")
    assert keras.backend.standardize_dtype(layer([x, x]).dtype) == "float32"
    assert layer([keras.Input((4, 4, 2)), keras.Input((4, 4, 2))]).shape == (None, 4, 4)
    assert NearestNeighbourLoss.from_config(layer.get_config()).get_config() == layer.get_config()
