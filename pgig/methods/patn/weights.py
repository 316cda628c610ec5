"""Where the tensors of the published state files belong (tengteng95/Pose-Transfer: `<label>_net_net{G,D_PB,D_PP}.pth`).

The files number the parts of each list of layers, so that a number depends on what stands before: a second convolution
of a block is number 6 behind dropout and number 5 without.
"""

import re

from pgig.layers.upconv import UpConv2D
from pgig.weights.foreign import Table, Tensor, conv, transposed

# Numbers of updates; and statistics that PyTorch 0.3 kept for instance normalisations and never used. Those of batch
# normalisations are taken, and so are never left over.
_IGNORED = (r".*\.(running_mean|running_var|num_batches_tracked)",)

_NORM = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var"}


def place_of(name, halvings, dropout):
    """Where a convolution stands in the state files: (list of layers, number in it). Its normalisation is the next.

    Args:
        name: of the convolution's layer.
        halvings: of the network.
        dropout: whether the file was made with dropout.
    """
    if match := re.fullmatch(r"(?:(stream\d)_)?down(\d+)", name):
        stream, number = match.groups()
        return f"model.{stream}_down" if stream else "model", 3 * int(number) - 2
    if match := re.fullmatch(r"stream1_up(\d+)", name):
        number = int(match[1]) - 1
        # The last one is no transposed convolution, and stands behind a padding.
        return "model.stream1_up", 3 * number + (number == halvings)
    kind, block, stream, conv_number = re.fullmatch(r"(att|block)(\d+)_(?:(stream\d)_)?conv([12])", name).groups()
    number = 1 if conv_number == "1" else 5 + dropout
    if kind == "att":
        return f"model.att.{block}.conv_block_{stream}", number
    return f"model.{3 * halvings + 4 + int(block)}.conv_block", number


def torch_table(network, dropout, places=place_of):
    """The state file of a network of PyTorch.

    Args:
        network: a network of `pgig.methods.patn.networks`.
        dropout: whether the file was made with dropout.
        places: a function like `place_of`.

    Returns:
        `pgig.weights.foreign.Table`.
    """
    halvings = sum(re.fullmatch(r"(stream1_)?down\d+", layer.name) is not None for layer in network.layers) - 1
    tensors = []
    for layer, variable in [(owner, variable) for owner in network.layers for variable in owner.weights]:
        head, number = places(layer.name.removesuffix("_norm"), halvings, dropout)
        if layer.name.endswith("_norm"):
            tensors.append(Tensor(f"{head}.{number + 1}.{_NORM[variable.name]}", variable))
        elif variable.name == "bias":
            tensors.append(Tensor(f"{head}.{number}.bias", variable))
        else:
            layout = transposed if isinstance(layer, UpConv2D) else conv
            tensors.append(Tensor(f"{head}.{number}.weight", variable, layout))
    return Table(tuple(tensors), _IGNORED)
