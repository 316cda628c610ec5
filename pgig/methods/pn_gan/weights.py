"""Where the tensors of the published state files belong (naiq/PN_GAN: `G_<epoch>.pkl`, `D_<epoch>.pkl`)."""

import re

import keras

from pgig.layers.upconv_3x3 import UpConv3x3
from pgig.weights.foreign import Table, Tensor, conv, dense, dense_from_chw, transposed

# Old versions of PyTorch kept statistics of normalisations that never used them.
_UNUSED = (r".*\.bn\.(running_mean|running_var|num_batches_tracked)",)


def torch_table(model):
    """The state file of a network of PyTorch.

    Args:
        model: a network of `pgig.methods.pn_gan.networks`.

    Returns:
        `pgig.weights.foreign.Table`.
    """
    tensors = []
    for layer in model.layers:
        name, kernel = _place(model, layer)
        for variable in layer.weights:
            if variable is layer.bias:
                tensors.append(Tensor(f"{name}.bias", variable))
            else:
                tensors.append(Tensor(f"{name}.weight", variable, kernel))
    return Table(tuple(tensors), _UNUSED)


def _place(model, layer):
    """(module of the file, layout of its kernel) of a layer."""
    name = re.sub(r"^(res\d+|att)_", r"\1.", layer.name)
    if isinstance(layer, UpConv3x3):
        return f"{name}.deconv", transposed
    if isinstance(layer, keras.layers.Dense):
        after_map = layer.name == "att_fc1"
        return name, dense_from_chw(*model.get_layer("flat").input.shape[1:3]) if after_map else dense
    return f"{name}.conv", conv
