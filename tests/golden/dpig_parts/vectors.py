"""The fully connected networks of DPIG, and two traces of their training, against net_fc.npz.

All weights come by the tables of the published checkpoints, all updates from the method's own players.
"""

import dataclasses
import itertools
import re
from types import SimpleNamespace

import numpy as np
import pytest
from keras import ops

from pgig.cli.options import parse
from pgig.methods.dpig.config import DpigConfig
from pgig.methods.dpig.vector_networks import build_critic, build_mapping, rounded_visibility
from pgig.methods.dpig.weights import checkpoint
from pgig.train.step import build_optimizers, compile_iteration, engine
from pgig.weights.foreign import fill
from tests.golden.dpig_parts.common import close, module_entries, read, recipe_weights, samples

# Beginnings of the names in the arrays -> factor, and the network in the list of tensors.
MAPPINGS = {
    "Gaussian_FC_Fg": ("fg", "market_map_fg"),
    "Gaussian_FC_Bg": ("bg", "market_map_bg"),
    "Gaussian_FC": ("app", "df_map_app"),
    "PoseGaussian": ("pose", "pose_map"),
}
CRITICS = {
    "Fg_FCDis_": ("fg", "market_critic_fg"),
    "Bg_FCDis_": ("bg", "market_critic_bg"),
    "FCDis_": ("app", "df_critic_app"),
    "Pose_emb_": ("pose", "pose_critic"),
}
TRAINING = ("--lr_update_step", "0", "--g_lr", "1e-3", "--d_lr", "1e-3")
# Largest differences of a trace, relative and of values that are differences of larger ones.
STEP, SMALL = 1e-4, 2e-8


@pytest.fixture
def fc(golden):
    """Arrays of net_fc.npz, with the first seed of the weights and all normalised poses beside them."""
    arrays = read(golden, "net_fc.npz")
    case = SimpleNamespace(arrays=arrays, poses=read(golden, "pose_market.npz")["rcv_norm"])
    table = read(golden, "net_fc.json")
    case.base, case.poseae_vars, case.wgan_vars = (
        table[name] for name in ("weight_seed_base", "poseae_vars", "wgan_vars")
    )
    return case


def normal(seed, shape):
    return np.random.Generator(np.random.PCG64(seed)).standard_normal(shape)


def tensors(networks, names):
    """Table of networks {name: model} for a TensorFlow checkpoint."""
    return checkpoint(SimpleNamespace(networks=networks, files={"file": names}), "file", "tensorflow")


def fill_recipe(networks, modules, base, gain=1.0):
    """Give networks the weights of the recipe: {network: module}. Returns {name there: variable}."""
    variables = {}
    for network, module in modules.items():
        table = tensors(networks, (network,))
        assert fill(table, recipe_weights(module_entries(module), base, gain), "the recipe", network)
        variables |= {tensor.name: tensor.variable for tensor in table.tensors}
    return variables


def method_for(stage, *flags):
    options = parse(["--method", "dpig", "--image_size", "128,64", "--stage", stage, *flags])
    return options.method.load()(options.shared, options.config, options.data.image_size, options.stage)


def gain_of(ending):
    """Gain of the kernels that the name of an array states: 0.5 for _g05."""
    return float(f"{ending[2]}.{ending[3:]}") if ending else 1.0


def number(value):
    return float(ops.convert_to_numpy(value))


def test_arrays_are_known(fc):
    """Each array belongs to a test of this file."""
    known = r"pose_(embs|dec_rcv|dec_visprob|loss)(_g\d+)?|poseae_(grad_norm(_g\d+)|losses|after)|wgan_(log|after)"
    mapped = [f"map_{scope}" for scope in MAPPINGS] + [f"critic_{scope}" for scope in CRITICS]
    assert {name for name in fc.arrays if not re.fullmatch(known, name)} == set(mapped)


def test_pose_auto_encoder(fc):
    method, endings = method_for("pose"), [name.removeprefix("pose_embs") for name in fc.arrays if "pose_embs" in name]
    assert endings
    for ending in endings:
        expected = {name: fc.arrays[f"pose_{name}{ending}"] for name in ("embs", "dec_rcv", "dec_visprob", "loss")}
        modules = {name: name for name in ("pose_encoder", "pose_decoder")}
        fill_recipe(method.networks, modules, fc.base, gain_of(ending))
        inputs = {"places": ops.convert_to_tensor(fc.poses[: len(expected["embs"])].reshape(-1, 54))}
        codes = method.encode(inputs)["pose"]
        close(codes, expected["embs"], f"codes{ending}")
        decoded = method.networks["pose_decoder"](codes)
        close(decoded["places"], expected["dec_rcv"][..., :2], f"places{ending}")
        close(decoded["visible"], expected["dec_visprob"], f"probabilities{ending}")
        rounded = ops.convert_to_numpy(rounded_visibility(decoded["visible"]))
        np.testing.assert_array_equal(rounded, expected["dec_rcv"][..., 2])
        loss = number(method.pose_loss([inputs])[0]) / method.config.L1Loss_weight
        assert loss == pytest.approx(float(expected["loss"]), rel=1e-5)


@pytest.mark.parametrize("scope", MAPPINGS)
def test_mapping(fc, scope):
    (factor, module), expected = MAPPINGS[scope], fc.arrays[f"map_{scope}"]
    rows, size = expected.shape
    model = build_mapping(DpigConfig(), factor, size)
    fill_recipe({f"mapping_{factor}": model}, {f"mapping_{factor}": module}, fc.base)
    noise = (0.2 * normal(fc.base + 300 + 900 + size, (rows, size))).astype(np.float32)
    close(model(noise), expected, scope)


@pytest.mark.parametrize("scope", CRITICS)
def test_critic(fc, scope):
    (factor, module), expected = CRITICS[scope], fc.arrays[f"critic_{scope}"]
    size = module_entries(module)[0]["shape"][0]
    model = build_critic(DpigConfig(), factor, size)
    fill_recipe({f"critic_{factor}": model}, {f"critic_{factor}": module}, fc.base)
    codes = normal(fc.base + 1900 + size, (len(expected), size)).astype(np.float32)
    close(model(codes)[:, 0], expected, scope)


def test_training_of_the_pose_auto_encoder(fc):
    method = method_for("pose", *TRAINING, "--L1Loss_weight", "20")
    ((ending, norms),) = (
        (name.removeprefix("poseae_grad_norm"), array) for name, array in fc.arrays.items() if "grad_norm" in name
    )
    modules = {name: name for name in ("pose_encoder", "pose_decoder")}
    variables = fill_recipe(method.networks, modules, fc.base, gain_of(ending))
    assert list(variables) == fc.poseae_vars
    rows = len(fc.arrays["pose_embs"])
    inputs = {"places": ops.convert_to_tensor(fc.poses[:rows].reshape(rows, -1))}

    _, gradients = engine.value_and_gradients(lambda: method.pose_loss([inputs]), list(variables.values()))
    ours = [np.linalg.norm(np.float64(ops.convert_to_numpy(gradient))) for gradient in gradients]
    np.testing.assert_allclose(ours, norms, rtol=2e-3, atol=1e-5)

    # What is logged is the loss before the update.
    step = compile_iteration(method, method.stage, build_optimizers(method, method.stage))
    losses = [number(step(inputs)["pose"]["loss"]) for _ in fc.arrays["poseae_losses"][1:]]
    losses.append(number(method.pose_loss([inputs])[0]))
    np.testing.assert_allclose(losses / np.float64(20), fc.arrays["poseae_losses"], rtol=STEP)
    compare_samples(variables, fc.poseae_vars, fc.arrays["poseae_after"])


def test_training_of_the_mapping_to_poses(fc):
    """Update after update as the original took them, which is our order of critic and mapping."""
    log, after = fc.arrays["wgan_log"], fc.arrays["wgan_after"]
    method = method_for("sample-pose", *TRAINING, "--clip", "0.01")
    modules = {"mapping_pose": "pose_map", "critic_pose": "pose_critic", "pose_encoder": "pose_encoder"}
    variables = fill_recipe(method.networks, modules, fc.base, gain=0.5)
    stage = method.stage
    optimizers = build_optimizers(method, stage)
    steps = {player.name: compile_iteration(method, one_update(stage, player), optimizers) for player in stage.players}
    order = itertools.cycle(player.name for player in stage.players for _ in range(player.repeats))

    for count, (row, name) in enumerate(zip(log, order, strict=False)):
        assert name == ("mapping_pose", "critic_pose")[int(row[0])]
        places = np.roll(fc.poses, -count, axis=0)[: len(fc.arrays["pose_embs"])]
        code = method.encode({"places": ops.convert_to_tensor(places.reshape(len(places), -1))})["pose"]
        noise = normal(fc.base + 300 + count, code.shape).astype(np.float32)
        inputs = {"pose_code": code, "pose_code_noise": ops.convert_to_tensor(noise)}
        losses = [method.mapping_loss("pose", [inputs])[0], method.critic_loss("pose", [inputs])[0]]
        np.testing.assert_allclose([number(loss) for loss in losses], row[1:], rtol=STEP, atol=SMALL)
        logged = number(steps[name](inputs)[name]["loss"])
        assert logged == pytest.approx(row[1 + int(row[0])], rel=STEP, abs=SMALL)
        if row[0]:
            critic = [ops.convert_to_numpy(weight) for weight in method.networks["critic_pose"].weights]
            assert max(np.abs(array).max() for array in critic) <= np.float32(method.config.clip)
    compare_samples(variables, fc.wgan_vars, after)


def one_update(stage, player):
    """A stage of a single update of one player."""
    return dataclasses.replace(stage, players=(dataclasses.replace(player, repeats=1),))


def compare_samples(variables, names, expected):
    ours = np.stack([samples(variables[name].value, expected.shape[1]) for name in names])
    np.testing.assert_allclose(ours, expected, rtol=STEP, atol=STEP * np.abs(expected).max())
