"""Noise that a method maps to given codes, found by gradient descent from zero.

Ma et al. (arXiv 1712.02621) interpolate between real pictures in the space of the noise; no program of theirs for it
was published.
"""

import keras
import numpy as np
from keras import ops

from pgig.train.step import engine
from pgig.utils.progress import progress_bar

# Of Adam, in standard deviations of the noise; it falls to 0 along a cosine.
_RATE = 0.25


def invert(method, codes, steps):
    """Minimise |mapped(noise) - code|^2 for each code.

    Args:
        method: a `Factored` whose mappings are loaded.
        codes: {factor: (B, size) float32 numpy}.
        steps: updates of Adam, which begins at the most likely noise, 0.

    Returns:
        noise and remaining errors: {factor: (B, size) float32} and {factor: (B,) |mapped(noise) - code| / |code|}.
    """
    noise = {name: keras.Variable(np.zeros_like(code), name=f"noise_{name}") for name, code in codes.items()}
    variables = list(noise.values())
    rate = keras.optimizers.schedules.CosineDecay(_RATE * method.deviation, steps)
    optimizer = keras.optimizers.Adam(rate)
    optimizer.build(variables)
    # The mappings are read, and only the noise is differentiated for.
    weights = [weight for name in codes for weight in method.networks[method.mappings[name]].variables]
    changes = [*variables, *optimizer.variables]

    def step(wanted):
        def loss():
            errors = squared_errors(method, noise, wanted)
            return sum(ops.sum(error) for error in errors.values()), errors

        errors, gradients = engine.value_and_gradients(loss, variables, [*changes, *weights])
        engine.apply(optimizer, gradients, variables)
        return errors

    update = engine.compiled(step, [*changes, *weights], changes)
    for _ in progress_bar(range(steps), "Inverting", "step"):
        update(codes)
    measure = engine.compiled(lambda wanted: squared_errors(method, noise, wanted), [*changes, *weights], [])
    errors = {name: np.sqrt(ops.convert_to_numpy(error)) for name, error in measure(codes).items()}
    return {name: ops.convert_to_numpy(value.value) for name, value in noise.items()}, errors


def squared_errors(method, noise, codes):
    """{factor: (B,) |mapped(noise) - code|^2 / |code|^2}, of tensors (B, size); a code of zeros counts as one."""
    mapped = method.mapped({name: ops.convert_to_tensor(value) for name, value in noise.items()})
    lengths = {name: ops.sum(ops.square(code), axis=-1) for name, code in codes.items()}
    return {
        name: ops.sum(ops.square(mapped[name] - code), axis=-1)
        / ops.where(lengths[name] > 0, lengths[name], ops.ones_like(lengths[name]))
        for name, code in codes.items()
    }
