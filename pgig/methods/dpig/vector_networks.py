"""Fully connected networks of DPIG: the auto-encoder of poses, mappings of noise to codes, and critics of codes.

Layers and starting values as in charliememory/Disentangled-Person-Image-Generation. All is computed in float32 whatever
the dtype policy: half precision would move joints by pixels, and these networks are small.
"""

import keras
from keras import layers, ops

from pgig.layers.clip import Clip
from pgig.methods.dpig.config import DpigConfig
from pgig.pose.joints import NAMES

JOINTS = len(NAMES)

# Residual blocks of two layers each, in all networks but the critics; and a critic's layers after its first.
_BLOCKS = 4
_CRITIC_LAYERS = 3
_SLOPE = 0.2


def build_pose_encoder(config: DpigConfig):
    """The encoder of poses.

    Args:
        config: options of the method.

    Returns:
        `keras.Model` of poses (B, 54), joint after joint as normalised row, column, visible 0/1, as
        `pgig.pose.coordinates.normalised` returns them -> codes (B, pose_emb_dim).
    """
    inputs = keras.Input((3 * JOINTS,), name="pose")
    x = _leaky(_dense(config.fc_hidden_num, "encoder_first")(inputs), "encoder_first_act")
    x = _residual(x, "encoder_")
    return keras.Model(inputs, _dense(config.pose_emb_dim, "encoder_last")(x), name="pose_encoder")


def build_pose_decoder(config: DpigConfig):
    """The decoder of poses.

    Args:
        config: options of the method.

    Returns:
        `keras.Model` of codes (B, pose_emb_dim) -> {"places": (B, 18, 2) normalised row and column, -1 and 1 at the
        edges of the picture but not bounded, "visible": (B, 18) probability, see `rounded_visibility`}.
    """
    inputs = keras.Input((config.pose_emb_dim,), name="code")
    # Without an activation, unlike the other networks.
    x = _residual(_dense(config.fc_hidden_num, "decoder_first")(inputs), "decoder_")
    places = layers.Reshape((JOINTS, 2), name="places", dtype="float32")(_dense(2 * JOINTS, "decoder_last")(x))
    visible = _dense(JOINTS, "visible", activation="sigmoid")(x)
    return keras.Model(inputs, {"places": places, "visible": visible}, name="pose_decoder")


def rounded_visibility(probability):
    """Visibility 0 or 1 of probabilities, halves to 0; its gradient is that of the probabilities."""
    return probability + ops.stop_gradient(ops.round(probability) - probability)


def build_mapping(config: DpigConfig, factor, size):
    """The mapping of noise to codes of a factor.

    Args:
        config: options of the method.
        factor: "fg", "bg", "app" or "pose".
        size: numbers in a code.

    Returns:
        `keras.Model` `mapping_<factor>` of noise (B, size) -> codes (B, size).
    """
    units = config.fc_hidden_num // 2 if factor == "bg" else config.fc_hidden_num
    inputs = keras.Input((size,), name="noise")
    x = _residual(_leaky(_dense(units, "first")(inputs), "first_act"))
    return keras.Model(inputs, _dense(size, "last")(x), name=f"mapping_{factor}")


def build_critic(config: DpigConfig, factor, size):
    """The critic of codes of a factor.

    Args:
        config: options of the method; all weights are kept within `--clip`.
        factor, size: as for `build_mapping`.

    Returns:
        `keras.Model` `critic_<factor>` of codes (B, size) -> logits (B, 1), larger for real ones.
    """
    clip = {"kernel_constraint": Clip(config.clip), "bias_constraint": Clip(config.clip)}
    inputs = x = keras.Input((size,), name="code")
    for number in range(1 + _CRITIC_LAYERS):
        name = f"hidden{number}"
        x = _leaky(_dense(config.fc_hidden_num, name, kernel_initializer="he_uniform", **clip)(x), f"{name}_act")
    x = _dense(1, "logit", **clip)(x)
    return keras.Model(inputs, x, name=f"critic_{factor}")


def _residual(x, prefix=""):
    """Blocks of two layers each, which are added to what they take. Networks that learn together differ in `prefix`."""
    for block in range(_BLOCKS):
        branch = x
        for number in range(2):
            name = f"{prefix}block{block}_{number}"
            branch = _leaky(_dense(x.shape[-1], name)(branch), f"{name}_act")
        x = layers.Add(name=f"{prefix}block{block}", dtype="float32")([x, branch])
    return x


def _dense(units, name, **settings):
    return layers.Dense(units, name=name, dtype="float32", **settings)


def _leaky(x, name):
    return layers.LeakyReLU(_SLOPE, name=name, dtype="float32")(x)
