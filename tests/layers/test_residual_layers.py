"""Layers of the residual generators: reflection padding, the 3x3 up-convolution; symbolic use of all."""

import keras
import numpy as np
import pytest

from pgig.layers.instance_norm import InstanceNormalization
from pgig.layers.reflect import ReflectionPadding2D
from pgig.layers.upconv_3x3 import UpConv3x3, sub_pixel
from tests.gradients import value_and_gradient


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def test_reflection_does_not_repeat_the_edge():
    x = noise(2, 5, 4, 3)
    expected = np.pad(x, ((0, 0), (3, 3), (3, 3), (0, 0)), mode="reflect")
    upstream = noise(*expected.shape, seed=1)
    value, gradient = value_and_gradient(ReflectionPadding2D(3), x, upstream)
    np.testing.assert_array_equal(value, expected)
    assert gradient.sum() == pytest.approx(upstream.sum(), abs=1e-3)


def test_up_convolution_drops_the_first_row_and_column():
    x = noise(2, 5, 3, 4)
    theirs = keras.layers.Conv2DTranspose(6, 3, strides=2, padding="valid", bias_initializer="normal")
    expected = keras.ops.convert_to_numpy(theirs(x))[:, 1:, 1:]
    ours = UpConv3x3(6)
    ours.build(x.shape)
    ours.set_weights(theirs.get_weights())
    assert expected.shape == (2, 10, 6, 6)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(ours(x)), expected, atol=1e-5)
    bare = keras.ops.convert_to_numpy(sub_pixel(x, ours.kernel) + ours.bias)
    np.testing.assert_allclose(bare, expected, atol=1e-5)


@pytest.mark.parametrize("layer", [InstanceNormalization(), ReflectionPadding2D(2), UpConv3x3(3)], ids=lambda x: x.name)
def test_symbolic_shapes_configs_and_half_precision(layer):
    x = noise(1, 4, 6, 2)
    again = type(layer).from_config(layer.get_config() | {"dtype": "mixed_bfloat16"})
    y = again(x)
    assert keras.backend.standardize_dtype(y.dtype) == "bfloat16"
    assert layer(keras.Input((4, 6, 2))).shape[1:] == y.shape[1:]
    assert again.get_config() == layer.get_config() | {"dtype": again.get_config()["dtype"]}
