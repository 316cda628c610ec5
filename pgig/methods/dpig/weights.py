"""Where the tensors of the published checkpoints of DPIG belong.

A checkpoint of the original holds all that its program had: networks that were merely read, the slots and counters of
the optimizers, learning rates. Of these the tables take the networks of the weight file that is asked for.
"""

import re
from collections import Counter
from dataclasses import replace
from functools import partial
from math import prod

from pgig.errors import WeightsError
from pgig.methods.dcgan_tensors import dcgan_tensors
from pgig.methods.dpig.appearance_networks import weighted_layers
from pgig.methods.dpig.discriminator import logits
from pgig.weights.foreign import Table, Tensor

# Generators, encoders and mappings: scope of their layers, which are numbered by kind in the order of their making.
_SCOPES = {
    "encoder": "Encoder/G_encoder",
    "generator": "ID_AE/G",
    "pose_encoder": "PoseAE/G_Pose_Encoder",
    "pose_decoder": "PoseAE/G_Pose_Decoder",
    "mapping_fg": "Gaussian_FC_Fg/G_FC",
    "mapping_bg": "Gaussian_FC_Bg/G_FC",
    "mapping_app": "Gaussian_FC/G_FC",
    "mapping_pose": "PoseGaussian/G_FC",
}
# Discriminators: what their layers' names begin with.
_PREFIXES = {
    "discriminator": "Discriminator.",
    "critic_fg": "Fg_FCDis_Discriminator.",
    "critic_bg": "Bg_FCDis_Discriminator.",
    "critic_app": "FCDis_Discriminator.",
    "critic_pose": "Pose_emb_Discriminator.",
}

# Slots and counters of Adam and RMSProp, and averages of the discriminator that were never updated.
_UNUSED = (
    ".*/(Adam|RMSProp)(_1)?",
    "beta[12]_power(_1)?",
    "step",
    "phase",
    "[gd]_lr",
    r"Discriminator\.BN\d+\.moving_(mean|variance)",
)


def checkpoint(method, file, kind):
    """The published checkpoint of a weight file of DPIG.

    Args:
        method: `Dpig`.
        file: a name of `Dpig.files`.
        kind: "tensorflow" or "torch".

    Returns:
        `pgig.weights.foreign.Table`, or None for "torch". Mappings that a file is not named for may be missing.

    Raises:
        WeightsError: while it is filled, from the discriminator of another `--D_arch`.
    """
    if kind != "tensorflow":
        return None
    networks = method.files[file]
    parts = {network: tuple(_tensors(method, network)) for network in networks}
    further = [name for name in networks if _is_mapping(name) and not _is_mapping(networks[-1])]
    needed = tuple(tensor for name in networks if name not in further for tensor in parts[name])
    others = [f"{scope}/.*" for name, scope in _SCOPES.items() if name not in networks]
    others += [re.escape(prefix) + ".*" for name, prefix in _PREFIXES.items() if name not in networks]
    return Table(needed, (*others, *_UNUSED), optional=tuple(parts[name] for name in further))


def _is_mapping(network):
    return network.startswith("mapping_")


def _tensors(method, network):
    """`Tensor` of every variable of a network, in the order of the original's making."""
    model = method.networks[network]
    if network == "discriminator":
        return _discriminator(model, method.config)
    layers = weighted_layers(model)
    return _numbered(_SCOPES[network], layers) if network in _SCOPES else _critic(_PREFIXES[network], layers)


def _numbered(scope, layers):
    """Layers that are known by their kind and number: Conv, Conv_1, ... and fully_connected, fully_connected_1, ..."""
    counts = Counter()
    for layer in layers:
        kind = "Conv" if len(layer.kernel.shape) == 4 else "fully_connected"
        name = f"{scope}/{kind}_{counts[kind]}" if counts[kind] else f"{scope}/{kind}"
        counts[kind] += 1
        yield Tensor(f"{name}/weights", layer.kernel)
        yield Tensor(f"{name}/biases", layer.bias)


def _critic(prefix, layers):
    names = ["Input.Linear", *(f"{number}.Linear" for number in range(len(layers) - 2)), "Out"]
    for name, layer in zip(names, layers, strict=True):
        yield Tensor(f"{prefix}{name}/{prefix}{name}.W", layer.kernel)
        yield Tensor(f"{prefix}{name}/{prefix}{name}.b", layer.bias)


def _discriminator(model, config):
    kernel = model.get_layer("logit").kernel
    shape = [layer for layer in model.layers if layer.name.startswith("act")][-1].output.shape[1:]
    whole = prod(shape)
    kinds = {whole: "DCGAN-whole", whole // logits(replace(config, D_arch="DCGAN"), shape): "DCGAN"}
    for tensor in dcgan_tensors(model):
        if tensor.variable is kernel:
            tensor = replace(tensor, layout=partial(_of_kind, kinds, kernel.shape[0], tensor.layout))
        yield tensor


def _of_kind(kinds, rows, layout, array):
    """The last layer's weights in our layout; refuses those of another `--D_arch`: {rows: its value}."""
    if array.size != rows and array.size in kinds:
        raise WeightsError(
            f"The discriminator of this checkpoint has {array.size} weights in its last layer instead of {rows}: give "
            f"--D_arch {kinds[array.size]} with it."
        )
    return layout(array)
