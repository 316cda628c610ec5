import keras
import numpy as np
import pytest

from pgig.layers import UpConv2D
from pgig.layers.upconv import sub_pixel


def test_equals_the_transposed_convolution_of_keras():
    x = np.random.default_rng(0).normal(size=(2, 5, 3, 4)).astype("float32")
    theirs = keras.layers.Conv2DTranspose(6, 4, strides=2, padding="same", use_bias=False)
    ours = UpConv2D(6)
    expected = keras.ops.convert_to_numpy(theirs(x))
    ours.build(x.shape)
    ours.set_weights(theirs.get_weights())

    np.testing.assert_allclose(keras.ops.convert_to_numpy(ours(x)), expected, atol=1e-6)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(sub_pixel(x, ours.kernel)), expected, atol=1e-6)


def test_starts_with_the_spread_of_the_keras_layer():
    kernel = UpConv2D(64)
    kernel.build((None, 4, 2, 32))
    limit = np.sqrt(6 / (16 * 64 + 16 * 32))
    values = keras.ops.convert_to_numpy(kernel.kernel)

    assert values.shape == (4, 4, 64, 32)
    assert 0.98 * limit < np.abs(values).max() <= limit


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_respects_the_dtype_policy(policy):
    layer = UpConv2D(3, dtype=policy)
    y = layer(np.ones((1, 2, 2, 2), "float32"))
    assert keras.backend.standardize_dtype(y.dtype) == layer.compute_dtype
    assert keras.backend.standardize_dtype(layer.kernel.dtype) == "float32"


def test_symbolic_shape_and_config_round_trip():
    layer = UpConv2D(3, name="up")
    assert layer(keras.Input((8, 4, 5))).shape == (None, 16, 8, 3)
    assert UpConv2D.from_config(layer.get_config()).get_config() == layer.get_config()
