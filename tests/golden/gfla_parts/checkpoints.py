"""State files of every list of weights: names, shapes, twofold names, both formats of PyTorch."""

import re

import numpy as np
import pytest
from keras import ops

from pgig.methods.gfla.discriminator import build_discriminator
from pgig.methods.gfla.networks import build_flow_net, build_renderer
from pgig.methods.gfla.weights import torch_table
from pgig.weights.foreign import fill, kind_of, read_foreign
from tests.golden.gfla_parts import common
from tests.weights.writing import legacy_file, state_file, zip_file

# What a list is of, by its letter, and the format that its file is written in.
FILES = {"F": ("flow", legacy_file), "G": ("generator", zip_file), "D": ("discriminator", legacy_file)}


def built(golden, case, letter):
    """New networks of a list."""
    config, size = common.config_of(golden, case), common.frames(case)[0]
    if letter == "D":
        return {"discriminator": build_discriminator(config, size)}
    networks = {"flow": build_flow_net(config, size)}
    return networks | ({"generator": build_renderer(config, size)} if letter == "G" else {})


def weights(golden, case, letter):
    """{name: array} of a list."""
    if letter == "D":
        return common.discriminator_weights(golden, case)
    return common.recipe_weights(golden, f"{letter}_{case}")


def with_second_names(arrays):
    """A state as the program stores it: some layers under two names."""
    twice = {re.sub(r"(jump\d+|outconv)\.conv1\.", r"\1.model.2.", name): array for name, array in arrays.items()}
    assert any("jump" in name for name in arrays) == (len(twice.keys() - arrays.keys()) > 0)
    return arrays | twice


def compare(table, arrays):
    """Every tensor of a table is in its variable."""
    for tensor in table.tensors:
        expected = tensor.layout(arrays[tensor.name]) if tensor.layout else arrays[tensor.name]
        np.testing.assert_array_equal(ops.convert_to_numpy(tensor.variable), expected, err_msg=tensor.name)


@pytest.mark.parametrize("letter", FILES)
def test_gfla_state_files(golden, tmp_path, letter):
    file, layout = FILES[letter]
    for case in common.cases(golden, "disc_" if letter == "D" else "net_"):
        arrays = weights(golden, case, letter)
        networks = built(golden, case, letter)
        assert sum(network.count_params() for network in networks.values()) == sum(a.size for a in arrays.values())

        path = tmp_path / f"latest_net_{letter}.pth"
        path.write_bytes(state_file(with_second_names(arrays), layout))
        found = read_foreign(path, kind_of(path))
        table = torch_table(networks, file)
        assert fill(table, found, path, file) == len(arrays)
        compare(table, arrays)
        if letter == "G":
            alone = {"flow": build_flow_net(common.config_of(golden, case), common.frames(case)[0])}
            table = torch_table(alone, "flow")
            fill(table, found, path, "flow")
            compare(table, arrays)
