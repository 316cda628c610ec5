"""Networks of PATN (paper, section 3; layers as in tengteng95/Pose-Transfer:models/{model_variants,networks}.py).

Layers are named for what they do; `weights.py` says which numbers they have in the published state files.
"""

import math
import random

import keras
from keras import layers

from pgig.errors import OptionsError
from pgig.layers.batch_norm import BatchNorm
from pgig.layers.instance_norm import InstanceNormalization
from pgig.layers.reflect import ReflectionPadding2D
from pgig.layers.upconv_3x3 import UpConv3x3

JOINTS = 18
# Channels of what a discriminator sees beside the picture: the target pose, or the source picture.
CONDITIONS = {"discriminator_pb": JOINTS, "discriminator_pp": 3}


def require_size(config, size):
    """Raise an `OptionsError` unless the networks can halve the pictures and mirror the smallest map at its edges.

    Args:
        config: `PatnConfig`.
        size: (height, width) in pixels.
    """
    step = 2 ** max(config.G_n_downsampling, config.D_n_downsampling)
    smallest = max(2 * step, 4)
    if any(length % step or length < smallest for length in size):
        raise OptionsError(
            f"Pictures of {size[0]} x {size[1]} pixels (height x width) do not fit PATN: each side must be a multiple "
            f"of {step} and at least {smallest}."
        )


def build_generator(config, size):
    """The generator: two streams, of the picture and of both poses, through transfer blocks (paper, section 3.1).

    Args:
        config: `PatnConfig`.
        size: (height, width) in pixels, as `require_size` has them.

    Returns:
        `keras.Model` of {"source_image": (B, H, W, 3), "source_pose": (B, H, W, 18), "target_pose": the same} ->
        image (B, H, W, 3) in [-1, 1]. Layers `att0_gate` ... are the attention of the transfer blocks.
    """
    part = Parts(config.value("norm", size), config.init_type)
    inputs = generator_inputs(size)
    poses = layers.Concatenate(name="poses")([inputs["source_pose"], inputs["target_pose"]])
    x1 = encoder(part, inputs["source_image"], config.ngf, config.G_n_downsampling, "stream1_down")
    x2 = encoder(part, poses, config.ngf, config.G_n_downsampling, "stream2_down")
    blocks = config.value("n_blocks", size)
    for number in range(blocks):
        last = number == blocks - 1
        x1, x2 = transfer_block(part, x1, x2, f"att{number}", not config.no_dropout, last)

    for number in range(1, config.G_n_downsampling + 1):
        x1 = part.up(x1, x1.shape[-1] // 2, f"stream1_up{number}")
        x1 = layers.ReLU(name=f"stream1_up{number}_act")(x1)
    image = to_picture(part, x1, f"stream1_up{config.G_n_downsampling + 1}")
    return keras.Model(inputs, image, name="generator")


def build_discriminator(config, size, name):
    """A discriminator: a map of many channels, each value of which is a verdict. There is no projection to one.

    Args:
        config: `PatnConfig`.
        size: (height, width) in pixels, as `require_size` has them.
        name: of `CONDITIONS`.

    Returns:
        `keras.Model` of (B, H, W, 3 + C), a picture and what it is seen beside, -> (B, h, w, 4 * ndf) scores, for the
        cross-entropy their logits; h = H / 4.
    """
    part = Parts(config.discriminator_norm(size), "torch")
    pair = keras.Input((*size, 3 + CONDITIONS[name]), name="pair", dtype="float32")
    x = encoder(part, pair, config.ndf, config.D_n_downsampling, "down", most=4 * config.ndf)
    for number in range(config.n_layers_D):
        y = residual_branch(part, x, f"block{number}", not config.no_dropout_D)
        x = layers.Add(name=f"block{number}")([x, y])
    return keras.Model(pair, x, name=name)


def generator_inputs(size):
    """The inputs of a generator by name."""
    channels = {"source_image": 3, "source_pose": JOINTS, "target_pose": JOINTS}
    return {name: keras.Input((*size, count), name=name, dtype="float32") for name, count in channels.items()}


def encoder(part, x, channels, halvings, name, most=None):
    """A 7x7 convolution and halvings, each of which doubles the channels up to `most`."""
    x = ReflectionPadding2D(3, name=f"{name}1_pad")(x)
    x = layers.ReLU(name=f"{name}1_act")(part.conv(x, channels, 7, f"{name}1"))
    for number in range(2, halvings + 2):
        channels = min(2 * channels, most or 2 * channels)
        # PyTorch pads by one on all sides; of an even size, a convolution of stride 2 never reads the last row.
        x = layers.ZeroPadding2D(((1, 0), (1, 0)), name=f"{name}{number}_pad")(x)
        x = part.conv(x, channels, 3, f"{name}{number}", strides=2)
        x = layers.ReLU(name=f"{name}{number}_act")(x)
    return x


def transfer_block(part, x1, x2, name, dropout, last):
    """A pose-attentional transfer block: what the poses know gates what is added to the picture's map.

    Returns:
        (new x1, new x2); of the last block, x2 is None.
    """
    channels = x1.shape[-1]
    y = residual_branch(part, x1, f"{name}_stream1", dropout)
    z = residual_branch(part, x2, f"{name}_stream2", dropout, channels, normalised=False)
    gate = layers.Activation("sigmoid", name=f"{name}_gate")(z)
    gated = layers.Multiply(name=f"{name}_gated")([y, gate])
    x1 = layers.Add(name=f"{name}_x1")([x1, gated])
    return x1, None if last else layers.Concatenate(name=f"{name}_x2")([z, x1])


def residual_branch(part, x, name, dropout, channels=None, normalised=True):
    """Two 3x3 convolutions with dropout between them; the second to `channels`, None: as many as `x` has."""
    x = ReflectionPadding2D(1, name=f"{name}_pad1")(x)
    x = part.conv(x, x.shape[-1], 3, f"{name}_conv1")
    x = layers.ReLU(name=f"{name}_act")(x)
    if dropout:
        # With a seed of its own: without one, PyTorch would draw from a state that no file of the run holds.
        x = layers.Dropout(0.5, seed=random.randint(1, 10**9), name=f"{name}_dropout")(x)
    x = ReflectionPadding2D(1, name=f"{name}_pad2")(x)
    return part.conv(x, channels or x.shape[-1], 3, f"{name}_conv2", normalised=normalised)


def to_picture(part, x, name):
    """The last 7x7 convolution, which always has a bias, and tanh."""
    x = ReflectionPadding2D(3, name=f"{name}_pad")(x)
    x = part.conv(x, 3, 7, name, normalised=False, use_bias=True)
    return layers.Activation("tanh", name="image", dtype="float32")(x)


class Parts:
    """Convolutions with one normalisation and one way of initial weights.

    With batch normalisation, convolutions have no bias. With instance normalisation they have one, and where the
    normalisation takes it away again, it stands there for the published files only: its gradient is nothing but
    rounding errors, which Adam would blow up to full steps, so it is not trained.

    Args:
        norm: "batch" or "instance".
        way: of `PatnConfig.init_type`, or "torch" for PyTorch's own.
    """

    def __init__(self, norm, way):
        self.norm, self.way = norm, way

    def conv(self, x, channels, kernel, name, strides=1, normalised=True, use_bias=None):
        """A convolution without padding, and its normalisation."""
        bound = 1 / math.sqrt(kernel * kernel * x.shape[-1])
        layer = layers.Conv2D(
            channels, kernel, strides, use_bias=self.norm == "instance" if use_bias is None else use_bias,
            kernel_initializer=self._kernel(), bias_initializer=keras.initializers.RandomUniform(-bound, bound),
            name=name,
        )  # fmt: skip
        return self._normalised(x, layer) if normalised else layer(x)

    def up(self, x, channels, name):
        """A transposed convolution of stride 2, and its normalisation."""
        biased = self.norm == "instance"
        return self._normalised(x, UpConv3x3(channels, self._kernel(), use_bias=biased, name=name))

    def _normalised(self, x, layer):
        x, name = layer(x), f"{layer.name}_norm"
        if self.norm == "instance":
            layer.bias.trainable = False
            return InstanceNormalization(name=name)(x)
        gain = "ones" if self.way == "torch" else keras.initializers.RandomNormal(1.0, 0.02)
        return BatchNorm(momentum=0.1, gamma_initializer=gain, name=name)(x)

    def _kernel(self):
        # A new one each time: an initializer that is used twice gives the same numbers twice.
        scaled = keras.initializers.VarianceScaling
        if self.way == "torch":
            return scaled(1 / 3, "fan_in", "uniform")
        if self.way == "xavier":
            return scaled(0.02**2, "fan_avg", "untruncated_normal")
        if self.way == "kaiming":
            return scaled(2.0, "fan_in", "untruncated_normal")
        if self.way == "orthogonal":
            return keras.initializers.Orthogonal()
        return keras.initializers.RandomNormal(0.0, 0.02)
