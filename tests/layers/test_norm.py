import keras
import numpy as np
import pytest

from pgig.layers import JointInstanceNormalization
from tests.gradients import value_and_gradient


def test_values_are_those_of_the_formula():
    x = np.random.default_rng(0).normal(3, 2, (2, 4, 3, 5)).astype("float32")
    flat = x.reshape(2, -1).astype("float64")
    expected = (flat - flat.mean(1, keepdims=True)) / (flat.std(1, keepdims=True) + 1e-3)

    y = keras.ops.convert_to_numpy(JointInstanceNormalization()(x))

    np.testing.assert_allclose(y, expected.reshape(x.shape), atol=2e-6)


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_a_constant_sample_has_a_finite_gradient(policy):
    x = np.full((1, 2, 2, 3), 7, "float32")
    upstream = np.random.default_rng(0).normal(size=x.shape).astype("float32")

    y, slope = value_and_gradient(JointInstanceNormalization(dtype=policy), x, upstream)

    np.testing.assert_array_equal(y, np.zeros_like(x))
    tolerance = 1e-2 if policy == "float32" else 10
    np.testing.assert_allclose(slope, 1000 * (upstream - upstream.mean()), atol=tolerance)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_statistics_are_float32_under_mixed_precision(policy):
    x = np.random.default_rng(0).normal(200, 1, (1, 128, 64, 8)).astype("float32")
    layer = JointInstanceNormalization(dtype=policy)

    y = layer(x)

    assert keras.backend.standardize_dtype(y.dtype) == layer.compute_dtype
    spread = keras.ops.convert_to_numpy(keras.ops.cast(y, "float32")).std()
    assert abs(spread - 1) < 0.1


def test_config_round_trip():
    layer = JointInstanceNormalization(epsilon=0.5, name="n")
    assert JointInstanceNormalization.from_config(layer.get_config()).get_config() == layer.get_config()
