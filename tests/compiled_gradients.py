"""Value and gradients of a function of several arrays, compiled the way a training step is."""

import keras
from keras import ops

from pgig.train.step import engine


def value_and_gradients(function, variables, upstream):
    """Evaluate `function` and pull a gradient back through it.

    Args:
        function: of no arguments, returns a float tensor; reads the variables.
        variables: Keras variables to differentiate with respect to.
        upstream: numpy array shaped like the value: weights of the scalar whose gradients are wanted.

    Returns:
        (value, list of gradients): numpy arrays.
    """

    def run(batch):
        def loss():
            value = function()
            return ops.sum(value * ops.cast(batch["upstream"], value.dtype)), {"value": value}

        found, slopes = engine.value_and_gradients(loss, variables)
        return {**found, **{str(number): slope for number, slope in enumerate(slopes)}}

    upstream = ops.convert_to_tensor(upstream, "float32" if keras.backend.backend() == "jax" else None)
    found = engine.compiled(run, variables, [])({"upstream": upstream})
    found = {name: ops.convert_to_numpy(value) for name, value in found.items()}
    return found["value"], [found[str(number)] for number in range(len(variables))]
