"""Golden tests of PATN's training: two published steps, taken by the players through the compiled iteration."""

import numpy as np
import pytest
from keras import ops

from pgig.train.step import build_optimizers, compile_iteration, state_variables
from tests.golden.patn_parts import common
from tests.golden.recipes import show_gradients
from tests.weights.writing import state_file

# Relative: of losses before any update and after one, and of gradients; norms of gradients below the last may be
# nothing but rounding errors. And of a perturbation in the size of rounding.
UNTRAINED, TRAINED, GRADIENT, NO_GRADIENT, ROUNDING = 1e-5, 1e-3, 1e-3, 1e-3, 1e-6
# Adam's first update has the size of the learning rate whatever the gradient: rounding says which way weights go whose
# gradient is nearly 0, and pictures after it differ by a little everywhere and by more in single pixels.
STEP, MEAN_DIFFERENCE = 2e-4, 2e-3

_DISCRIMINATORS = {"PB": "discriminator_pb", "PP": "discriminator_pp"}
_KERNELS = {
    "G_first_conv_after1": ("generator", "model.stream1_down.1.weight"),
    "G_last_conv_after1": ("generator", "model.stream1_up.7.weight"),
    "DPB_first_conv_after1": ("discriminator_pb", "model.1.weight"),
}


@pytest.fixture(params=["market_step", "fashion_step"])
def patn_step(golden, request, tmp_path):
    """(arrays of the file, method with the weights of the recipe, {network: names of its tensors in file order})."""
    case = common.arrays(golden, request.param)
    lists, data = common.orders(golden), request.param.partition("_")[0]
    vgg = common.recipe(lists["vgg19_features_0_3"])
    path = tmp_path / "vgg19.pth"
    path.write_bytes(state_file({f"features.{name}": array for name, array in vgg.items()}))
    flags = f"--lambda_GAN 5 --lr {STEP} --perceptual_weights {path}".split()
    method = common.method_for(golden, data, case["P1_u8"].shape[1:3], *flags, dropout=False)
    method.load_frozen()
    lists = {network: lists[common.order_name(name, data, False)] for network, name in common.NETWORKS.items()}
    return case, method, {network: [entry["name"] for entry in entries] for network, entries in lists.items()}


def shown(gradients, passed):
    """The L2 norms of a player's gradients, and the picture where it makes one."""
    return passed | {"norms": ops.stack([ops.sqrt(ops.sum(ops.square(gradient))) for gradient in gradients])}


def columns(logs, names, lambda_gan):
    """A row of losses as the original's program names them."""
    generator = logs["generator"]
    found = {"origin_L1": generator["origin_L1"], "perceptual": generator["perceptual"]}
    found["pair_L1loss"] = sum(found.values())
    found["pair_GANloss"] = sum(generator[f"pair_GANloss_{short}"] for short in _DISCRIMINATORS)
    for short, name in _DISCRIMINATORS.items():
        found[f"D_{short}"] = logs[name]["loss"]
        # What the discriminator says to the generator, without its weight.
        found[f"G_GAN_{short}_raw"] = generator[f"pair_GANloss_{short}"] / (0.5 * lambda_gan)
    return [found[name] for name in names]


@pytest.mark.slow
def test_patn_training(patn_step, monkeypatch):
    case, method, names = patn_step
    batch = common.batch_of(case)
    optimizers = build_optimizers(method, method.stage)
    owners = state_variables(method, optimizers)
    variables = [variable for group in owners.values() for variable in group]
    show_gradients(monkeypatch, shown)
    step = compile_iteration(method, method.stage, optimizers)
    compared = set(common.INPUTS)

    def expect(name):
        compared.add(name)
        return case[name]

    def iterate():
        """Losses, picture and norms of gradients, all as they are before the update."""
        logs = {p: {t: ops.convert_to_numpy(v) for t, v in terms.items()} for p, terms in step(batch).items()}
        losses = columns(logs, expect("loss_names"), method.config.lambda_GAN)
        norms = {player: terms["norms"] for player, terms in logs.items()}
        return losses, common.channels_first(logs["generator"]["generated"]), norms

    # Of a perturbed generator, and everything as before.
    before = [ops.convert_to_numpy(variable.value).copy() for variable in variables]
    perturb(method.networks["generator"].trainable_variables, np.random.default_rng(1))
    _, _, twins = iterate()
    for variable, value in zip(variables, before, strict=True):
        variable.assign(value)

    # Before any update.
    losses, picture, norms = iterate()
    common.close(picture, expect("fake_step1"), "fake_step1")
    for network, short in common.NETWORKS.items():
        expected = expect(short.replace("net", "gradnorm_"))
        compare_gradients(method, network, names[network], norms[network], twins[network], expected)
    np.testing.assert_allclose(losses, expect("losses")[0], rtol=UNTRAINED)

    # After one.
    for name, (network, tensor) in _KERNELS.items():
        expected = expect(name)
        ours = kernel(method, network, tensor)[: expected.shape[0], : expected.shape[1]]
        difference = np.abs(ours - expected)
        assert difference.max() <= 2.01 * STEP and np.mean(difference > 1e-5) < 0.02, name
    if "G_bn0_running_mean_after1" in case:
        norm = method.networks["generator"].get_layer("stream1_down1_norm")
        for name, ours in (("mean", norm.moving_mean), ("var", norm.moving_variance)):
            common.close(ops.convert_to_numpy(ours), expect(f"G_bn0_running_{name}_after1"), name)
    losses, picture, _ = iterate()
    assert np.abs(picture - expect("fake_step2")).mean() < MEAN_DIFFERENCE
    np.testing.assert_allclose(losses, expect("losses")[1], rtol=TRAINED)

    assert len(case["losses"]) == 2
    assert compared == set(case)


def perturb(variables, random):
    for variable in variables:
        value = ops.convert_to_numpy(variable.value)
        variable.assign(np.float32(value * (1 + ROUNDING * random.normal(size=value.shape))))


def compare_gradients(method, network, names, norms, twins, expected):
    """Norms of the gradients in the order of the state file, of what is trained; the rest has none in truth.

    The slope of an absolute difference jumps where it is 0, and rounding says on which side a value is: gradients that
    this leads apart are compared to what a perturbation does to our own.
    """
    variables = {tensor.name: tensor.variable for tensor in method.foreign(network, "torch").tensors}
    trained = method.networks[network].trainable_variables
    ours = {id(variable): number for number, variable in enumerate(trained)}
    limit = max(GRADIENT, 10 * float(np.abs(twins / norms - 1).max()))
    for name, value in zip(names, expected, strict=True):
        number = ours.get(id(variables[name]))
        if number is None:
            assert value < NO_GRADIENT, name
        elif value > NO_GRADIENT:
            assert norms[number] == pytest.approx(value, rel=limit), name


def kernel(method, network, name):
    """A kernel in PyTorch's layout."""
    (tensor,) = (t for t in method.foreign(network, "torch").tensors if t.name == name)
    return np.transpose(ops.convert_to_numpy(tensor.variable.value), (3, 2, 0, 1))
