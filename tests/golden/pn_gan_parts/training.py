"""Golden test of PN-GAN's training: the published step, taken by the players through the compiled iteration."""

import json
import re

import numpy as np
import pytest
from keras import ops

from pgig.cli.options import parse
from pgig.methods.pn_gan.weights import torch_table
from pgig.train.step import build_method, build_optimizers, compile_forward, compile_iteration
from pgig.weights.foreign import fill
from tests.golden.pn_gan_parts.forward import recipe_weights, uniform

# Relative: of losses before any update, and of what comes later; and of a perturbation.
UNTRAINED, TOLERANCE, ROUNDING = 1e-4, 1e-3, 1e-6

# The program's names of our terms.
COLUMNS = {
    "G_loss": ("generator", "gan_loss"),
    "idt_loss": ("generator", "idt_loss"),
    "netG_loss": ("generator", "loss"),
    "D_fake": ("discriminator", "fake"),
    "D_real": ("discriminator", "true"),
    "netD_loss": ("discriminator", "loss"),
}
INPUTS = {"source": "source_image", "target": "target_image", "pose": "pose"}


@pytest.fixture(scope="module")
def pn_gan_training(golden):
    """(case of train_reid.json, arrays of train_reid.npz)."""
    with np.load(golden("train_reid.npz", "pn-gan")) as arrays:
        case = json.loads(golden("train_reid.json", "pn-gan").read_text())["pngan_train"]
        return case, {name: arrays[name] for name in arrays if not name.startswith("reid_")}


def trained_pn_gan(case, *flags):
    """Method with the weights of the recipe. It takes its inputs as they are instead of computing them."""
    height, width = case["hw"]
    words = f"--method pn-gan --image_size {height},{width} --learning_rate {case['lr']} --lr_schedule constant"
    words += " --pose_maps " + ("picture" if case["G"]["pose_channels"] == 3 else "gaussian")
    words += f" --ngf {case['G']['ngf']} --num_resblock {case['G']['num_resblock']} --ndf {case['D']['ndf']}"
    method = build_method(parse([*words.split(), *flags]))
    assert method.config.pose_channels == case["G"]["pose_channels"]
    for network, base in (("generator", case["weight_base"]["G"]), ("discriminator", case["weight_base"]["D"])):
        table = torch_table(method.networks[network])
        fill(table, recipe_weights(recipe_order(table), base), "recipe", network)
    method.inputs = lambda batch: batch
    return method


def recipe_order(table):
    """(index, name, shape, kind) of the tensors of a state file of convolutions, in PyTorch's layout."""
    for index, tensor in enumerate(table.tensors):
        shape = tuple(tensor.variable.shape)
        if tensor.name.endswith("bias"):
            yield index, tensor.name, shape, "bias"
        else:
            kind = "convT" if "deconv.weight" in tensor.name else "conv"
            yield index, tensor.name, (*shape[:1:-1], *shape[:2]), kind


def training_batch(case, step):
    """Inputs of a step, by the rule that the case states in words."""
    shape = (case["batch"], *case["hw"])
    rule = re.findall(r"(\w+) U\((\d+)\+(\d+)k\)", case["batch_rule"])
    assert sorted(name for name, *_ in rule) == sorted(INPUTS)
    channels = {"pose": case["G"]["pose_channels"]}
    return {
        INPUTS[name]: uniform(int(first) + int(stride) * step, (*shape, channels.get(name, 3)))
        for name, first, stride in rule
    }


def pn_gan_trace(case, steps, last, seed=None):
    """Losses (steps, columns) of the training steps, and the picture of batch `last` afterwards.

    Args:
        case: of train_reid.json.
        steps: number of steps.
        last: number of a batch.
        seed: None, or of a perturbation of all inputs in the size of their rounding.
    """
    method, random = trained_pn_gan(case), np.random.default_rng(seed)
    for player in method.stage.players:
        assert [player.optimizer.beta_1, player.optimizer.beta_2] == case["betas"]

    def batch(number):
        size = 0 if seed is None else ROUNDING
        inputs = training_batch(case, number)
        return {name: np.float32(x * (1 + size * random.normal(size=x.shape))) for name, x in inputs.items()}

    step = compile_iteration(method, method.stage, build_optimizers(method, method.stage))
    places = [COLUMNS[column.split()[0]] for column in case["columns"]]
    rows = []
    for number in range(steps):
        logs = step(batch(number))
        rows.append([float(ops.convert_to_numpy(logs[player][term])) for player, term in places])
    return np.array(rows), ops.convert_to_numpy(compile_forward(method, method.generate)(batch(last)))


def test_pn_gan_training(pn_gan_training):
    case, arrays = pn_gan_training
    steps, last, stride = map(int, re.findall(r"\d+", case["pngan_train_final_out"]))
    expected_rows, expected_image = arrays["pngan_train_losses"], arrays["pngan_train_final_out"]
    assert steps == len(expected_rows)
    rows, image = pn_gan_trace(case, steps, last)
    twins = [pn_gan_trace(case, steps, last, seed) for seed in (1, 2)]

    # Adam's first updates are of one size, whatever the gradient: where one is as good as 0, rounding says which way
    # its weight goes. Traces that it leads apart are compared to what it does to our own.
    apart = np.max([np.abs(other / rows - 1).max(axis=1) for other, _ in twins], axis=0)
    limits = np.maximum(TOLERANCE, 10 * np.maximum.accumulate(apart))
    limits[0] = UNTRAINED
    assert (np.abs(rows / expected_rows - 1) <= limits[:, None]).all(), (rows, expected_rows, limits)
    apart = max(np.abs(other - image).max() for _, other in twins)
    limit = max(TOLERANCE * np.abs(expected_image).max(), 10 * apart)
    np.testing.assert_allclose(image[:, ::stride, ::stride], expected_image, rtol=0, atol=limit)


def test_pn_gan_learning_rates_of_the_original(pn_gan_training):
    case, arrays = pn_gan_training
    factors = arrays["lr_factor_epoch_1_to_20"]
    words = f"--lr_schedule original --iterations_per_epoch 3 --number_of_epochs {len(factors)}"
    rate = trained_pn_gan(case, *words.split()).stage.players[0].optimizer.learning_rate
    values = [float(ops.convert_to_numpy(rate(update))) for update in range(3 * len(factors))]
    np.testing.assert_allclose(values, case["lr"] * np.repeat(factors, 3), rtol=0, atol=1e-6 * case["lr"])
