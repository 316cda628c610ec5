"""Networks of PN-GAN (paper, section 3.2; layers as in naiq/PN_GAN and in budui/Human-Pose-Transfer).

Layers have the names of the published state files, with `_` for the dots between them: `res1_conv2` is
`res1.conv2.conv`.
"""

import keras
from keras import layers

from pgig.errors import OptionsError
from pgig.layers.instance_norm import InstanceNormalization
from pgig.layers.reflect import ReflectionPadding2D
from pgig.layers.upconv_3x3 import UpConv3x3
from pgig.methods.pn_gan.config import PnGanConfig

# Every part of the decoder, in its order.
_DECODER = tuple(f"{up}{part}" for up in ("deconv3", "deconv2") for part in ("", "_norm", "_act"))
_DECODER += ("deconv1_pad", "deconv1", "image")

# The smallest side of which the discriminator's last map keeps a score.
_SMALLEST = 56


def require_size(size):
    """Raise an `OptionsError` unless the generator gives back the size, and the discriminator has a patch to score.

    Args:
        size: (height, width) in pixels.
    """
    if any(length % 4 or length < _SMALLEST for length in size):
        raise OptionsError(
            f"Pictures of {size[0]} x {size[1]} pixels (height x width) do not fit PN-GAN: each side must be a "
            f"multiple of 4 and at least {_SMALLEST}."
        )


def build_generator(config: PnGanConfig, size):
    """The generator: two halvings, residual blocks, two doublings; with two poses, one encoder for each input.

    Args:
        config: options of the method.
        size: (height, width) in pixels, multiples of 4.

    Returns:
        `keras.Model` of {"source_image": (B, H, W, 3), "pose": (B, H, W, pose_channels)} -> image (B, H, W, 3) in
        [-1, 1].
    """
    part = _Layers("normal" if config.two_poses else "torch")
    image = keras.Input((*size, 3), name="source_image", dtype="float32")
    pose = keras.Input((*size, config.pose_channels), name="pose", dtype="float32")
    if config.two_poses:
        branches = [_encoder(part, image, config.ngf, ""), _encoder(part, pose, config.ngf, "p_")]
        x = layers.Concatenate(name="branches")(branches)
    else:
        x = _encoder(part, layers.Concatenate(name="input")([image, pose]), config.ngf, "")

    for number in range(1, config.num_resblock + 1):
        x = _residual(part, x, f"res{number}", mix=4 * config.ngf if config.two_poses and number == 1 else None)

    for name, factor in (("deconv3", 2), ("deconv2", 1)):
        up = UpConv3x3(factor * config.ngf, kernel_initializer=part.initializer(), name=name)
        x = layers.ReLU(name=f"{name}_act")(part.normalised(x, up))
    x = ReflectionPadding2D(3, name="deconv1_pad")(x)
    x = part.conv(x, 3, 7, "deconv1", use_bias=False)
    image_out = layers.Activation("tanh", name="image", dtype="float32")(x)
    return keras.Model({"source_image": image, "pose": pose}, image_out, name="generator")


def decoding_after(generator, block):
    """The generator that leaves out what lies between a residual block and the decoder; its weights are shared.

    Args:
        generator: what `build_generator` returned.
        block: number of the last residual block that is used, from 0.

    Returns:
        `keras.Model` with the inputs and the output of the generator.
    """
    x = generator.get_layer(f"res{block + 1}").output
    for name in _DECODER:
        x = generator.get_layer(name)(x)
    return keras.Model(generator.input, x, name=f"generator_after_block{block}")


def build_discriminator(config: PnGanConfig, size):
    """The discriminator: a score for every patch of a picture.

    Args:
        config: options of the method; but for the authors' program, the patches are of two pictures side by side.
        size: (height, width) in pixels, at least 56.

    Returns:
        `keras.Model` of {"image": (B, H, W, 3)}, and "condition" (B, H, W, 3) where there are two, -> scores (B, h, w),
        26 x 10 for pictures of 256 x 128.
    """
    part = _Layers("torch" if config.original else "normal")
    inputs = {"image": keras.Input((*size, 3), name="image", dtype="float32")}
    x = inputs["image"]
    if not config.original:
        inputs["condition"] = keras.Input((*size, 3), name="condition", dtype="float32")
        x = layers.Concatenate(name="input")([x, inputs["condition"]])
    x = _halvings(part, x, (config.ndf, 2 * config.ndf, 4 * config.ndf))
    x = part.normalised(x, part.conv_layer(8 * config.ndf, 4, "conv4"))
    x = layers.LeakyReLU(0.2, name="conv4_act")(x)
    # In float32 whatever the policy: a single channel is cheap, and in half precision PyTorch's CPU refuses it.
    x = part.conv(x, 1, 4, "dis", use_bias=False, dtype="float32")
    scores = layers.Reshape(x.shape[1:3], name="scores", dtype="float32")(x)
    return keras.Model(inputs, scores, name="discriminator")


def build_attribute_discriminator(ndf, num_att, size):
    """The discriminator that also names attributes of the person. No published program trains with it.

    Args:
        ndf: channels of its first layer.
        num_att: number of attributes.
        size: (height, width) in pixels, at least 64; published as 256 x 128.

    Returns:
        `keras.Model` of {"image": (B, H, W, 3)} -> {"scores": (B, h, w, 1), "attributes": (B, num_att) logits}; the
        map is 7 x 3 for 256 x 128.
    """
    part = _Layers("torch")
    image = keras.Input((*size, 3), name="image", dtype="float32")
    x = _halvings(part, image, (ndf, 2 * ndf, 4 * ndf, 8 * ndf, 8 * ndf))
    x = layers.ZeroPadding2D(1, name="conv6_pad")(x)
    x = part.normalised(x, part.conv_layer(8 * ndf, 4, "conv6"))
    x = layers.LeakyReLU(0.2, name="conv6_act")(x)
    scores = part.conv(x, 1, 1, "dis", use_bias=False, dtype="float32")
    x = layers.Flatten(name="flat")(x)
    x = layers.Dense(1024, kernel_initializer=part.initializer(), activation="relu", name="att_fc1")(x)
    logits = layers.Dense(num_att, kernel_initializer=part.initializer(), name="att_fc2", dtype="float32")(x)
    return keras.Model({"image": image}, {"scores": scores, "attributes": logits}, name="attribute_discriminator")


class _Layers:
    """Layers with one way of initial weights: "torch" (PyTorch's own) or "normal" (standard deviation 0.02)."""

    def __init__(self, way):
        self.way = way

    def initializer(self):
        # A new one each time: an initializer that is used twice gives the same numbers twice.
        if self.way == "normal":
            return keras.initializers.RandomNormal(0.0, 0.02)
        return keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform")

    def conv_layer(self, channels, kernel, name, **kwargs):
        return layers.Conv2D(channels, kernel, kernel_initializer=self.initializer(), name=name, **kwargs)

    def conv(self, x, channels, kernel, name, **kwargs):
        return self.conv_layer(channels, kernel, name, **kwargs)(x)

    def normalised(self, x, layer):
        """A convolution and instance normalisation.

        The normalisation takes the bias away again: it stands there for the files that hold one. Its gradient is
        nothing but rounding errors, which Adam would blow up to full steps, so it is not trained.
        """
        x = layer(x)
        layer.bias.trainable = False
        return InstanceNormalization(name=f"{layer.name}_norm")(x)


def _encoder(part, x, ngf, prefix):
    """Three convolutions: full, half and quarter size."""
    x = ReflectionPadding2D(3, name=f"{prefix}conv1_pad")(x)
    x = part.normalised(x, part.conv_layer(ngf, 7, f"{prefix}conv1"))
    x = layers.ReLU(name=f"{prefix}conv1_act")(x)
    for number, factor in ((2, 2), (3, 4)):
        name = f"{prefix}conv{number}"
        # PyTorch pads by one on all sides; of an even size, a convolution of stride 2 never reads the last row.
        x = layers.ZeroPadding2D(((1, 0), (1, 0)), name=f"{name}_pad")(x)
        x = part.normalised(x, part.conv_layer(factor * ngf, 3, name, strides=2))
        x = layers.ReLU(name=f"{name}_act")(x)
    return x


def _residual(part, x, name, mix=None):
    """A residual block with a ReLU behind the sum, and, for `mix` channels, a convolution behind it."""
    channels = x.shape[-1]
    y = part.normalised(x, part.conv_layer(channels, 3, f"{name}_conv1", padding="same"))
    y = layers.ReLU(name=f"{name}_act1")(y)
    y = part.normalised(y, part.conv_layer(channels, 3, f"{name}_conv2", padding="same"))
    y = layers.Add(name=f"{name}_sum")([y, x])
    if mix is not None:
        y = layers.ReLU(name=f"{name}_act2")(y)
        y = part.normalised(y, part.conv_layer(mix, 3, f"{name}_mix_conv", padding="same"))
    return layers.ReLU(name=name)(y)


def _halvings(part, x, channels):
    """4x4 convolutions of stride 2, the first without normalisation."""
    for number, count in enumerate(channels, 1):
        name = f"conv{number}"
        x = layers.ZeroPadding2D(1, name=f"{name}_pad")(x)
        if number == 1:
            x = part.conv(x, count, 4, name, strides=2, use_bias=False)
        else:
            x = part.normalised(x, part.conv_layer(count, 4, name, strides=2))
        x = layers.LeakyReLU(0.2, name=f"{name}_act")(x)
    return x
