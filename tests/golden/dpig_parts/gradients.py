"""Gradients of DPIG's first stage against net_market.npz, taken as a training step takes them."""

import numpy as np
import pytest
from keras import ops

from pgig.train.step import engine, trained_variables
from tests.golden.dpig_parts.appearance import GRADIENTS
from tests.golden.dpig_parts.common import samples

# Relative, of norms, and of single numbers to the largest of a tensor: rounding in a picture turns rectifiers of the
# discriminator on and off. Norms below the last are nothing but rounding.
NORM, NUMBER, NO_GRADIENT = 2e-3, 1e-2, 1e-5
FILES = {"g": "generator", "d": "discriminator"}


def gradients_of(method, inputs):
    """{player: gradients of its trained variables}, before any update."""
    state = [variable for network in method.networks.values() for variable in network.variables]

    def run(batch):
        found = {}
        for player in method.stage.players:

            def loss(player=player):
                total, _ = player.loss([batch], training=True)
                return total, {}

            _, found[player.name] = engine.value_and_gradients(loss, trained_variables(method, player), state)
        return found

    return engine.compiled(run, state, [])(inputs)


@pytest.mark.slow
def test_dpig_gradients(dpig_networks):
    case, method = dpig_networks, dpig_networks.method
    if not GRADIENTS & set(case.arrays):
        assert not {"g_vars", "d_vars"} & set(case.table)
        return
    found = gradients_of(method, case.inputs)
    for side, file in FILES.items():
        (player,) = (player for player in method.stage.players if player.name == file)
        trained = (id(variable) for variable in trained_variables(method, player))
        ours = dict(zip(trained, map(ops.convert_to_numpy, found[file]), strict=True))
        tensors = {tensor.name: tensor for tensor in method.foreign(file, "tensorflow").tensors}
        names = case.table[f"{side}_vars"]
        assert len(ours) == len(names)
        norms, sampled = (case.arrays[f"{side}_grad_{part}"] for part in ("norm", "samples"))
        for name, norm, theirs in zip(names, norms, sampled, strict=True):
            compare(in_their_order(tensors[name], ours[id(tensors[name].variable)]), norm, theirs, name)


def in_their_order(tensor, gradient):
    """A gradient in the order of the original's tensor."""
    if tensor.layout is None:
        return gradient
    places = tensor.layout(np.arange(gradient.size, dtype=np.float32).reshape(gradient.shape))
    theirs = np.empty_like(gradient)
    theirs.flat[places.astype(int)] = gradient
    return theirs


def compare(gradient, norm, theirs, name):
    if norm < NO_GRADIENT:
        assert np.linalg.norm(gradient) < NO_GRADIENT, name
        return
    assert np.linalg.norm(gradient) == pytest.approx(norm, rel=NORM), name
    limit = NUMBER * np.abs(gradient).max()
    np.testing.assert_allclose(samples(gradient, len(theirs)), theirs, rtol=0, atol=limit, err_msg=name)
