"""Flow estimator and renderer of GFLA (paper, section 3; RenYurui/Global-Flow-Local-Attention:model/networks/).

Layer L of a network has maps of the picture's size / 2^L. Keras layers have the names of the published state files,
with `_` for the dots between them; in the flow estimator without the `flow_net` before them.
"""

import keras
from keras import layers

from pgig.layers.instance_norm import InstanceNormalization
from pgig.layers.local_attention import LocalAttention
from pgig.layers.reflect import ReflectionPadding2D
from pgig.layers.upconv_3x3 import UpConv3x3
from pgig.methods.gfla.config import GflaConfig

# Of all leaky rectifiers.
SLOPE = 0.1


def build_flow_net(config: GflaConfig, size):
    """The flow estimator: halvings of everything that is known, doublings with skip connections, and heads.

    Args:
        config: options of the method.
        size: (height, width) in pixels, as `GflaConfig.require_size` accepts them.

    Returns:
        `keras.Model` of {"source_image": (B, H, W, 3), "source_pose": (B, H, W, 18), "target_pose": (B, H, W, 18)} ->
        for each attended layer L "flow<L>" (B, H / 2^L, W / 2^L, 2): where to look in the source, as (x, y) from the
        position itself, in pixels of that layer; and "mask<L>" (B, H / 2^L, W / 2^L, 1) from 0 to 1: how far to trust
        what is found there. Both float32.
    """
    part, attended = _Layers(config.init_type), config.attn_layers_of(size)
    encoders = config.value("flow_encoders", size)
    channels = _channels(config.flow_ngf, config.flow_img_f, encoders)
    inputs = _inputs(size, source_image=3, source_pose=18, target_pose=18)
    x = layers.Concatenate(name="input")(list(inputs.values()))
    maps = part.encode(x, "", channels, {*range(attended[0], encoders + 1)})

    x, outputs = maps[encoders], {}
    for number, layer in enumerate(range(encoders - 1, attended[0] - 1, -1)):
        x = part.double(x, f"decoder{number}", channels[layer], channels[layer])
        skipped = part.reflected(maps[layer], f"jump{number}", channels[layer])
        x = layers.Add(name=f"sum{number}")([x, skipped])
        if layer in attended:
            # In float32 whatever the policy: positions need it, and these are few channels.
            outputs[f"flow{layer}"] = part.conv(x, 2, f"output{number}", dtype="float32")
            mask = part.conv(x, 1, f"mask{number}_0", dtype="float32")
            outputs[f"mask{layer}"] = layers.Activation("sigmoid", name=f"mask{number}", dtype="float32")(mask)
    return keras.Model(inputs, outputs, name="flow")


def build_renderer(config: GflaConfig, size):
    """The renderer: encoders of the source picture and the target pose, and a decoder that attends to the source.

    Args:
        config: options of the method.
        size: (height, width) in pixels, as `GflaConfig.require_size` accepts them.

    Returns:
        `keras.Model` of {"source_image": (B, H, W, 3), "target_pose": (B, H, W, 18)} and all outputs of the flow
        estimator -> image (B, H, W, 3) in [-1, 1]. The layers "target_attn<i>" attend.
    """
    part, attended, kernels = _Layers(config.init_type), config.attn_layers_of(size), config.kernel_sizes_of(size)
    channels = _channels(config.ngf, config.img_f, config.layers)
    inputs = _inputs(size, source_image=3, target_pose=18)
    for layer in reversed(attended):
        small = [length >> layer for length in size]
        inputs |= _inputs(small, **{f"flow{layer}": 2, f"mask{layer}": 1})

    top = attended[-1]
    source = part.encode(inputs["source_image"], "source_", channels[: top + 1], {*attended})
    if top < config.layers:
        source[top] = part.unused(source[top], "source_", channels, top)
    x = part.encode(inputs["target_pose"], "target_", channels, {config.layers})[config.layers]

    for number, layer in enumerate(range(config.layers, 0, -1)):
        if layer in attended:
            attend = LocalAttention(kernels[layer], kernel_initializer=part.initializer(), name=f"target_attn{number}")
            found = attend([source[layer], x, inputs[f"flow{layer}"]])
            x = Blend(name=f"target_blend{number}")([x, found, inputs[f"mask{layer}"]])
        for block in range(config.num_blocks - 1):
            x = part.residual(x, f"target_decoder{number}_0_model_{block}")
        x = part.double(x, f"target_decoder{number}_1", channels[layer], channels[max(layer - 1, 1)])
    x = part.reflected(x, "target_outconv", 3)
    image = layers.Activation("tanh", name="target_outconv", dtype="float32")(x)
    return keras.Model(inputs, image, name="generator")


def attention_inputs(renderer):
    """What the attention of a renderer sees: `LocalAttention.coefficients` makes its weights of it.

    Args:
        renderer: what `build_renderer` returned.

    Returns:
        `keras.Model` with the inputs of the renderer -> {name of the layer: [source (B, h, w, C), target (B, h, w, C),
        flow (B, h, w, 2)]}; "target_attn0" is of the coarsest layer that there can be.
    """
    seen = {layer.name: layer.input for layer in renderer.layers if isinstance(layer, LocalAttention)}
    return keras.Model(renderer.input, seen, name="attention_inputs")


@keras.saving.register_keras_serializable(package="pgig")
class Blend(keras.layers.Layer):
    """Of [own, found, mask]: own * (1 - mask) + found * mask, for maps (B, h, w, C) and a mask (B, h, w, 1)."""

    def call(self, inputs):
        own, found, mask = inputs
        return own + (found - own) * mask

    def compute_output_shape(self, input_shape):
        return input_shape[0]


class Unused(keras.layers.Layer):
    """Passes a map on, and holds layers that nothing computes but that weight files have. They are not trained.

    Args:
        parts: layers, each of which takes what the one before it would give.
    """

    def __init__(self, parts, **kwargs):
        super().__init__(**kwargs)
        self.parts = list(parts)

    def build(self, input_shape):
        for part in self.parts:
            part.build(input_shape)
            input_shape = part.compute_output_shape(input_shape)
        # Reaches only variables that are there.
        self.trainable = False

    def call(self, x):
        return x

    def compute_output_shape(self, input_shape):
        return input_shape


class _Layers:
    """Layers and blocks with one way of initial kernels; biases start at 0.

    A convolution of which nothing but a normalisation reads has a bias without effect: the normalisation takes it away
    again. It stands there for the files. Its gradient is nothing but rounding errors, which Adam would blow up to full
    steps, so it is not trained.
    """

    def __init__(self, way):
        self.way = way

    def initializer(self):
        # A new one each time: an initializer that is used twice gives the same numbers twice.
        kinds = keras.initializers
        if self.way == "orthogonal":
            return kinds.Orthogonal(0.02)
        if self.way == "normal":
            return kinds.RandomNormal(0.0, 0.02)
        if self.way == "xavier":
            return kinds.VarianceScaling(0.02**2, "fan_avg", "untruncated_normal")
        return kinds.VarianceScaling(2.0, "fan_in", "untruncated_normal")

    def conv_layer(self, channels, name, side=3, **kwargs):
        options = {"padding": "same"} | kwargs
        return layers.Conv2D(channels, side, kernel_initializer=self.initializer(), name=name, **options)

    def conv(self, x, channels, name, **kwargs):
        return self.conv_layer(channels, name, **kwargs)(x)

    def encode(self, x, prefix, channels, read):
        """Halvings one after the other.

        Args:
            x: (B, H, W, C).
            prefix: of all names.
            channels: of layer L at position L.
            read: layers of which more is read than the next halving's normalisation.

        Returns:
            {layer: its map}.
        """
        maps = {}
        for layer in range(1, len(channels)):
            block = self.halving(_encoder(prefix, layer), channels[layer])
            for each in block:
                x = each(x)
            block[2].bias.trainable = False
            block[-1].bias.trainable = layer in read
            maps[layer] = x
        return maps

    def unused(self, x, prefix, channels, top):
        """Pass the map of layer `top` on, with the halvings behind it as layers that nothing computes."""
        later = range(top + 1, len(channels))
        parts = [part for layer in later for part in self.halving(_encoder(prefix, layer), channels[layer])]
        return Unused(parts, name=f"{prefix}unused")(x)

    def halving(self, name, channels):
        """The layers of a block that halves. For even sizes, "same" pads the 4x4 kernel by one pixel on each side."""
        first = self.conv_layer(channels, f"{name}_model_2", side=4, strides=2)
        second = self.conv_layer(channels, f"{name}_model_5")
        return [*_activation(name, 0), first, *_activation(name, 3), second]

    def residual(self, x, name):
        """Two convolutions, their input added."""
        y = self._twice(x, name, x.shape[-1], self.conv_layer(x.shape[-1], f"{name}_model_5"))
        return layers.Add(name=name)([x, y])

    def double(self, x, name, hidden, channels):
        """A convolution and a transposed one that doubles, and beside them a transposed one of the raw input."""
        y = self._twice(x, name, hidden, self._up(channels, f"{name}_model_5"))
        return layers.Add(name=name)([y, self._up(channels, f"{name}_shortcut_0")(x)])

    def reflected(self, x, name, channels):
        """A convolution of the activated map, which is continued by its mirror image."""
        x = layers.LeakyReLU(SLOPE, name=f"{name}_act")(x)
        x = ReflectionPadding2D(1, name=f"{name}_pad")(x)
        return self.conv(x, channels, f"{name}_conv1", padding="valid")

    def _up(self, channels, name):
        return UpConv3x3(channels, kernel_initializer=self.initializer(), name=name)

    def _twice(self, x, name, hidden, last):
        """A convolution to `hidden` channels and another layer, each behind normalisation and activation."""
        first = self.conv_layer(hidden, f"{name}_model_2")
        for each in (*_activation(name, 0), first, *_activation(name, 3), last):
            x = each(x)
        first.bias.trainable = False
        return x


def _activation(name, number):
    """Normalisation and activation: places `number` and `number` + 1 of a block."""
    return (
        InstanceNormalization(affine=True, name=f"{name}_model_{number}"),
        layers.LeakyReLU(SLOPE, name=f"{name}_model_{number + 1}"),
    )


def _inputs(size, **channels):
    return {name: keras.Input((*size, count), name=name, dtype="float32") for name, count in channels.items()}


def _channels(first, most, count):
    """Channels of layers 1 to `count`, at their positions."""
    return (None, *(min(first * 2**number, most) for number in range(count)))


def _encoder(prefix, layer):
    """Name of the block that makes layer L."""
    return f"{prefix}encoder{layer - 2}" if layer > 1 else f"{prefix}block0"
