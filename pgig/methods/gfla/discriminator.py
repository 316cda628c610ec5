"""The discriminator of GFLA (RenYurui/Global-Flow-Local-Attention:model/networks/discriminator.py).

Layers have the names of the published state files, with `_` for the dots between them.
"""

import keras
from keras import layers

from pgig.layers.spectral import SpectralConv2D
from pgig.methods.gfla.config import GflaConfig
from pgig.methods.gfla.networks import SLOPE


def build_discriminator(config: GflaConfig, size):
    """The discriminator: halving residual blocks without normalisation of maps; it sees single pictures.

    Args:
        config: options of the method.
        size: (height, width) in pixels, multiples of 2 ** disc_blocks.

    Returns:
        `keras.Model` of images (B, H, W, 3) -> logits (B, H / 2 ** blocks, W / 2 ** blocks, 1), 16 x 8 for pictures of
        128 x 64. In training, every call moves the spectral vectors.
    """
    conv = _spectral if config.use_spect_d else _plain
    image = keras.Input((*size, 3), name="image", dtype="float32")
    x, channels = image, None
    for number in range(config.value("disc_blocks", size)):
        more = min(config.ndf * 2**number, config.disc_img_f)
        x = _block(x, f"encoder{number - 1}" if number else "block0", conv, channels or more, more)
        channels = more
    x = layers.LeakyReLU(SLOPE, name="act")(x)
    # In float32 whatever the policy: a single channel is cheap.
    logits = _spectral(1, 1, name="conv", dtype="float32")(x)
    return keras.Model(image, logits, name="discriminator")


def _block(x, name, conv, hidden, channels):
    """Two convolutions, the second of stride 2, beside the mean of 2x2 pixels; the raw input is activated as well."""
    y = layers.LeakyReLU(SLOPE, name=f"{name}_model_0")(x)
    y = conv(hidden, 3, padding=1, name=f"{name}_model_1")(y)
    y = layers.LeakyReLU(SLOPE, name=f"{name}_model_2")(y)
    y = conv(channels, 4, strides=2, padding=1, name=f"{name}_model_3")(y)
    mean = layers.AveragePooling2D(2, name=f"{name}_shortcut_0")(x)
    return layers.Add(name=name)([y, conv(channels, 1, name=f"{name}_shortcut_1")(mean)])


def _spectral(filters, side, **kwargs):
    return SpectralConv2D(filters, side, kernel_initializer=_initializer(), **kwargs)


def _plain(filters, side, padding=0, **kwargs):
    # The padding of 0 and 1 pixels that is asked for is "same" for even sizes.
    return layers.Conv2D(filters, side, padding="same", kernel_initializer=_initializer(), **kwargs)


def _initializer():
    """PyTorch's own kernels.

    The original asks for orthogonal ones, but its spectral normalisation keeps them from being used. A new
    initializer each time: one that is used twice gives the same numbers twice.
    """
    return keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform")
