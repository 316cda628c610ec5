"""Adam as PyTorch computes it, against the formula in double precision."""

import keras
import numpy as np
import pytest
from keras import ops

from pgig.train.adam import CorrectedAdam


@pytest.mark.parametrize("size", [1.0, 1e-7])
@pytest.mark.parametrize("beta_1", [0.0, 0.5])
def test_steps_are_those_of_the_formula(size, beta_1):
    rate, beta_2, epsilon = 1e-3, 0.999, 1e-8
    gradients = size * np.random.default_rng(0).normal(size=(5, 20))
    variable = keras.Variable(np.zeros(20, "float32"))
    optimizer = CorrectedAdam(rate, beta_1, beta_2, epsilon)
    optimizer.build([variable])

    m = v = expected = np.zeros(20)
    for step, gradient in enumerate(gradients, 1):
        optimizer.apply([ops.convert_to_tensor(gradient.astype("float32"))], [variable])
        m = beta_1 * m + (1 - beta_1) * gradient
        v = beta_2 * v + (1 - beta_2) * gradient**2
        root = np.sqrt(v / (1 - beta_2**step)) + epsilon
        expected = expected - rate / (1 - beta_1**step) * m / root
    np.testing.assert_allclose(ops.convert_to_numpy(variable), expected, rtol=2e-5, atol=1e-9)
