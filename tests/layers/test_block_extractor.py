import keras
import numpy as np
import pytest
from keras import ops

from pgig.errors import OptionsError
from pgig.layers.block_extractor import BlockExtractor, block_extractor
from tests.gradients import value_and_gradient


def _source(height=4, width=5, channels=2):
    return np.random.default_rng(0).normal(size=(1, height, width, channels)).astype("float32")


def _extract(source, flow, kernel):
    return ops.convert_to_numpy(block_extractor(ops.convert_to_tensor(source), ops.convert_to_tensor(flow), kernel))


def _flow(height, width, x=0.0, y=0.0):
    return np.broadcast_to(np.float32([x, y]), (1, height, width, 2)).copy()


@pytest.mark.parametrize("kernel", [1, 3, 4])
def test_whole_steps_copy_pixels_and_repeat_the_border(kernel):
    source = _source()
    patches = _extract(source, _flow(3, 2, x=1, y=-1), kernel)
    for y, x, a, b in np.ndindex(3, 2, kernel, kernel):
        row, column = y - 1 + a - kernel // 2, x + 1 + b - kernel // 2
        expected = source[0, np.clip(row, 0, 3), np.clip(column, 0, 4)]
        np.testing.assert_array_equal(patches[0, kernel * y + a, kernel * x + b], expected)


def test_between_pixels_the_four_around_are_mixed():
    source = _source()
    (value,) = _extract(source, np.float32([[[[1.25, 2.5]]]]), 1)[0, 0]
    top, bottom = (0.75 * source[0, row, 1] + 0.25 * source[0, row, 2] for row in (2, 3))
    np.testing.assert_allclose(value, (top + bottom) / 2, rtol=1e-5)


def test_the_slope_at_a_pixel_is_that_to_the_right_and_none_beyond_the_border():
    source = _source(1, 4, 1)
    values = source[0, 0, :, 0]
    for place, expected in ((1.0, values[2] - values[1]), (3.0, 0), (-0.5, 0), (7.25, 0), (1e30, 0), (-np.inf, 0)):
        flow = np.float32([[[[place, 0]]]])
        _, slope = value_and_gradient(lambda x: block_extractor(ops.convert_to_tensor(source), x, 1), flow)
        assert slope[0, 0, 0, 0] == pytest.approx(expected) and slope[0, 0, 0, 1] == 0


@pytest.mark.parametrize(("place", "column"), [(1e30, 4), (-1e30, 0), (np.inf, 4), (-np.inf, 0)])
def test_any_distance_reads_the_border(place, column):
    source = _source()
    patches = _extract(source, _flow(4, 5, x=place), 3)
    rows = np.clip(np.arange(4)[:, None] + np.arange(3) - 1, 0, 3).ravel()
    expected = np.broadcast_to(source[:, rows, column][:, :, None], (1, 12, 15, 2))
    np.testing.assert_array_equal(patches, expected)


def test_what_is_not_a_number_stays_in_its_patch():
    flow = _flow(4, 5)
    flow[0, 1, 2, 0] = np.nan
    patches = _extract(_source(), flow, 3)
    assert np.isnan(patches[0, 3:6, 6:9]).all()
    patches[0, 3:6, 6:9] = 0
    assert np.isfinite(patches).all()


def test_layer_knows_its_shape_and_keeps_positions_precise(tmp_path):
    inputs = [keras.Input((4, 5, 2)), keras.Input((3, 2, 2))]
    layer = BlockExtractor(3, dtype="mixed_bfloat16")
    model = keras.Model(inputs, layer(inputs))
    assert model.output_shape == (None, 9, 6, 2)
    model.save(tmp_path / "model.keras")
    source, flow = np.float32(np.round(_source())), _flow(3, 2, x=1.25)
    found = keras.models.load_model(tmp_path / "model.keras")([source, flow])
    assert keras.backend.standardize_dtype(found.dtype) == "bfloat16"
    np.testing.assert_allclose(ops.convert_to_numpy(ops.cast(found, "float32")), _extract(source, flow, 3), atol=0.02)


@pytest.mark.parametrize("kernel", [0, 1.5])
def test_an_empty_patch_is_refused(kernel):
    with pytest.raises(OptionsError, match="from 1 on"):
        BlockExtractor(kernel)
