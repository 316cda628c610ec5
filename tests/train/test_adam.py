"""Adam as TensorFlow 1 and as PyTorch compute it, against the formulas in double precision."""

import keras
import numpy as np
import pytest
from keras import ops

from pgig.train.adam import CorrectedAdam, ExactAdam


@pytest.mark.parametrize("size", [1.0, 1e-7])
@pytest.mark.parametrize("beta_1", [0.0, 0.5])
@pytest.mark.parametrize("kind", [ExactAdam, CorrectedAdam])
def test_steps_are_those_of_the_formula(size, beta_1, kind):
    rate, beta_2, epsilon = 1e-3, 0.999, 1e-8
    gradients = size * np.random.default_rng(0).normal(size=(5, 20))
    variable = keras.Variable(np.zeros(20, "float32"))
    optimizer = kind(rate, beta_1, beta_2, epsilon)
    optimizer.build([variable])

    m = v = expected = np.zeros(20)
    for step, gradient in enumerate(gradients, 1):
        optimizer.apply([ops.convert_to_tensor(gradient.astype("float32"))], [variable])
        m = beta_1 * m + (1 - beta_1) * gradient
        v = beta_2 * v + (1 - beta_2) * gradient**2
        correction = np.sqrt(1 - beta_2**step)
        root = np.sqrt(v) / correction + epsilon / (correction if kind is ExactAdam else 1)
        expected = expected - rate / (1 - beta_1**step) * m / root
    np.testing.assert_allclose(ops.convert_to_numpy(variable), expected, rtol=1e-6, atol=1e-9)
