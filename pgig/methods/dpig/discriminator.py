"""The discriminator of DPIG: the DCGAN critic of single pictures."""

import math

import keras
from keras import layers
from keras.initializers import RandomUniform

from pgig.layers.dcgan import dcgan_features
from pgig.methods.dpig.config import DpigConfig

# Uniform numbers of a standard deviation of 0.02.
_NARROW = 0.02 * math.sqrt(3)

# What TensorFlow's fused normalisation makes of 1e-5.
_EPSILON = 1.001e-5

# Pixels of the last map that have one logit: all of those of 128x64 pictures.
_PIXELS = 8 * 4


def build_discriminator(config: DpigConfig, size):
    """The discriminator. It always normalises by the statistics of the pictures that are given together.

    Args:
        config: options of the method.
        size: (height, width) in pixels.

    Returns:
        `keras.Model` of pictures (B, H, W, 3) -> logits (B, n) float32, above 0 for "real"; n as `logits` has it.
    """
    inputs = keras.Input((*size, 3), name="image")
    count = 5 if config.D_arch == "DCGAN-256" else 4
    x = dcgan_features(inputs, count, config.disc_hidden_num, lambda _: _narrow(), epsilon=_EPSILON)
    groups = logits(config, x.shape[1:])
    if groups > 1:
        x = layers.Reshape((*x.shape[1:3], groups, -1), name="groups")(x)
        x = layers.Permute((3, 1, 2, 4), name="groups_first")(x)
    x = layers.Reshape((groups, -1), name="flat")(x)
    x = layers.Dense(1, name="logit", dtype="float32", **_narrow())(x)
    return keras.Model(inputs, layers.Reshape((groups,), name="logits", dtype="float32")(x), name="discriminator")


def logits(config: DpigConfig, shape):
    """How many logits a picture has.

    As published (`--D_arch DCGAN`), a logit belongs to as many features as a picture of 128x64 has: larger pictures
    have more, each of a group of channels, all by the same weights. Where whole groups do not come out even, and with
    the other values of `--D_arch`, a picture has one.

    Args:
        config: options of the method.
        shape: (height, width, channels) of the last map.
    """
    height, width, channels = shape
    groups, rest = divmod(height * width, _PIXELS)
    even = groups > 0 and rest == 0 and channels % groups == 0
    return groups if even and config.D_arch == "DCGAN" else 1


def _narrow():
    return {"kernel_initializer": RandomUniform(-_NARROW, _NARROW)}
