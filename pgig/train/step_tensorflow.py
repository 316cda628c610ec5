"""TensorFlow's part of a training step: gradients, and compiling a function of a batch."""

import tensorflow as tf


def prepare():
    """Make repeated runs equal to the bit."""
    tf.config.experimental.enable_op_determinism()


def value_and_gradients(function, variables):
    """Call `function()` -> (scalar, anything) and differentiate the scalar.

    Args:
        function: closure over the networks.
        variables: Keras variables.

    Returns:
        (anything, list of gradients, zeros where the scalar does not depend on a variable).
    """
    values = [variable.value for variable in variables]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(values)
        total, other = function()
    return other, tape.gradient(total, values, unconnected_gradients=tf.UnconnectedGradients.ZERO)


class Compiled:
    """A compiled function of a batch that may change `variables`.

    Args:
        function: body, a function of a dictionary of tensors.
        variables: every Keras variable that it reads or changes.
        jit_compile: True compiles it with XLA.
    """

    def __init__(self, function, variables, jit_compile=False):
        self._call = tf.function(function, jit_compile=jit_compile, autograph=False, reduce_retracing=True)

    def __call__(self, batch):
        """Results of the body for one batch; arrays are taken as they are."""
        return self._call({key: tf.convert_to_tensor(value) for key, value in batch.items()})

    def sync(self):
        """Nothing to do: variables are changed in place."""
