import keras
import numpy as np
import pytest
from keras import ops

from pgig.layers.instance_norm import InstanceNormalization
from pgig.train.step import engine
from tests.gradients import value_and_gradient

EPSILON = 0.1


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def exact(x, upstream, gamma=1.0, beta=0.0, epsilon=1e-5):
    """Result and gradients to x, gamma and beta, in float64."""
    x, upstream = x.astype("float64"), upstream.astype("float64")
    root = 1 / np.sqrt(x.var((1, 2), keepdims=True) + epsilon)
    normal = (x - x.mean((1, 2), keepdims=True)) * root
    slope = upstream * gamma
    mean, along = (part.mean((1, 2), keepdims=True) for part in (slope, slope * normal))
    gradients = (slope - mean - normal * along) * root, (upstream * normal).sum((0, 1, 2)), upstream.sum((0, 1, 2))
    return normal * gamma + beta, *gradients


def close(actual, expected, tolerance):
    """Compare with a tolerance in units of the largest expected value."""
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance * np.abs(expected).max())


def test_value_and_gradient():
    x, upstream = 5 + 3 * noise(2, 6, 4, 3), noise(2, 6, 4, 3, seed=1)
    layer = InstanceNormalization(epsilon=EPSILON)
    value, gradient = value_and_gradient(layer, x, upstream)
    expected, of_x, *_ = exact(x, upstream, epsilon=EPSILON)
    close(value, expected, 1e-6)
    close(gradient, of_x, 2e-6)
    assert layer.weights == []


def test_value_and_gradients_with_gain_and_offset():
    x, upstream, gamma, beta = 5 + 3 * noise(2, 6, 4, 3), noise(2, 6, 4, 3, seed=1), 1 + noise(3), noise(3, seed=2)
    layer = InstanceNormalization(affine=True, epsilon=EPSILON)
    layer.build(x.shape)
    assert [weight.name for weight in layer.trainable_weights] == ["gamma", "beta"]
    expected, *gradients = exact(x, upstream, gamma, beta, EPSILON)
    layer.set_weights([gamma, beta])
    close(ops.convert_to_numpy(layer(x)), expected, 1e-6)

    close(value_and_gradient(layer, x, upstream)[1], gradients[0], 3e-6)
    total = lambda: (ops.sum(layer(x) * ops.convert_to_tensor(upstream)), {})  # noqa: E731
    _, of_weights = engine.value_and_gradients(total, layer.trainable_variables)
    for actual, of_weight in zip(of_weights, gradients[1:], strict=True):
        close(ops.convert_to_numpy(actual), of_weight, 3e-6)


@pytest.mark.parametrize("affine", [False, True])
def test_a_large_map_far_from_zero_keeps_float32(affine):
    """65536 values added up one after the other would lose a digit here."""
    rows = np.linspace(0, 3, 256, dtype="float32")[:, None, None]
    x, upstream = noise(1, 256, 256, 4) + 2 + rows, noise(1, 256, 256, 4, seed=1) + 1
    value, gradient = value_and_gradient(InstanceNormalization(affine), x, upstream)
    expected, of_x, *_ = exact(x, upstream)
    close(value, expected, 1e-6)
    close(gradient, of_x, 2e-6)


@pytest.mark.parametrize("affine", [False, True])
def test_a_constant_map_is_zero_with_a_finite_gradient(affine):
    value, gradient = value_and_gradient(
        InstanceNormalization(affine), np.full((1, 4, 4, 2), 7, "float32"), noise(1, 4, 4, 2)
    )
    assert not value.any() and np.isfinite(gradient).all()


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_statistics_are_float32_under_mixed_precision(policy):
    layer = InstanceNormalization(affine=True, dtype=policy)
    y = layer(200 + noise(2, 64, 32, 8))
    assert keras.backend.standardize_dtype(y.dtype) == layer.compute_dtype
    assert abs(ops.convert_to_numpy(ops.cast(y, "float32")).std() - 1) < 0.1


def test_config_round_trip():
    layer = InstanceNormalization(affine=True, epsilon=0.5, name="n")
    assert InstanceNormalization.from_config(layer.get_config()).get_config() == layer.get_config()
