"""The discriminator of PG2: the DCGAN critic of single pictures."""

from functools import partial

import keras
from keras import layers

from pgig.errors import OptionsError
from pgig.layers.dcgan import KERNEL, dcgan_features
from pgig.methods.pg2.config import Pg2Config
from pgig.methods.pg2.initial import conv_init, dense_init, gain_init
from pgig.methods.pg2.networks import pad_halved


def convolutions(size):
    """How many convolutions halve pictures of `size` = (height, width): down to 8 to 15 rows."""
    return size[0].bit_length() - 4


def require_size(size):
    """Raise an `OptionsError` unless pictures of `size` can be halved by every convolution."""
    count = convolutions(size)
    if count < 1 or any(length % 2**count for length in size):
        raise OptionsError(
            f"The discriminator would halve pictures of {size[0]} x {size[1]} pixels (height x width) "
            f"{max(count, 1)} times, but cannot: each side must be a multiple of {2 ** max(count, 1)}, and the height "
            "at least 16."
        )


def build_discriminator(config: Pg2Config, size):
    """The discriminator.

    Args:
        config: options of the method.
        size: (height, width) in pixels.

    Returns:
        `keras.Model` of pictures (B, H, W, 3) -> logits (B, 1) float32, above 0 for "real". With `--statistics
        separate` its convolutions have no bias and its normalisations keep running averages, as in
        Human-Pose-Transfer; otherwise they always use the statistics of the pictures that are given together.
    """
    way, padding = config.value("discriminator_init", size), config.value("padding", size)
    separate = config.value("statistics", size) == "separate"
    inputs = keras.Input((*size, 3), name="image")
    x = dcgan_features(
        inputs, convolutions(size), config.disc_hidden_num, partial(conv_init, way),
        prepare=lambda x, level: pad_halved(x, KERNEL, padding, f"pad{level}"), gain=partial(gain_init, way),
        use_bias=not separate, momentum=0.1 if separate else None,
    )  # fmt: skip
    x = layers.Flatten(name="flat")(x)
    x = layers.Dense(1, name="logit", dtype="float32", **dense_init(way, x.shape[-1]))(x)
    return keras.Model(inputs, x, name="discriminator")
