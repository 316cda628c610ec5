"""Networks of the Deformable GAN as functional Keras graphs (paper section 3.1; pose-gan: models.py of its time).

Layer names say the part: `appearance_conv0`, `pose_norm3`, `warp2`, `decoder_conv1`. Activations come before the
convolutions, so the first convolution of a network has none.
"""

import random

import keras
from keras import layers

from pgig.errors import OptionsError
from pgig.layers.norm import JointInstanceNormalization
from pgig.layers.stn import SpatialTransformer
from pgig.layers.upconv import UpConv2D
from pgig.layers.warp import AffineWarp
from pgig.methods.pose_gan.config import PoseGanConfig

WARPED_LEVELS = 4
DROPOUT_STAGES = 3


def encoder_channels(size):
    """Channels of the encoder levels for pictures of `size` = (height, width)."""
    deep = 3 if max(size) <= 128 else 4
    return (64, 128, 256) + (512,) * deep


def decoder_channels(size):
    """Channels of the decoder stages; the last one is the picture."""
    deep = 3 if max(size) <= 128 else 4
    return (512,) * deep + (256, 128, 3)


def require_size(size):
    """Raise an `OptionsError` unless every level of the encoder halves the one before, and patches remain to be scored.

    Args:
        size: (height, width) in pixels.
    """
    step = 2 ** (len(encoder_channels(size)) - 1)
    if any(length % step or length < 64 for length in size):
        raise OptionsError(
            f"Pictures of {size[0]} x {size[1]} pixels (height x width) cannot be halved "
            f"{step.bit_length() - 1} times: each side must be a multiple of {step} and at least 64."
        )


def generator_inputs(config: PoseGanConfig, size):
    """Names and shapes, without the batch axis, of what the generator takes."""
    pose = (*size, config.pose_channels)
    shapes = {"source_image": (*size, 3), "source_pose": pose, "target_pose": pose}
    if not config.use_input_pose:
        del shapes["source_pose"]
    if config.use_bg and config.warp_skip != "none":
        shapes["background"] = (*size, 3)
    return shapes | warp_inputs(config, size)


def warp_inputs(config: PoseGanConfig, size):
    """Names and shapes of what places the source's features in the target pose."""
    return {
        "none": {},
        "full": {"transforms": (1, 8)},
        "mask": {"transforms": (10, 8), "masks": (10, *size)},
        "stn": {"pose_vector": (72,)},
    }[config.warp_skip]


def discriminator_inputs(config: PoseGanConfig, size):
    """Names and shapes of what the discriminator takes; `image` is the real or the generated target."""
    pose = (*size, config.pose_channels)
    shapes = {"source_image": (*size, 3), "source_pose": pose, "image": (*size, 3), "target_pose": pose}
    if not config.use_input_pose:
        del shapes["source_pose"]
    if config.use_bg:
        shapes["background"] = (*size, 3)
    return shapes | (warp_inputs(config, size) if config.disc_type == "warp" else {})


def build_generator(config: PoseGanConfig, size):
    """The generator: encoders, deformable skip connections, decoder.

    Args:
        config: options of the method.
        size: (height, width) in pixels, multiples of 32 (of 64 above 128 pixels).

    Returns:
        `keras.Model` from the dictionary of `generator_inputs` to the image (B, H, W, 3) in [-1, 1].
    """
    inputs = _inputs(generator_inputs(config, size))
    if config.warp_skip == "none":
        skips = _encoder(_given(inputs, "source_image", "source_pose", "target_pose"), "encoder", config, size)
    else:
        appearance = _encoder(_given(inputs, "source_image", "source_pose"), "appearance", config, size)
        pose = _encoder(_given(inputs, "target_pose", "background"), "pose", config, size)
        appearance = _deformed(appearance, inputs, config, size)
        pairs = enumerate(zip(appearance, pose, strict=True))
        skips = [layers.Concatenate(name=f"skip{level}")(pair) for level, pair in pairs]
    return keras.Model(inputs, _decoder(skips, config, size), name="generator")


def build_discriminator(config: PoseGanConfig, size):
    """The discriminator of `config.disc_type`: `keras.Model` from `discriminator_inputs` to scores (B, n) in (0, 1)."""
    inputs = _inputs(discriminator_inputs(config, size))
    build = {"call": _call_scores, "sim": _similarity_scores, "warp": _warped_scores}[config.disc_type]
    return keras.Model(inputs, build(inputs, config, size), name="discriminator")


def _inputs(shapes):
    return {name: keras.Input(shape, name=name, dtype="float32") for name, shape in shapes.items()}


def _given(inputs, *names):
    return [inputs[name] for name in names if name in inputs]


def _joined(tensors, name):
    return layers.Concatenate(name=name)(tensors) if len(tensors) > 1 else tensors[0]


def _norm(config, name):
    if config.original:
        return JointInstanceNormalization(name=name)
    return layers.GroupNormalization(groups=-1, epsilon=1e-3, name=name)


def _down(x, channels, part, index, config, norm=True, dtype=None):
    """Halve the map: leaky rectifier, padded 4x4 convolution of stride 2, normalisation."""
    x = layers.LeakyReLU(0.2, name=f"{part}_act{index}")(x)
    x = layers.ZeroPadding2D(1, name=f"{part}_pad{index}")(x)
    x = layers.Conv2D(channels, 4, strides=2, use_bias=False, name=f"{part}_conv{index}", dtype=dtype)(x)
    return _norm(config, f"{part}_norm{index}")(x) if norm else x


def _encoder(tensors, part, config, size):
    """Feature maps of every level. The first and the last level carry no normalisation."""
    first, *deeper = map(config.channels, encoder_channels(size))
    x = _joined(tensors, f"{part}_input")
    outputs = [layers.Conv2D(first, 3, padding="same", name=f"{part}_conv0")(x)]
    for level, channels in enumerate(deeper, 1):
        outputs.append(_down(outputs[-1], channels, part, level, config, norm=level < len(deeper)))
    return outputs


def _deformed(maps, inputs, config, size):
    """Bring the first levels of the appearance encoder into the target pose."""
    if config.warp_skip == "stn":
        theta = _localisation(inputs["pose_vector"])
        align = "original" if config.original else "corners"
        warp = [SpatialTransformer(align=align, name=f"warp{i}") for i in range(WARPED_LEVELS)]
        return [layer([x, theta]) for layer, x in zip(warp, maps, strict=False)] + maps[WARPED_LEVELS:]

    places = _given(inputs, "transforms", "masks")
    warp = [_warp(config, size, f"warp{i}") for i in range(WARPED_LEVELS)]
    return [layer([x, *places]) for layer, x in zip(warp, maps, strict=False)] + maps[WARPED_LEVELS:]


def _warp(config, size, name):
    sampling = ("nearest", "inverse") if config.original else ("bilinear", "exact")
    interpolation, gradient = sampling
    return AffineWarp(size, config.warp_agg, interpolation=interpolation, gradient=gradient, name=name)


def _localisation(pose_vector):
    """Six numbers of one affine map from both poses; it begins as the identity."""
    x = layers.LeakyReLU(0.2, name="locate_act0")(layers.Dense(64, name="locate_dense0")(pose_vector))
    x = layers.LeakyReLU(0.2, name="locate_act1")(layers.Dense(32, name="locate_dense1")(x))
    identity = keras.initializers.Constant([1.0, 0, 0, 0, 1, 0])
    return layers.Dense(
        6, kernel_initializer="zeros", bias_initializer=identity, name="locate_dense2", dtype="float32"
    )(x)


def _decoder(skips, config, size):
    *hidden, picture = decoder_channels(size)
    x = skips[-1]
    for stage, channels in enumerate(hidden):
        if stage > 0:
            x = layers.Concatenate(name=f"decoder_input{stage}")([x, skips[-1 - stage]])
        x = layers.ReLU(name=f"decoder_act{stage}")(x)
        x = UpConv2D(config.channels(channels), name=f"decoder_conv{stage}")(x)
        x = _norm(config, f"decoder_norm{stage}")(x)
        if stage < DROPOUT_STAGES:
            # With a seed of its own: without one, dropout on PyTorch does not draw from the state that is saved.
            x = layers.Dropout(0.5, seed=random.randint(1, 10**9), name=f"decoder_dropout{stage}")(x)
    x = layers.Concatenate(name="output_input")([x, skips[0]])
    x = layers.ReLU(name="output_act")(x)
    x = layers.Conv2D(picture, 3, padding="same", name="output_conv")(x)
    return layers.Activation("tanh", name="image", dtype="float32")(x)


def _first(tensors, name, config):
    x = _joined(tensors, f"{name}_input")
    return layers.Conv2D(config.channels(64), 4, strides=2, name=name)(x)


def _patch_scores(x, config):
    """Three normalised blocks and one of a single channel: a score for every patch."""
    for index, channels in enumerate((128, 256, 512), 1):
        x = _down(x, config.channels(channels), "score", index, config)
    # In float32 whatever the policy: a single channel is cheap, and in half precision PyTorch's CPU refuses it.
    x = _down(x, 1, "score", 4, config, norm=False, dtype="float32")
    x = layers.Activation("sigmoid", name="score", dtype="float32")(x)
    return layers.Flatten(name="scores", dtype="float32")(x)


def _call_scores(inputs, config, size):
    tensors = _given(inputs, "source_image", "source_pose", "image", "target_pose", "background")
    return _patch_scores(_first(tensors, "first_conv", config), config)


def _warped_scores(inputs, config, size):
    source = _first(_given(inputs, "source_image", "source_pose"), "source_conv", config)
    target = _first(_given(inputs, "image", "target_pose"), "target_conv", config)
    source = _warp(config, size, "warp")([source, inputs["transforms"], inputs["masks"]])
    return _patch_scores(layers.Concatenate(name="both")([target, source]), config)


def _similarity_scores(inputs, config, size):
    """One shared tower sees each picture with its pose; a dense layer compares the two."""
    picture = keras.Input((*size, 3 + config.pose_channels), dtype="float32")
    x = _first([picture], "first_conv", config)
    for index, channels in enumerate((128, 256, 512), 1):
        x = _down(x, config.channels(channels), "tower", index, config)
    tower = keras.Model(picture, x, name="tower")

    target = tower(_joined(_given(inputs, "image", "target_pose"), "target_input"))
    source = tower(_joined(_given(inputs, "source_image", "source_pose"), "source_input"))
    x = layers.Concatenate(name="both")([target, source])
    x = layers.Flatten(name="flat")(layers.LeakyReLU(0.2, name="both_act")(x))
    x = layers.Dense(1, name="score_dense")(x)
    return layers.Activation("sigmoid", name="scores", dtype="float32")(x)
