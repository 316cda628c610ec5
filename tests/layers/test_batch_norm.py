import keras
import numpy as np
import pytest

from pgig.layers.batch_norm import BatchNorm
from tests.gradients import value_and_gradient


def maps(seed=0):
    return np.random.default_rng(seed).normal(3, 2, (2, 4, 3, 5)).astype("float32")


def normalised(x, mean, variance):
    return (x - mean) / np.sqrt(variance + 1e-5)


@pytest.mark.parametrize("training", [False, True])
def test_without_momentum_the_batch_always_counts(training):
    x = maps()
    layer = BatchNorm()
    y = keras.ops.convert_to_numpy(layer(x, training=training))
    np.testing.assert_allclose(y, normalised(x, x.mean((0, 1, 2)), x.var((0, 1, 2))), atol=1e-5)
    assert [weight.name for weight in layer.weights] == ["gamma", "beta"]


def test_averages_follow_the_unbiased_variance():
    layer = BatchNorm(0.1)
    unchanged = keras.ops.convert_to_numpy(layer(maps(), training=False))
    np.testing.assert_allclose(unchanged, maps() / np.sqrt(1 + 1e-5), rtol=1e-5)
    mean, variance = np.zeros(5), np.ones(5)
    for seed in range(3):
        x = maps(seed)
        layer(x, training=True)
        mean += 0.1 * (x.mean((0, 1, 2)) - mean)
        variance += 0.1 * (x.var((0, 1, 2), ddof=1) - variance)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(layer.moving_mean), mean, rtol=1e-5)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(layer.moving_variance), variance, rtol=1e-5)
    y = keras.ops.convert_to_numpy(layer(maps(), training=False))
    np.testing.assert_allclose(y, normalised(maps(), mean, variance), atol=1e-5)


def test_a_large_map_far_from_zero_keeps_float32():
    """131072 values added up one after the other would lose a digit here."""
    random, rows, over = np.random.default_rng(0), np.linspace(0, 3, 256)[:, None, None], (0, 1, 2)
    x = random.normal(2 + rows, 1, (2, 256, 256, 3)).astype("float32")
    upstream = random.normal(1, 1, x.shape).astype("float32")
    value, gradient = value_and_gradient(lambda x: BatchNorm()(x), x, upstream)

    mean, variance = x.mean(over, dtype="float64"), x.var(over, dtype="float64")
    expected = normalised(x, mean, variance)
    along = expected * (expected * upstream).mean(over)
    slope = (upstream - upstream.mean(over, dtype="float64") - along) / np.sqrt(variance + 1e-5)
    np.testing.assert_allclose(value, expected, rtol=0, atol=1e-6 * np.abs(expected).max())
    np.testing.assert_allclose(gradient, slope, rtol=0, atol=2e-6 * np.abs(slope).max())


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_statistics_are_float32_under_mixed_precision(policy):
    x = np.random.default_rng(0).normal(200, 1, (4, 64, 32, 8)).astype("float32")
    layer = BatchNorm(dtype=policy)
    y = layer(x)
    assert keras.backend.standardize_dtype(y.dtype) == layer.compute_dtype
    assert abs(keras.ops.convert_to_numpy(keras.ops.cast(y, "float32")).std() - 1) < 0.1


def test_config_round_trip():
    layer = BatchNorm(0.1, epsilon=0.5, name="n")
    assert BatchNorm.from_config(layer.get_config()).get_config() == layer.get_config()
