"""Encoder and generator of pictures of DPIG (paper, section 3.1; layers as in
charliememory/Disentangled-Person-Image-Generation).

Layers of either network that have weights come in the order of the published files. Codes and pictures are float32
whatever the dtype policy.
"""

import keras
from keras import layers

from pgig.errors import OptionsError
from pgig.layers.roi_crop import JoinBoxes, RoiCrop
from pgig.layers.unet import bottleneck_unet, residual, residual_levels
from pgig.layers.vector_conv import VectorConv2D
from pgig.methods.dpig.config import DpigConfig
from pgig.pose.joints import NAMES

PARTS = 7


def levels(config: DpigConfig, size):
    """Levels of the encoder and of the generator for pictures of `size` = (height, width)."""
    count = config.value("repeat_num", size)
    return (count, count) if config.value("background", size) else (count + 1, count - 1)


def require_size(config: DpigConfig, size):
    """Raise an `OptionsError` unless the generator can halve pictures of `size` as often as it has to."""
    _, count = levels(config, size)
    if count < 1:
        raise OptionsError(
            f"Pictures of {size[0]} x {size[1]} pixels (height x width) would get a generator of {count} levels: it "
            "needs 1 or more, so take pictures of at least 16 pixels of height, or a larger --repeat_num."
        )
    step = 2 ** (count - 1)
    if any(length % step for length in size):
        raise OptionsError(
            f"Pictures of {size[0]} x {size[1]} pixels (height x width) do not fit a generator of {count} levels: each "
            f"side must be a multiple of {step}, or --repeat_num smaller."
        )


def build_encoder(config: DpigConfig, size):
    """The encoder: codes of body parts, and of what is not the body.

    Args:
        config: options of the method.
        size: (height, width) in pixels.

    Returns:
        `keras.Model` of {"image": (B, H, W, 3) in [-1, 1], "boxes": (B, 7, 4) y1, x1, y2, x2 in pixels, "visible":
        (B, 7) 0 or 1} -> {"app": codes (B, 7 * part_emb_dim), part after part, zeros for those that are not visible}.
        With `--background 1` it also takes "mask": (B, H, W, 1) 0 or 1, and gives {"fg": codes of the parts, seen
        through the mask, "bg": (B, bg_emb_dim) of the rest}.
    """
    hidden, (count, _) = config.conv_hidden_num, levels(config, size)
    inputs = {
        "image": keras.Input((*size, 3), name="image"),
        "boxes": keras.Input((PARTS, 4), name="boxes"),
        "visible": keras.Input((PARTS,), name="visible"),
    }
    maps = residual(_Layers, _Layers.conv(inputs["image"], hidden, "stem"), "stem")
    if not config.value("background", size):
        return keras.Model(inputs, {"app": _part_codes(config, size, maps, inputs)}, name="encoder")

    inputs["mask"] = keras.Input((*size, 1), name="mask")
    foreground = layers.Multiply(name="foreground")([maps, inputs["mask"]])
    # The mask being 0 or 1, this is the product with its complement.
    rest = layers.Subtract(name="background")([maps, foreground])
    rest = residual_levels(_Layers, rest, hidden, count, "background")[-1]
    codes = {
        "fg": _part_codes(config, size, foreground, inputs),
        "bg": layers.Dense(config.bg_emb_dim, name="background_code", dtype="float32")(
            layers.Flatten(name="background_flat")(rest)
        ),
    }
    return keras.Model(inputs, codes, name="encoder")


def build_generator(config: DpigConfig, size):
    """The generator: a U-Net from a pose to a picture, with a fully connected bottleneck.

    Args:
        config: options of the method.
        size: (height, width) in pixels.

    Returns:
        `keras.Model` of the encoder's codes and "pose": (B, H, W, 18) in -1 and 1 -> picture (B, H, W, 3), without
        bounds. The output of its layer `bottleneck` is the bottleneck (B, z_num).
    """
    hidden, (_, count) = config.conv_hidden_num, levels(config, size)
    sizes = {"fg": PARTS * config.part_emb_dim, "bg": config.bg_emb_dim}
    if not config.value("background", size):
        sizes = {"app": PARTS * config.part_emb_dim}
    inputs = {name: keras.Input((length,), name=name) for name, length in sizes.items()}
    codes = list(inputs.values())
    code = layers.Concatenate(name="code")(codes) if len(codes) > 1 else codes[0]
    inputs["pose"] = keras.Input((*size, len(NAMES)), name="pose")

    x = VectorConv2D(hidden, "relu", name="first")([code, inputs["pose"]])
    x = bottleneck_unet(_Layers, x, hidden, count, config.z_num)
    x = _Layers.conv(x, 3, "last", activation=None)
    return keras.Model(inputs, layers.Activation("linear", name="image", dtype="float32")(x), name="generator")


def weighted_layers(model):
    """Layers of the encoder or the generator that have weights, in the order of the published files."""
    own = [layer for layer in model.layers if layer.weights]
    # The branches of the encoder are mixed; each by itself is in order.
    return sorted(own, key=lambda layer: layer.name.startswith("background"))


def _part_codes(config, size, maps, inputs):
    """Codes (B, 7 * part_emb_dim) of the parts of maps."""
    crops = RoiCrop(config.value("roi_size", size), name="parts")([maps, inputs["boxes"]])
    count, _ = levels(config, size)
    x = residual_levels(_Layers, crops, config.conv_hidden_num, count, "part")[-1]
    x = layers.Dense(config.part_emb_dim, name="part_code", dtype="float32")(layers.Flatten(name="part_flat")(x))
    x = JoinBoxes(PARTS, name="part_codes", dtype="float32")(x)
    if config.part_visibility:
        visible = layers.Reshape((PARTS, 1), name="part_visible", dtype="float32")(inputs["visible"])
        x = layers.Multiply(name="visible_codes", dtype="float32")([x, visible])
    else:
        # So that layers have the same order: theirs is that of their distance from the outputs.
        x = layers.Identity(name="visible_codes", dtype="float32")(x)
    return layers.Flatten(name="codes", dtype="float32")(x)


class _Layers:
    """Layers of both networks, as `pgig.layers.unet` asks for them."""

    @staticmethod
    def conv(x, channels, name, kernel=3, strides=1, activation="relu"):
        return layers.Conv2D(channels, kernel, strides=strides, padding="same", activation=activation, name=name)(x)

    @staticmethod
    def dense(x, units, name):
        return layers.Dense(units, name=name)(x)
