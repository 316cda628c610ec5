import keras
import numpy as np
import pytest

from pgig.errors import OptionsError
from pgig.layers import SpatialTransformer

IDENTITY = np.array([[1, 0, 0, 0, 1, 0]], "float32")


def _map(height=4, width=3):
    return np.random.default_rng(0).normal(size=(1, height, width, 2)).astype("float32")


def test_textbook_form_is_the_identity_at_the_identity():
    x = _map()
    y = SpatialTransformer(align="corners")([x, IDENTITY])
    np.testing.assert_allclose(keras.ops.convert_to_numpy(y), x, atol=1e-6)


def test_textbook_form_reads_zeros_outside():
    x = np.ones((1, 3, 5, 1), "float32")
    one_column_to_the_right = np.array([[1, 0, 0.5, 0, 1, 0]], "float32")
    y = keras.ops.convert_to_numpy(SpatialTransformer(align="corners")([x, one_column_to_the_right]))
    np.testing.assert_allclose(y[0, 0, :, 0], [1, 1, 1, 1, 0], atol=1e-6)


def test_original_form_loses_the_last_row_and_column_at_the_identity():
    y = keras.ops.convert_to_numpy(SpatialTransformer()([_map(), IDENTITY]))
    assert np.abs(y[:, -1]).max() < 1e-5 and np.abs(y[:, :, -1]).max() < 1e-5


def test_positions_stay_float32_under_mixed_precision():
    x = _map(128, 64)
    exact = keras.ops.convert_to_numpy(SpatialTransformer()([x, IDENTITY]))
    layer = SpatialTransformer(dtype="mixed_bfloat16")
    half = layer([x, IDENTITY])
    assert keras.backend.standardize_dtype(half.dtype) == "bfloat16"
    np.testing.assert_allclose(keras.ops.convert_to_numpy(keras.ops.cast(half, "float32")), exact, atol=0.05)


def test_symbolic_shape_and_config_round_trip():
    layer = SpatialTransformer(align="corners", name="stn")
    assert layer([keras.Input((8, 4, 5)), keras.Input((6,))]).shape == (None, 8, 4, 5)
    assert SpatialTransformer.from_config(layer.get_config()).get_config() == layer.get_config()


def test_unknown_alignment_is_refused():
    with pytest.raises(OptionsError, match="original or corners"):
        SpatialTransformer(align="middle")
