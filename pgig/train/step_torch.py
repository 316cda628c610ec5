"""PyTorch's part of a training step: gradients, updates, and running a function of a batch."""

import torch
from keras import ops


def prepare():
    """Make repeated runs equal to the bit, where PyTorch has such kernels."""
    torch.use_deterministic_algorithms(True, warn_only=True)


def value_and_gradients(function, variables, state=()):
    """Call `function()` -> (scalar, anything) and differentiate the scalar (see step_tensorflow.py)."""
    with torch.enable_grad():
        total, other = function()
        values = [variable.value for variable in variables]
        gradients = torch.autograd.grad(total, values, allow_unused=True)
    filled = [torch.zeros_like(v) if g is None else g for g, v in zip(gradients, values, strict=True)]
    return other, filled


def apply(optimizer, gradients, variables):
    """Let `optimizer` update `variables`, which it was built with."""
    optimizer.apply(gradients, variables)


def compiled(function, reads, changes, jit_compile=False):
    """A function of a batch, run eagerly and without recording gradients of its own (see step_tensorflow.py)."""

    def call(batch):
        with torch.no_grad():
            return function({key: ops.convert_to_tensor(value) for key, value in batch.items()})

    return call
