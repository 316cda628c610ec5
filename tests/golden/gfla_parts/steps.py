"""Golden tests of GFLA's training: the published step of both stages, taken by the players, and their gradients."""

import numpy as np
import pytest
from keras import ops

from pgig.cli.options import parse
from pgig.train.step import build_method, build_optimizers, compile_iteration, trained_variables
from pgig.weights.foreign import fill
from tests.golden.gfla_parts import common
from tests.golden.gfla_parts.vgg import recipe_vgg_file
from tests.golden.recipes import show_gradients

# Relative: of losses, and of gradients. The program's own float32 is that far from its float64, too.
LOSS, GRADIENT = 1e-4, 2.5e-3
# Of gradients: what rounding adds to those that went through all normalisations; and what is nothing in theory.
ROUNDING, NO_GRADIENT = 1e-5, 1e-9
# Biases before an instance normalisation have no gradient in theory: ours are not trained, theirs have less than this.
UNTRAINED = 1e-6
STAGES = {"s1": "flow", "s2": "full"}
# The program's names of our terms.
TERMS = {
    "s1_correctness": ("flow", "correctness"),
    "s1_regularization": ("flow", "regularization"),
    "s2_app_gen": ("generator", "app"),
    "s2_correctness_gen": ("generator", "correctness"),
    "s2_regularization": ("generator", "regularization"),
    "s2_ad_gen": ("generator", "ad"),
    "s2_style_gen": ("generator", "style"),
    "s2_content_gen": ("generator", "content"),
    "s2_dis_img_gen": ("discriminator", "loss"),
}
# Files of the state by the letter of the lists of their weights.
_FILES = {"s1": {"F": "generator"}, "s2": {"D": "discriminator", "G": "generator"}}


@pytest.fixture(params=STAGES)
def gfla_step(golden, request, tmp_path):
    """(stage's prefix, arrays of the file, method with the weights of the recipe, batch)."""
    case, stage = common.arrays(golden, "step_market"), request.param
    weights = {letter: common.recipe_weights(golden, f"{letter}_market") for letter in _FILES[stage]}
    if "D" in weights:
        weights["D"] = common.discriminator_weights(golden, "market")
    file = recipe_vgg_file(golden, tmp_path)
    words = f"--method gfla --dataset market --stage {STAGES[stage]} --perceptual_weights {file}"
    method = build_method(parse(words.split()))
    method.load_frozen()
    for letter, name in _FILES[stage].items():
        fill(method.foreign(name, "torch"), weights[letter], "recipe", name)
    method.inputs = lambda batch: batch
    size, _ = common.frames("market")
    batch = common.network_inputs(case, "market")
    batch["target_image"] = common.picture(case["image_seed_P2"], len(case["kp2"]), size)
    return stage, case, method, batch


@pytest.mark.slow
def test_gfla_training(golden, gfla_step, monkeypatch):
    stage, case, method, batch = gfla_step
    optimizers = build_optimizers(method, method.stage)
    show_gradients(monkeypatch, lambda gradients, _: {f"gradient {number}": g for number, g in enumerate(gradients)})
    logs = compile_iteration(method, method.stage, optimizers)(batch)
    compared = {name for name in case if not name.startswith(f"{stage}_")}

    def expect(name):
        compared.add(name)
        return case[name]

    for name, (player, term) in TERMS.items():
        if name.startswith(stage):
            assert float(ops.convert_to_numpy(logs[player][term])) == pytest.approx(float(expect(name)), rel=LOSS), name

    # After the step: Adam's first update is the learning rate, whatever the gradient.
    tensors = {t.name: t for file in _FILES[stage].values() for t in method.foreign(file, "torch").tensors}
    after = {f"{stage}_after_output2_bias": "flow_net.output2.bias"} if stage == "s1" else {}
    after |= {n: n.removeprefix("s2_after_").removeprefix("D.") for n in case if n.startswith("s2_after_")}
    for name, tensor in after.items():
        if name.startswith(stage):
            np.testing.assert_allclose(in_torch(tensors[tensor]), expect(name), rtol=0, atol=2e-6, err_msg=name)

    found = {}
    for player in method.stage.players:
        for number, variable in enumerate(trained_variables(method, player)):
            found[id(variable)] = ops.convert_to_numpy(logs[player.name][f"gradient {number}"])
    gradients = {n: laid_out(t, found[id(t.variable)]) for n, t in tensors.items() if id(t.variable) in found}

    norms = {"s1_grad_norms": "F"} if stage == "s1" else {"s2_grad_norms_D": "D", "s2_grad_norms_G": "G"}
    for name, letter in norms.items():
        entries, _ = common.weight_list(golden, f"{letter}_market")
        assert len(entries) == len(expect(name))
        for entry, norm in zip(entries, case[name], strict=True):
            compare_norm(gradients.get(entry["name"]), norm, f"{name} {entry['name']}")

    whole = {"s1_grad_output2_weight": "flow_net.output2.weight", "s1_grad_output2_bias": "flow_net.output2.bias"}
    whole |= {"s2_D_conv_grad": "conv.weight_orig", "s2_D_block0_bias_grad": "block0.model.1.bias"}
    whole |= {n: n.removeprefix("s2_grad_") for n in case if n.startswith("s2_grad_") and "norms" not in n}
    for name, tensor in whole.items():
        if name.startswith(stage):
            theirs = expect(name)
            limit = max(GRADIENT * np.abs(theirs).max(), ROUNDING)
            np.testing.assert_allclose(gradients[tensor], theirs, rtol=0, atol=limit, err_msg=name)
    assert compared == set(case)


def compare_norm(gradient, norm, name):
    """A gradient of ours and the norm of theirs: -1 where they have none."""
    if gradient is None:
        assert norm < UNTRAINED, name
    elif norm < NO_GRADIENT:
        assert np.linalg.norm(gradient) < UNTRAINED, name
    else:
        assert np.linalg.norm(gradient) == pytest.approx(norm, rel=GRADIENT, abs=ROUNDING), name


def in_torch(tensor):
    """A variable in PyTorch's layout."""
    return laid_out(tensor, ops.convert_to_numpy(tensor.variable.value))


def laid_out(tensor, array):
    """An array of our layout in PyTorch's: all layouts of kernels turn the axes round in the same way."""
    return array if tensor.layout is None else np.transpose(array, (3, 2, 0, 1))
