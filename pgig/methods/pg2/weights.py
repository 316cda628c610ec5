"""Where the tensors of the published checkpoints of PG2 belong.

Our networks number the values of a map by row, column, channel, and take the first stage's picture first. Files of
programs that do otherwise are turned round while they are read, so that one network serves them all; what cannot be
turned, the zeros around halved maps, is an option.
"""

import numpy as np

from pgig.errors import WeightsError
from pgig.methods.dcgan_tensors import dcgan_tensors
from pgig.methods.pg2 import names
from pgig.methods.pg2.discriminator import convolutions
from pgig.methods.pg2.networks import blocks
from pgig.weights.foreign import Table, Tensor, conv, dense_from_chw, dense_to_chw, depthwise, from_chw

_PROGRAMS = {"tensorflow": "TensorFlow", "torch": "PyTorch"}
_FAMILIES = {"tensorflow": ("authors",), "torch": ("human-pose-transfer", "harshitbansal05")}

# What else stands in the authors' checkpoints: the other networks, Adam's slots and counters, averages never updated.
_SCOPES = {"generator1": "Pose_AE/.*", "generator2": "UAEnoFC/.*", "discriminator": r"Discriminator\..*"}
_UNUSED = (
    ".*/Adam(_1)?",
    "beta[12]_power(_[12])?",
    "step",
    "[gd]_lr",
    r"Discriminator\.BN\d+\.moving_(mean|variance)",
)


def checkpoint(method, file, kind):
    """The published checkpoint of a weight file of PG2.

    Args:
        method: `Pg2`.
        file: "generator", "stage1" or "discriminator".
        kind: "tensorflow" or "torch".

    Returns:
        `pgig.weights.foreign.Table`, or None where no such checkpoint was published. The PyTorch programs have a file
        for each network; there `generator` is the one that its stage trains.

    Raises:
        WeightsError: files of this kind belong to another family, or lack weights.
    """
    family = method.config.family
    if family not in _FAMILIES[kind]:
        raise WeightsError(
            f"{_PROGRAMS[kind]} weights of PG2 do not fit --family {family}: give --family "
            f"{' or '.join(_FAMILIES[kind])} with them."
        )
    networks = method.files[file] if kind == "tensorflow" else method.files[file][-1:]
    if family != "human-pose-transfer" and any(_separable(method, network) for network in networks):
        return None
    if family == "harshitbansal05" and networks == ("discriminator",):
        raise WeightsError(
            "Discriminators of harshitbansal05/Pose-Guided-Image-Generation hold no filters, which were random in "
            "every pass: train one, or give that of another program with its --family."
        )
    build = _authors if family == "authors" else _torch
    tensors = tuple(tensor for network in networks for tensor in build(method, network))
    if kind == "torch":
        renamed = family == "human-pose-transfer" and networks != ("discriminator",)
        return Table(tensors, (r".*\.num_batches_tracked",), names.before_renaming(networks[-1]) if renamed else ())
    others = tuple(scope for network, scope in _SCOPES.items() if network not in networks)
    return Table(tensors, others + _UNUSED)


def _authors(method, network):
    model = method.networks[network]
    if network != "discriminator":
        for layer, name in names.of_authors(network, _count(method, network)).items():
            yield Tensor(f"{name}/weights", model.get_layer(layer).kernel)
            yield Tensor(f"{name}/biases", model.get_layer(layer).bias)
        return
    yield from dcgan_tensors(model)


def _torch(method, network):
    model = method.networks[network]
    if network == "discriminator":
        yield from _torch_discriminator(model, method.size)
        return
    count = _count(method, network)
    if method.config.family == "harshitbansal05":
        modules, exchanged = names.of_harshitbansal05(network, count), False
    else:
        modules = names.of_human_pose_transfer(network, count, _separable(method, network))
        exchanged = network == "generator2"
    for layer, name in modules.items():
        kernel, bias = depthwise if layer.endswith("_depth") else conv, None
        if layer == "bottleneck":
            kernel = dense_from_chw(*_edges(model, "flat"))
        elif layer == "spread":
            kernel, bias = dense_to_chw(*_edges(model, "flat")), from_chw(*_edges(model, "flat"))
        elif exchanged and layer.startswith("first"):
            kernel, bias = _exchanged(kernel, 2), _exchanged(None, 0) if layer.endswith("_depth") else None
        yield Tensor(f"{name}.weight", model.get_layer(layer).kernel, kernel)
        yield Tensor(f"{name}.bias", model.get_layer(layer).bias, bias)


def _torch_discriminator(model, size):
    for level in range(convolutions(size)):
        yield Tensor(f"main.{max(0, 3 * level - 1)}.weight", model.get_layer(f"conv{level}").kernel, conv)
        if level > 0:
            name = f"main.{3 * level}"
            stored = ("weight", "bias", "running_mean", "running_var")
            for part, variable in zip(stored, model.get_layer(f"norm{level}").weights, strict=True):
                yield Tensor(f"{name}.{part}", variable)
    logit = model.get_layer("logit")
    yield Tensor("fc.weight", logit.kernel, dense_from_chw(*_edges(model, "flat")))
    yield Tensor("fc.bias", logit.bias)


def _exchanged(layout, axis):
    """A layout after which the two pictures along an axis of six channels have changed places."""
    return lambda array: np.roll(layout(array) if layout else array, 3, axis)


def _edges(model, layer):
    """(height, width) of the map that a layer takes."""
    return model.get_layer(layer).input.shape[1:3]


def _count(method, network):
    return blocks(method.config, method.size)[("generator1", "generator2").index(network)]


def _separable(method, network):
    return network != "discriminator" and getattr(method.config, f"{network}_block") == "separable"
