"""RMSProp as TensorFlow 1 computes it, against the formula in double precision."""

import keras
import numpy as np
import pytest
from keras import ops

from pgig.train import state
from pgig.train.rmsprop import ClassicRMSprop

RATE, DECAY, EPSILON = 1e-3, 0.9, 1e-10


def updated(gradients, start=0.0, square=1.0):
    """A variable and its mean square after updates, in double precision."""
    for gradient in gradients:
        square = DECAY * square + (1 - DECAY) * gradient**2
        start = start - RATE * gradient / np.sqrt(square + EPSILON)
    return start, square


def built():
    variable = keras.Variable(np.zeros(20, "float32"), name="weight")
    optimizer = ClassicRMSprop(RATE, DECAY, epsilon=EPSILON)
    optimizer.build([variable])
    return variable, optimizer


def apply(optimizer, variable, gradients):
    for gradient in gradients:
        optimizer.apply([ops.convert_to_tensor(gradient.astype("float32"))], [variable])


@pytest.mark.parametrize("size", [1.0, 1e-4])
def test_steps_are_those_of_the_formula(size):
    gradients = size * np.random.default_rng(0).normal(size=(5, 20))
    variable, optimizer = built()
    apply(optimizer, variable, gradients)
    np.testing.assert_allclose(ops.convert_to_numpy(variable), updated(gradients)[0], rtol=2e-5, atol=1e-12)
    # The first steps are as small as the gradients are, and not of the size of the learning rate.
    assert np.abs(ops.convert_to_numpy(variable)).max() < 20 * RATE * size


def test_the_mean_square_begins_at_1_and_is_part_of_the_state(tmp_path):
    first, second = np.random.default_rng(1).normal(size=(2, 3, 20))
    variable, optimizer = built()
    apply(optimizer, variable, first)
    owners = {"network/critic": [variable], "optimizer/critic": optimizer.variables}
    state.save(tmp_path, 3, state.snapshot(owners, tmp_path, 3), {}, {})

    restarted, other = built()
    (square,) = (v for v in other.variables if v.name.endswith("velocity"))
    np.testing.assert_array_equal(ops.convert_to_numpy(square), np.ones(20))
    state.restore(tmp_path, {"network/critic": [restarted], "optimizer/critic": other.variables}, {})
    np.testing.assert_allclose(ops.convert_to_numpy(square), updated(first)[1], rtol=1e-5)
    apply(optimizer, variable, second)
    apply(other, restarted, second)
    np.testing.assert_array_equal(ops.convert_to_numpy(restarted), ops.convert_to_numpy(variable))
