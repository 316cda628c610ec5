"""Initial weights, by the names of the ways in which the programs of the field draw them."""

import math
from functools import partial

from keras.initializers import GlorotUniform, RandomNormal, RandomUniform, Zeros

# Uniform numbers of a standard deviation of 0.02.
_NARROW = 0.02 * math.sqrt(3)

# Ways of (kernels of convolutions, their biases, kernels of dense layers, their biases).
_WAYS = {
    "glorot": ("glorot", "zeros", "glorot", "zeros"),
    "uniform": ("narrow", "zeros", "narrow", "zeros"),
    "tflib": ("narrow", "torch", "narrow", "zeros"),
    "normal": ("normal", "torch", "torch", "torch"),
    "xavier": ("glorot", "zeros", "torch", "torch"),
    "torch": ("torch", "torch", "torch", "torch"),
}


def conv_init(way, fan_in):
    """Initializers of a convolution.

    Args:
        way: "glorot" (Glorot uniform, biases 0) or "uniform" (uniform of standard deviation 0.02, biases 0), as in
            the authors' program; "tflib", "normal", "xavier" or "torch" (PyTorch's own), as in Human-Pose-Transfer.
        fan_in: number of inputs of one output value.

    Returns:
        arguments of a Keras layer.
    """
    return _arguments("kernel_initializer", _WAYS[way][:2], fan_in)


def depthwise_init(way, fan_in):
    """The same of a depthwise convolution."""
    return _arguments("depthwise_initializer", _WAYS[way][:2], fan_in)


def dense_init(way, fan_in):
    """The same of a dense layer."""
    return _arguments("kernel_initializer", _WAYS[way][2:], fan_in)


def gain_init(way):
    """Initializer of the gain of a normalisation: ones, or for PyTorch's programs normal around 1."""
    return RandomNormal(1.0, 0.02) if way in ("tflib", "normal", "xavier") else "ones"


def _arguments(name, ways, fan_in):
    kernel, bias = (_initializer(way, fan_in) for way in ways)
    return {name: kernel, "bias_initializer": bias}


def _initializer(way, fan_in):
    if way == "torch":
        bound = 1 / math.sqrt(fan_in)
        return RandomUniform(-bound, bound)
    if way == "narrow":
        return RandomUniform(-_NARROW, _NARROW)
    return {"glorot": GlorotUniform, "normal": partial(RandomNormal, 0.0, 0.02), "zeros": Zeros}[way]()
