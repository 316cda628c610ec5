"""The convolution over maps and a vector: against the plain one over maps to which the vector is tiled."""

import keras
import numpy as np
import pytest
from keras import ops

from pgig.layers.vector_conv import VectorConv2D
from tests.compiled_gradients import value_and_gradients

SIZES = [(6, 5), (2, 3), (1, 4), (1, 1)]


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def pair(height, width, activation="relu"):
    """(layer, plain convolution of the same weights, vector, maps)."""
    vector, maps = drawn(2, 7), drawn(2, height, width, 3, seed=1)
    layer = VectorConv2D(4, activation)
    plain = keras.layers.Conv2D(4, 3, padding="same", activation=activation)
    layer.build([vector.shape, maps.shape])
    plain.build((2, height, width, 10))
    for part in (layer, plain):
        part.set_weights([drawn(3, 3, 10, 4, seed=2), drawn(4, seed=3)])
    return layer, plain, vector, maps


def tiled(vector, maps):
    everywhere = ops.broadcast_to(vector[:, None, None], (*maps.shape[:3], vector.shape[-1]))
    return ops.concatenate([everywhere, maps], axis=-1)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("activation", ["relu", None])
def test_it_is_the_plain_convolution_of_the_tiled_vector(size, activation):
    layer, plain, vector, maps = pair(*size, activation)
    expected = ops.convert_to_numpy(plain(tiled(vector, maps)))
    np.testing.assert_allclose(ops.convert_to_numpy(layer([vector, maps])), expected, atol=2e-5)


@pytest.mark.parametrize("size", SIZES[:2])
def test_its_gradients_are_those_of_the_plain_convolution(size):
    layer, plain, *given = pair(*size)
    inputs = [keras.Variable(array) for array in given]
    upstream = drawn(2, *size, 4, seed=4)

    def of(part, join):
        tensors = [ops.convert_to_tensor(variable) for variable in inputs]
        return part(join(*tensors))

    _, ours = value_and_gradients(lambda: of(layer, lambda *x: list(x)), [*inputs, layer.kernel, layer.bias], upstream)
    _, theirs = value_and_gradients(lambda: of(plain, tiled), [*inputs, plain.kernel, plain.bias], upstream)
    for gradient, expected in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(gradient, expected, atol=5e-5)


def test_it_starts_with_the_spread_of_the_plain_convolution():
    layer = VectorConv2D(64)
    layer.build([(None, 20), (None, 8, 8, 12)])
    kernel, bias = (ops.convert_to_numpy(weight) for weight in layer.weights)
    limit = np.sqrt(6 / (9 * 32 + 9 * 64))
    assert kernel.shape == (3, 3, 32, 64) and not bias.any()
    assert 0.98 * limit < np.abs(kernel).max() <= limit


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_it_respects_the_dtype_policy(policy):
    layer = VectorConv2D(3, dtype=policy)
    y = layer([drawn(2, 5), drawn(2, 4, 4, 2)])
    assert keras.backend.standardize_dtype(y.dtype) == layer.compute_dtype
    assert keras.backend.standardize_dtype(layer.kernel.dtype) == "float32"


def test_symbolic_shape_and_config_round_trip():
    layer = VectorConv2D(3, "relu", "he_normal", name="first")
    assert layer([keras.Input((5,)), keras.Input((8, 4, 2))]).shape == (None, 8, 4, 3)
    assert VectorConv2D.from_config(layer.get_config()).get_config() == layer.get_config()
