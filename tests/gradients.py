"""Value and gradient of a function of one array, on whatever back end runs."""

import keras
import numpy as np


def value_and_gradient(function, array, upstream=None):
    """Evaluate `function` and pull a gradient back through it.

    Args:
        function: from one float tensor to one float tensor, built of `keras.ops`.
        array: numpy array, where to evaluate.
        upstream: numpy array shaped like the result: weights of the scalar whose gradient is wanted. None: all ones.

    Returns:
        (value, gradient): float32 numpy arrays; the gradient of sum(function(array) * upstream).
    """
    backend = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}[keras.backend.backend()]
    value, gradient = backend(function, keras.ops.convert_to_tensor(array), upstream)
    return tuple(keras.ops.convert_to_numpy(keras.ops.cast(x, "float32")) for x in (value, gradient))


def _weighted(value, upstream):
    if upstream is None:
        return keras.ops.sum(value)
    return keras.ops.sum(value * keras.ops.cast(np.asarray(upstream), value.dtype))


def _tensorflow(function, x, upstream):
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(x)
        value = function(x)
        total = _weighted(value, upstream)
    return value, tf.convert_to_tensor(tape.gradient(total, x))


def _jax(function, x, upstream):
    import jax

    def total(x):
        value = function(x)
        return _weighted(value, upstream), value

    gradient, value = jax.grad(total, has_aux=True)(x)
    return value, gradient


def _torch(function, x, upstream):
    x = x.detach().clone().requires_grad_(True)
    value = function(x)
    _weighted(value, upstream).backward()
    return value.detach(), x.grad
