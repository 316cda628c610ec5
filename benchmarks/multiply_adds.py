"""Multiply-adds of whatever calls Keras layers, counted while it runs: nested models, shared and own layers too.

The count of a layer is the plain one: each number of its kernel once for each place that the kernel is laid on,
without biases, normalisation, resampling and what else costs little. A transposed convolution lays its kernel on each
pixel that it reads, also where the result is cropped afterwards. Local attention lays both of its kernels on each pixel
of its result, as its paper describes it.
"""

import math
from collections import Counter
from unittest import mock

from keras import layers, ops, tree

from pgig.layers import UpConv2D
from pgig.layers.local_attention import LocalAttention
from pgig.layers.spectral import SpectralConv2D
from pgig.layers.vector_conv import VectorConv2D
from pgig.methods.gfla.networks import Unused

_LAID_ON_OUTPUTS = (layers.Conv1D, layers.Conv2D, layers.DepthwiseConv2D, layers.SeparableConv2D, layers.Dense)
_LAID_ON_OUTPUTS += (SpectralConv2D, LocalAttention, VectorConv2D)
_LAID_ON_INPUTS = (layers.Conv2DTranspose, UpConv2D)


def multiply_adds(function):
    """Count what the layers do while `function()` runs, each call of each layer.

    Args:
        function: function without arguments that calls Keras layers on tensors with values.

    Returns:
        Counter {name of a layer: multiply-adds}.

    Raises:
        TypeError: a layer has a kernel, and it is not known how it uses it.
    """
    counts, known, call = Counter(), set(), layers.Layer.__call__

    def counted(layer, *inputs, **others):
        outputs = call(layer, *inputs, **others)
        kernels = {id(weight): weight for weight in layer.weights if len(weight.shape) > 1}
        if isinstance(layer, _LAID_ON_OUTPUTS + _LAID_ON_INPUTS):
            places = inputs[0] if isinstance(layer, _LAID_ON_INPUTS) else outputs
            size = sum(math.prod(kernel.shape) for kernel in kernels.values())
            counts[layer.name] += size * math.prod(places.shape[:-1])
            known.update(kernels)
        elif isinstance(layer, Unused):
            known.update(kernels)
        # The layers inside of a layer were counted within its call.
        elif set(kernels) - known:
            unknown = next(kernel for key, kernel in kernels.items() if key not in known)
            raise TypeError(f"How {type(layer).__name__} uses its {unknown.path} is not known: add it here.")
        return outputs

    with mock.patch.object(layers.Layer, "__call__", counted):
        function()
    return counts


def model_multiply_adds(model):
    """`multiply_adds` of one pass of a model forward for one sample; its inputs have fixed sizes."""
    zeros = tree.map_structure(lambda tensor: ops.zeros((1, *tensor.shape[1:]), tensor.dtype), model.input)
    return multiply_adds(lambda: model(zeros, training=False))


def parameters(models):
    """Numbers in the weights of models, in shared ones once."""
    weights = {id(weight): weight for model in models for weight in model.weights}
    return sum(math.prod(weight.shape) for weight in weights.values())
