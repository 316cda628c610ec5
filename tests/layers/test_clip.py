"""Weights are kept within their bound by the update of an optimizer, on every back end and in every precision."""

import keras
import numpy as np
import pytest
from keras import ops

from pgig.layers.clip import Clip
from pgig.train.rmsprop import ClassicRMSprop
from pgig.train.step import engine

BOUND = 0.05


def clipped_layer():
    layer = keras.layers.Dense(3, kernel_constraint=Clip(BOUND), bias_constraint=Clip(BOUND), bias_initializer="ones")
    layer.build((None, 4))
    return layer


def values(variables):
    return [np.array(ops.convert_to_numpy(variable.value)) for variable in variables]


def test_only_what_is_beyond_the_bound_changes():
    weights = np.array([-1.0, -0.05, -0.01, 0.0, 0.02, 0.06], "float32")
    np.testing.assert_array_equal(ops.convert_to_numpy(Clip(BOUND)(weights)), np.clip(weights, -BOUND, BOUND))


@pytest.mark.parametrize("scaled", [False, True])
def test_an_update_clips_the_weights_that_it_changed(scaled):
    clipped, free = clipped_layer(), keras.layers.Dense(3, bias_initializer="ones")
    free.build((None, 4))
    variables = [*clipped.trainable_variables, *free.trainable_variables]
    before = values(variables)
    assert min(np.abs(array).max() for array in before) > BOUND
    optimizer = ClassicRMSprop(0.1, 0.9, epsilon=1e-10)
    if scaled:
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=2.0**10)
    optimizer.build(variables)
    scale = optimizer.initial_scale if scaled else 1.0
    gradients = [np.random.default_rng(0).normal(size=variable.shape).astype("float32") for variable in variables]

    def step(batch):
        engine.apply(optimizer, [scale * batch[f"{number}"] for number in range(len(variables))], variables)
        return {}

    state = [*variables, *optimizer.variables]
    engine.compiled(step, state, changes=state)({f"{number}": array for number, array in enumerate(gradients)})
    for number, (new, old, gradient) in enumerate(zip(values(variables), before, gradients, strict=True)):
        expected = old - 0.1 * gradient / np.sqrt(0.9 + 0.1 * gradient**2)
        if number < 2:
            expected = np.clip(expected, -BOUND, BOUND)
        np.testing.assert_allclose(new, expected, rtol=1e-5, atol=1e-7)


def test_a_layer_is_rebuilt_with_its_bound():
    layer = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(clipped_layer()))
    assert layer.kernel_constraint.bound == layer.bias_constraint.bound == BOUND
