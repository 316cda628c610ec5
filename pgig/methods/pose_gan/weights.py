"""Where the tensors of the original's .h5 files belong, by their order (spec of the files: Keras 2.0.8 `Model.save`).

The original never compared names: Keras numbered them anew in every process. The order is by depth of the graph; at
equal depth the appearance encoder precedes the pose encoder. The names given here are those of a fresh process that
builds the generator first and the discriminator second, as the original's train.py does.
"""

from collections import Counter

from pgig.methods.pose_gan.networks import DROPOUT_STAGES, WARPED_LEVELS, decoder_channels, encoder_channels


def original_order(model, network, config, size):
    """Weights in file order.

    Args:
        model: the generator or the discriminator.
        network: `"generator"` or `"discriminator"`.
        config: `PoseGanConfig`.
        size: (height, width).

    Returns:
        List of (layer of the file, tensor name of the file, variable). The localisation net of `--warp_skip stn`
        stands four times, with the same variables, as in the original's files.
    """
    layers = _generator_layers(config, size) if network == "generator" else _discriminator_layers(config)
    names = original_names(config, size)
    entries = []
    for group, name in layers:
        file_layer = names[name]
        for variable in _find(model, name).weights:
            entries.append((group or file_layer, f"{file_layer}/{variable.name}:0", variable))
    return entries


def original_names(config, size):
    """Map our names of the layers that carry weights to the original's automatic names.

    Keras numbers the layers of a class in the order of their construction: the appearance encoder, the pose
    encoder, the decoder, the discriminator.
    """
    levels, stages = len(encoder_channels(size)), len(decoder_channels(size)) - 1
    parts = ("encoder",) if config.warp_skip == "none" else ("appearance", "pose")
    built = []
    for part in parts:
        for level in range(levels):
            built.append(("conv2d", f"{part}_conv{level}"))
            if 0 < level < levels - 1:
                built.append(("instance_normalization", f"{part}_norm{level}"))
    if config.warp_skip == "stn":
        built += [("dense", f"locate_dense{i}") for i in range(3)]
    for stage in range(stages):
        built += [("conv2d_transpose", f"decoder_conv{stage}"), ("instance_normalization", f"decoder_norm{stage}")]
    built.append(("conv2d", "output_conv"))
    built += [(_kind(name), name) for _, name in _discriminator_layers(config)]

    counts, names = Counter(), {}
    for kind, name in built:
        counts[kind] += 1
        names[name] = f"{kind}_{counts[kind]}"
    return names


def _generator_layers(config, size):
    """(group of the file or None, our layer) in file order."""
    levels, stages = len(encoder_channels(size)), len(decoder_channels(size)) - 1
    parts = ("encoder",) if config.warp_skip == "none" else ("appearance", "pose")
    order = []
    for level in range(levels):
        order += [(None, f"{part}_conv{level}") for part in parts]
        if 0 < level < levels - 1:
            order += [(None, f"{part}_norm{level}") for part in parts]

    for stage in range(stages):
        steps = [(None, f"decoder_conv{stage}"), (None, f"decoder_norm{stage}")]
        # The transformer of a skip level joins the graph beside the dropout of the stage before it, or, where there is
        # no dropout, one layer earlier: before the normalisation.
        level = levels - 2 - stage
        if config.warp_skip == "stn" and level < WARPED_LEVELS:
            place = 2 if stage < DROPOUT_STAGES else 1
            steps[place:place] = [(f"spatial_transformer_{level + 1}", f"locate_dense{i}") for i in range(3)]
        order += steps
    return order + [(None, "output_conv")]


def _discriminator_layers(config):
    patch = [f"score_{kind}{i}" for i in (1, 2, 3) for kind in ("conv", "norm")] + ["score_conv4"]
    if config.disc_type == "call":
        return [(None, name) for name in ("first_conv", *patch)]
    if config.disc_type == "warp":
        return [(None, name) for name in ("source_conv", "target_conv", *patch)]
    tower = [f"tower_{kind}{i}" for i in (1, 2, 3) for kind in ("conv", "norm")]
    return [("model_2", name) for name in ("first_conv", *tower)] + [(None, "score_dense")]


def _kind(name):
    part = name.rsplit("_", 1)[1].rstrip("0123456789")
    return {"conv": "conv2d", "norm": "instance_normalization"}.get(part, "dense")


def _find(model, name):
    """A layer by name, also inside the shared tower of the `sim` discriminator."""
    towers = [layer for layer in model.layers if layer.name == "tower"]
    for graph in (model, *towers):
        for layer in graph.layers:
            if layer.name == name:
                return layer
    raise KeyError(name)
