import keras
import numpy as np
import pytest
from keras import ops

from pgig.errors import OptionsError
from pgig.layers.resample2d import Resample2D, resample2d
from tests.gradients import value_and_gradient


def _source(height=1, width=6):
    return np.random.default_rng(0).normal(size=(1, height, width, 1)).astype("float32")


def _read(source, x, y=0.0, **window):
    flow = np.float32([[[[x, y]]]])
    return float(resample2d(ops.convert_to_tensor(source), ops.convert_to_tensor(flow), **window)[0, 0, 0, 0])


def _expected(values, x, pixels, sigma):
    weights = np.exp(-((np.array(pixels) - x) ** 2) / (2 * sigma**2))
    return (weights * values[np.clip(pixels, 0, len(values) - 1)]).sum() / weights.sum()


@pytest.mark.parametrize(
    ("window", "steps"),
    [
        ({"kernel": 2, "sigma": 5.0}, (0, 1)),
        ({"kernel": 3, "sigma": 5.0}, (0, 1)),
        ({"kernel": 4, "sigma": 2.0}, (-1, 0, 1, 2)),
        ({"kernel": 4, "dilation": 2, "sigma": 1.5}, (-2, 0, 2, 4)),
    ],
)
@pytest.mark.parametrize("x", [2.0, 2.25, -0.5, 5.75])
def test_a_window_is_a_mean_with_gaussian_weights(window, steps, x):
    source = _source()
    pixels = [int(np.floor(x)) + step for step in steps]
    expected = _expected(source[0, 0, :, 0], x, pixels, window["sigma"])
    assert _read(source, x, **window) == pytest.approx(expected, abs=1e-5)


def test_slope_of_the_flow_is_that_of_the_mean():
    source, step = _source().astype("float64"), 1e-6
    values = source[0, 0, :, 0]
    for x in (2.25, -0.5, 4.75):
        pixels = int(np.floor(x)) + np.array([-1, 0, 1, 2])
        expected = (_expected(values, x + step, pixels, 2) - _expected(values, x - step, pixels, 2)) / (2 * step)
        flow = np.array([[[[x, 0]]]])
        _, slope = value_and_gradient(lambda f: resample2d(ops.convert_to_tensor(source), f, kernel=4, sigma=2.0), flow)
        np.testing.assert_allclose(slope[0, 0, 0], [expected, 0], atol=1e-5)


def test_far_away_there_is_the_border_and_no_slope():
    source = _source()
    for x, value in ((1e30, source[0, 0, -1, 0]), (-np.inf, source[0, 0, 0, 0])):
        flow = np.float32([[[[x, 0]]]])
        out, slope = value_and_gradient(lambda f: resample2d(ops.convert_to_tensor(source), f, 4, 1, 2.0), flow)
        np.testing.assert_allclose(out.ravel(), value, rtol=1e-6)
        np.testing.assert_allclose(slope, 0, atol=1e-6)


def test_without_a_width_only_the_pixel_itself_counts():
    source = _source()
    assert _read(source, 2.0, sigma=0.0) == pytest.approx(float(source[0, 0, 2, 0]))
    assert _read(source, 2.5, sigma=0.0) == 0


def test_layer_survives_saving_and_keeps_positions_precise(tmp_path):
    inputs = [keras.Input((4, 6, 1)), keras.Input((4, 6, 2))]
    model = keras.Model(inputs, Resample2D(4, sigma=2.0, dtype="mixed_bfloat16")(inputs))
    assert model.output_shape == (None, 4, 6, 1)
    model.save(tmp_path / "model.keras")
    source, flow = np.round(_source(4)), np.full((1, 4, 6, 2), 0.25, "float32")
    found = keras.models.load_model(tmp_path / "model.keras")([source, flow])
    expected = resample2d(ops.convert_to_tensor(source), ops.convert_to_tensor(flow), 4, 1, 2.0)
    assert keras.backend.standardize_dtype(found.dtype) == "bfloat16"
    np.testing.assert_allclose(*(ops.convert_to_numpy(ops.cast(x, "float32")) for x in (found, expected)), atol=0.02)


@pytest.mark.parametrize("window", [{"kernel": 1}, {"dilation": 0}, {"sigma": -1.0}, {"kernel": 2.0}])
def test_an_empty_window_is_refused(window):
    with pytest.raises(OptionsError, match="cannot be sampled"):
        Resample2D(**window)
