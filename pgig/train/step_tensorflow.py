"""TensorFlow's part of a training step: gradients, updates, and compiling a function of a batch."""

import tensorflow as tf


def prepare():
    """Make repeated runs equal to the bit."""
    tf.config.experimental.enable_op_determinism()


def value_and_gradients(function, variables, state=()):
    """Call `function()` -> (scalar, anything) and differentiate the scalar.

    Args:
        function: closure over the networks.
        variables: Keras variables to differentiate with respect to.
        state: all Keras variables that the function reads or changes, such as the state of dropout.

    Returns:
        (anything, list of gradients, zeros where the scalar does not depend on a variable).
    """
    values = [variable.value for variable in variables]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(values)
        total, other = function()
    return other, tape.gradient(total, values, unconnected_gradients=tf.UnconnectedGradients.ZERO)


def apply(optimizer, gradients, variables):
    """Let `optimizer` update `variables`, which it was built with."""
    optimizer.apply(gradients, variables)


def compiled(function, reads, changes, jit_compile=False):
    """Compile a function of a batch.

    Args:
        function: body, a function of a dictionary of tensors.
        reads: Keras variables that it reads.
        changes: every Keras variable that it changes; they hold the new values when a call returns.
        jit_compile: True compiles it with XLA.

    Returns:
        Function of a dictionary of arrays or tensors -> results of the body.
    """
    graph = tf.function(function, jit_compile=jit_compile, autograph=False, reduce_retracing=True)
    return lambda batch: graph({key: tf.convert_to_tensor(value) for key, value in batch.items()})
