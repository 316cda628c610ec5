"""Where the tensors of the state file of PATN_Fine belong (`fashion_PATN_Fine`, `<label>_net_netG.pth`).

The numbers follow from the lists of layers of `tengteng95/Pose-Transfer:models/model_variants.py` (branch PATN_Fine):
the halvings and the levels of the decoder are lists of lists there. The discriminators are those of PATN.
"""

import re

from pgig.methods.patn import weights


def torch_table(network, dropout):
    """The state file of the generator of PATN_Fine.

    Args:
        network: what `pgig.methods.patn.fine_networks.build_fine_generator` returned.
        dropout: whether the file was made with dropout in the transfer blocks.

    Returns:
        `pgig.weights.foreign.Table`.
    """
    return weights.torch_table(network, dropout, place_of)


def place_of(name, halvings, dropout):
    """Where a convolution stands in the state file, as `pgig.methods.patn.weights.place_of` has it."""
    if match := re.fullmatch(r"stream1_down(\d+)", name):
        # Only the first convolution stands behind a padding.
        level = int(match[1]) - 1
        return f"model.stream1_down.{level}", int(level == 0)
    if match := re.fullmatch(r"stream1_up(\d+)", name):
        return f"model.stream1_up.{int(match[1]) - 1}", 4
    if match := re.fullmatch(r"stream1_up(\d+)_block(\d+)_conv([12])", name):
        level, block, conv = (int(number) for number in match.groups())
        return f"model.stream1_up.{level - 1}.{block}.conv_block", 4 * conv - 3
    if name == "picture":
        return f"model.stream1_up.{halvings}", 8
    return weights.place_of(name, halvings, dropout)
