"""Where the tensors of the published state files belong (RenYurui/Global-Flow-Local-Attention: `<n>_net_{G,D}.pth`)."""

from functools import partial

import numpy as np

from pgig.layers.local_attention import LocalAttention
from pgig.layers.spectral import SpectralConv2D
from pgig.layers.upconv_3x3 import UpConv3x3
from pgig.methods.gfla.networks import Unused
from pgig.weights.foreign import Table, Tensor, conv, transposed

# Variables of our layers by the names of theirs; the kernels of spectral layers are those before normalisation.
_PLAIN = {"kernel": "weight", "gamma": "weight", "bias": "bias", "beta": "bias"}
_SPECTRAL = {"kernel": "weight_orig", "bias": "bias", "u": "weight_u", "v": "weight_v"}
_ATTENTION = {
    "kernel1": "fully_connect_layer.0.weight",
    "bias1": "fully_connect_layer.0.bias",
    "kernel2": "fully_connect_layer.2.weight",
    "bias2": "fully_connect_layer.2.bias",
}

# Some layers stand in a file under two names, because the original registered them twice; the later one counts, as
# for PyTorch. Files of the second stage hold the flow estimator beside the renderer.
_TWICE = ((r"(.*\.jump\d+|target\.outconv)\.model\.2", r"\1.conv1"),)
_RENDERER = (r"(source|target)\..*",)


def torch_table(networks, file):
    """The state file of networks of PyTorch.

    Args:
        networks: {name: `keras.Model`} of `Gfla.networks`.
        file: a name of `Gfla.files`: "discriminator", "flow", or "generator", which is the flow estimator and, where
            there is one, the renderer. The flow estimator is found in files of either stage.

    Returns:
        `pgig.weights.foreign.Table`.
    """
    if file == "discriminator":
        model = networks["discriminator"]
        kernels = {
            layer.name.replace("_", "."): tuple(layer.kernel.shape)[::-1]
            for layer in model.layers
            if isinstance(layer, SpectralConv2D)
        }
        return Table(tuple(_tensors(model, "")), completed=partial(with_right_vectors, kernels))
    tensors = tuple(_tensors(networks["flow"], "flow_net."))
    if file == "flow" or "generator" not in networks:
        return Table(tensors, _RENDERER, _TWICE)
    return Table((*_tensors(networks["generator"], ""), *tensors), (), _TWICE)


def with_right_vectors(kernels, tensors):
    """Give a state from before PyTorch 1.0 the vectors v of its spectral layers, as PyTorch 1.0 does.

    Such a state holds u, and the kernel M both before and after the division by sigma: v is the shortest vector for
    which M v has the direction of u and u M v is sigma.

    Args:
        kernels: {name of a spectral layer: (out, in, side, side) of its kernel}.
        tensors: {name: array} of the file.

    Returns:
        {name: array}, with "weight_v" in place of "weight" where v was missing and the others fit.
    """
    tensors = dict(tensors)
    for name, (filters, channels, *sides) in kernels.items():
        shapes = {
            f"{name}.weight_orig": (filters, channels, *sides),
            f"{name}.weight": (filters, channels, *sides),
            f"{name}.weight_u": (filters,),
        }
        found = [tensors.get(key, np.empty(0)) for key in shapes]
        fit = all(array.shape == shape for array, shape in zip(found, shapes.values(), strict=True))
        if f"{name}.weight_v" in tensors or not fit or not all(np.isfinite(array).all() for array in found):
            continue
        matrix, normalised, u = (array.reshape(filters, -1).astype(np.float64) for array in found)
        direction = np.linalg.pinv(matrix) @ u[:, 0]
        length, scale = u[:, 0] @ matrix @ direction, np.sum(normalised**2)
        if length > 0 and scale > 0:
            del tensors[f"{name}.weight"]
            tensors[f"{name}.weight_v"] = direction * (np.sum(matrix * normalised) / scale / length)
    return tensors


def _tensors(model, prefix):
    """All tensors of a network, in the order of its layers."""
    for layer in model.layers:
        for part in layer.parts if isinstance(layer, Unused) else (layer,):
            names = {SpectralConv2D: _SPECTRAL, LocalAttention: _ATTENTION}.get(type(part), _PLAIN)
            kernel = transposed if isinstance(part, UpConv3x3) else conv
            for variable in part.weights:
                name = f"{prefix}{part.name.replace('_', '.')}.{names[variable.name]}"
                yield Tensor(name, variable, kernel if len(variable.shape) == 4 else None)
