"""Generators of PG2 (paper, sections 3.1 and 3.2; layers as in charliememory/Pose-Guided-Person-Image-Generation).

Both end without an activation: their pictures and differences have no bounds.
"""

import keras
from keras import layers

from pgig.errors import OptionsError
from pgig.layers.unet import bottleneck_unet
from pgig.methods.pg2.config import Pg2Config
from pgig.methods.pg2.initial import conv_init, dense_init, depthwise_init

POSE_CHANNELS = 18


def blocks(config: Pg2Config, size):
    """Numbers of blocks of both generators for pictures of `size` = (height, width)."""
    return config.value("repeat_num", size), config.value("repeat_num2", size)


def require_size(config: Pg2Config, size):
    """Raise an `OptionsError` unless both generators can halve pictures of `size` as often as they have to."""
    first, second = blocks(config, size)
    if first < 2 or second < 1:
        raise OptionsError(
            f"Pictures of {size[0]} x {size[1]} pixels (height x width) would get generators of {first} and {second} "
            "blocks: the first needs 2 or more and the second 1 or more, so take pictures of at least 32 pixels of "
            "height, or set --repeat_num and --repeat_num2."
        )
    for flag, count in (("repeat_num", first), ("repeat_num2", second)):
        step = 2 ** (count - 1)
        if any(length % step for length in size):
            raise OptionsError(
                f"Pictures of {size[0]} x {size[1]} pixels (height x width) cannot be halved {count - 1} times: each "
                f"side must be a multiple of {step}, or --{flag} smaller than {count}."
            )


def build_generator1(config: Pg2Config, size):
    """The first generator: a U-Net of residual blocks with a fully connected bottleneck.

    Args:
        config: options of the method.
        size: (height, width) in pixels.

    Returns:
        `keras.Model` of [source picture (B, H, W, 3), target pose (B, H, W, 18)] -> picture (B, H, W, 3). The output
        of its layer `bottleneck` is the code (B, z_num).
    """
    hidden, (count, _) = config.conv_hidden_num, blocks(config, size)
    part = _Layers(config, size, "generator1")
    inputs = [keras.Input((*size, 3), name="source_image"), keras.Input((*size, POSE_CHANNELS), name="target_pose")]
    x = part.conv(layers.Concatenate(name="input")(inputs), hidden, "first")
    x = bottleneck_unet(part, x, hidden, count, config.z_num)
    return keras.Model(inputs, part.picture(x), name="generator1")


def build_generator2(config: Pg2Config, size):
    """The second generator: a fully convolutional U-Net.

    Args:
        config: options of the method.
        size: (height, width) in pixels.

    Returns:
        `keras.Model` of [first stage's picture (B, H, W, 3), source picture (B, H, W, 3)] -> what is to be added to
        the first stage's picture (B, H, W, 3). The output of its layer `features` is the last map of the encoder.
    """
    hidden, (_, count) = config.conv_hidden_num, blocks(config, size)
    left_out = config.value("num_skip_out_connect", size)
    part = _Layers(config, size, "generator2")
    inputs = [keras.Input((*size, 3), name="stage1_image"), keras.Input((*size, 3), name="source_image")]
    x = part.conv(layers.Concatenate(name="input")(inputs), hidden, "first")
    skips = []
    for level in range(count):
        x = part.conv(x, hidden * (level + 1), f"encoder{level}_conv0")
        x = part.conv(x, hidden * (level + 1), f"encoder{level}_conv1")
        skips.append(x)
        if level < count - 1:
            x = part.conv(x, hidden * (level + 1), f"encoder{level}_down", strides=2)

    x = layers.Identity(name="features")(x)
    for level in range(count):
        skip = skips.pop()
        if level > 0:
            x = layers.UpSampling2D(2, name=f"decoder{level}_larger")(x)
        # The first block gets the encoder's last map twice: the published weights want it.
        if level == 0 or len(skips) >= left_out:
            x = layers.Concatenate(name=f"decoder{level}_input")([x, skip])
        x = part.conv(x, hidden, f"decoder{level}_conv0")
        x = part.conv(x, hidden, f"decoder{level}_conv1")
    return keras.Model(inputs, part.picture(x), name="generator2")


class _Layers:
    """Layers of one generator: plain or separable, padded and initialised by its options."""

    def __init__(self, config, size, network):
        self.padding = config.value("padding", size)
        self.separable = getattr(config, f"{network}_block") == "separable"
        self.way = config.value(f"{network}_init", size)

    def conv(self, x, channels, name, kernel=3, strides=1, activation="relu"):
        """Convolution and rectifier; separable: each channel by itself, then a 1x1 convolution, a rectifier on both."""
        if strides > 1:
            x, padding = pad_halved(x, kernel, self.padding, f"{name}_pad")
        else:
            padding = "same"
        if self.separable:
            x = layers.DepthwiseConv2D(
                kernel, strides=strides, padding=padding, activation=activation, name=f"{name}_depth",
                **depthwise_init(self.way, kernel * kernel),
            )(x)  # fmt: skip
            name, kernel, strides = f"{name}_point", 1, 1
        arguments = {"padding": padding, "activation": activation, "name": name}
        fan_in = kernel * kernel * x.shape[-1]
        return layers.Conv2D(channels, kernel, strides=strides, **arguments, **conv_init(self.way, fan_in))(x)

    def dense(self, x, units, name):
        """Fully connected layer without activation."""
        return layers.Dense(units, name=name, **dense_init(self.way, x.shape[-1]))(x)

    def picture(self, x):
        """Three channels in float32, without activation."""
        x = self.conv(x, 3, "last", activation=None)
        return layers.Activation("linear", name="image", dtype="float32")(x)


def pad_halved(x, kernel, padding, name):
    """Prepare a map of even sides for a convolution of stride 2 and an odd kernel.

    Args:
        x: (B, H, W, C).
        kernel: side of the kernel.
        padding: "same" as TensorFlow, whose zeros stand mostly behind; "symmetric": as many before as behind.
        name: name of the layer.

    Returns:
        (map, padding argument of the convolution). The convolution halves the sides.
    """
    if padding == "same":
        return x, "same"
    # The last row and column of zeros would not be read.
    before = kernel // 2
    return layers.ZeroPadding2D(((before, before - 1), (before, before - 1)), name=name)(x), "valid"
