"""State files of GFLA's networks: both formats, second names, other stages, older versions of PyTorch."""

import re
from collections import OrderedDict

import numpy as np
import pytest

from pgig.errors import WeightsError
from pgig.methods.gfla.discriminator import build_discriminator
from pgig.methods.gfla.networks import build_flow_net
from pgig.methods.gfla.weights import torch_table, with_right_vectors
from pgig.weights.foreign import fill, kind_of, read_foreign
from tests.methods.small_gfla import LAYOUTS, SIZE, inputs_of, networks_of, numbers, tiny
from tests.weights.writing import legacy_file, state_file, zip_file


@pytest.fixture(scope="module")
def networks():
    """Networks whose weights do not matter."""
    return networks_of(tiny())


def state_of(networks, file, seed=0):
    """A state in PyTorch's layout for the networks of a file: {name: array}."""
    random, state = np.random.default_rng(seed), {}
    for tensor in torch_table(networks, file).tensors:
        shape = tuple(tensor.variable.shape)
        state[tensor.name] = random.normal(size=shape[::-1] if len(shape) < 4 else (*shape[:1:-1], *shape[:2]))
    return {name: array.astype("float32") for name, array in state.items()}


def second_names(state):
    """The layers that a file holds twice, under their second name."""
    found = {name: re.sub(r"(jump\d+|outconv)\.conv1\.", r"\1.model.2.", name) for name in state}
    return {second: state[name] for name, second in found.items() if second != name}


def load(path, networks, file):
    """Fill networks from a file of PyTorch; returns the number of tensors taken."""
    return fill(torch_table(networks, file), read_foreign(path, kind_of(path)), path, file)


def stored(tmp_path, state, layout=zip_file):
    path = tmp_path / "latest_net_G.pth"
    path.write_bytes(state_file(state, layout))
    return path


def holds(networks, file, state):
    """Compare every variable of the networks of a file."""
    for tensor in torch_table(networks, file).tensors:
        expected = tensor.layout(state[tensor.name]) if tensor.layout else state[tensor.name]
        np.testing.assert_array_equal(numbers(tensor.variable), expected, err_msg=tensor.name)


@pytest.mark.parametrize("prefix", ["", "module."])
@LAYOUTS
def test_state_files_of_both_formats(tmp_path, networks, layout, prefix):
    for file in ("generator", "discriminator"):
        state = state_of(networks, file)
        written = {prefix + name: array for name, array in (state | second_names(state)).items()}
        assert load(stored(tmp_path, written, layout), networks, file) == len(state)
        holds(networks, file, state)


def test_layers_of_two_names_may_have_either_and_the_later_one_counts(tmp_path, networks):
    state = state_of(networks, "generator")
    second = second_names(state)
    firsts = {name for name in state if ".conv1." in name}
    assert len(second) == len(firsts) == 8
    without = {name: array for name, array in state.items() if name not in firsts}
    for number, written in enumerate((state, without | second, state | dict.fromkeys(firsts, np.zeros(1)) | second)):
        for network in networks.values():
            for weight in network.weights:
                weight.assign(np.full(weight.shape, number))
        load(stored(tmp_path, {name: np.float32(array) for name, array in written.items()}), networks, "generator")
        holds(networks, "generator", state)


def test_the_flow_estimator_is_found_in_files_of_either_stage(tmp_path, networks):
    whole = state_of(networks, "generator")
    alone = {name: array for name, array in whole.items() if name.startswith("flow_net.")}
    for state in (whole, alone):
        # In the stage of the flow, the file of the generator is the flow estimator's.
        for own, file in ((networks, "flow"), ({"flow": build_flow_net(tiny(), SIZE)}, "generator")):
            assert load(stored(tmp_path, state), own, file) == len(alone)
            holds(own, file, whole)
    with pytest.raises(WeightsError, match=r"missing \(target\.block0\.model\.0\.weight"):
        load(stored(tmp_path, alone), networks, "generator")


def test_files_of_other_layers_are_refused(tmp_path, networks):
    state = state_of(networks_of(tiny(attn_layer="2,3", kernel_size="2=5,3=3")), "generator")
    before = numbers(networks["flow"].weights[2])
    with pytest.raises(WeightsError, match=r"fit the flow: 4 tensors left over \(.*'flow_net\.output1\.weight'"):
        load(stored(tmp_path, state), networks, "flow")
    with pytest.raises(WeightsError, match="left over .* of another shape"):
        load(stored(tmp_path, state), networks, "generator")
    np.testing.assert_array_equal(numbers(networks["flow"].weights[2]), before)


@pytest.mark.parametrize("zipped", [True, False])
def test_state_files_that_pytorch_writes(tmp_path, networks, zipped):
    """With what its own file holds: layers under two names share their values, and modules have versions."""
    torch = pytest.importorskip("torch")
    for file in ("generator", "discriminator"):
        state = state_of(networks, file)
        tensors = OrderedDict((name, torch.from_numpy(array.copy())) for name, array in state.items())
        for name in state:
            for second in second_names({name: None}):
                tensors[second] = tensors[name]
        tensors._metadata = OrderedDict({"": {"version": 1}, "conv": {"version": 1, "spectral_norm": {"version": 1}}})
        path = tmp_path / "latest_net.pth"
        torch.save(tensors, path, _use_new_zipfile_serialization=zipped)
        assert load(path, networks, file) == len(state)
        holds(networks, file, state)


def test_names_are_those_of_pytorchs_modules():
    """A block of the discriminator as PyTorch builds it gives the names, the layouts and the numbers of ours."""
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    nn, norm = torch.nn, torch.nn.utils.spectral_norm
    theirs = nn.Module()
    theirs.model = nn.Sequential(
        nn.LeakyReLU(0.1), norm(nn.Conv2d(3, 4, 3, 1, 1)), nn.LeakyReLU(0.1), norm(nn.Conv2d(4, 4, 4, 2, 1))
    )
    theirs.shortcut = nn.Sequential(nn.AvgPool2d(2), norm(nn.Conv2d(3, 4, 1)))
    whole = nn.Module()
    whole.block0, whole.conv = theirs, norm(nn.Conv2d(4, 1, 1))
    model = build_discriminator(tiny(disc_blocks=1), SIZE)
    state = {name: value.numpy().copy() for name, value in whole.state_dict().items()}
    assert fill(torch_table({"discriminator": model}, "discriminator"), state, "file", "discriminator") == 16

    image = inputs_of()["source_image"]
    x = torch.from_numpy(numbers(image).transpose(0, 3, 1, 2).copy())
    for training in (True, False):
        whole.train(training)
        y = theirs.model(x) + theirs.shortcut(x)
        expected = whole.conv(nn.functional.leaky_relu(y, 0.1)).detach().movedim(1, -1).numpy()
        np.testing.assert_allclose(numbers(model(image, training=training)), expected, atol=1e-5)


def older(state):
    """A state as PyTorch wrote it before 1.0: without v, with the kernel after the division as well."""
    found = {name: array for name, array in state.items() if not name.endswith("weight_v")}
    for name, kernel in state.items():
        if name.endswith("weight_orig"):
            stem = name.removesuffix("weight_orig")
            matrix = kernel.reshape(len(kernel), -1)
            found[f"{stem}weight"] = kernel / (state[f"{stem}weight_u"] @ matrix @ state[f"{stem}weight_v"])
    return found


def test_states_from_before_pytorch_1(tmp_path):
    networks = networks_of(tiny())
    model, image = networks["discriminator"], inputs_of()["source_image"]
    for _ in range(3):
        model(image, training=True)
    state = {}
    for tensor in torch_table(networks, "discriminator").tensors:
        array = numbers(tensor.variable)
        state[tensor.name] = array.transpose(3, 2, 0, 1) if array.ndim == 4 else array
    expected = numbers(model(image, training=False))

    new = networks_of(tiny())
    assert load(stored(tmp_path, older(state), legacy_file), new, "discriminator") == len(state)
    np.testing.assert_allclose(numbers(new["discriminator"](image, training=False)), expected, atol=1e-5)
    for broken in (np.zeros(3), np.full_like(state["conv.weight_orig"], np.nan), 0 * state["conv.weight_orig"]):
        damaged = older(state) | {"conv.weight": broken.astype("float32")}
        with pytest.raises(WeightsError, match=r"1 tensor missing \(conv\.weight_v\).*left over \('conv\.weight'\)"):
            load(stored(tmp_path, damaged), new, "discriminator")


def test_older_states_get_what_pytorch_gives_them():
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    # More filters than rows: where it is the other way round, PyTorch's own solution is lost in its single precision.
    theirs = torch.nn.utils.spectral_norm(torch.nn.Conv2d(1, 16, 3))
    theirs(torch.ones(1, 1, 8, 8))
    state = older({f"a.{name}": value.numpy().copy() for name, value in theirs.state_dict().items()})
    given = OrderedDict((name.removeprefix("a."), torch.from_numpy(array)) for name, array in state.items())
    given._metadata = OrderedDict({"": {"version": 1}})
    theirs.load_state_dict(given)
    completed = with_right_vectors({"a": (16, 1, 3, 3)}, state)
    assert set(completed) == {f"a.{name}" for name in ("weight_orig", "weight_u", "weight_v", "bias")}
    np.testing.assert_allclose(completed["a.weight_v"], theirs.weight_v.numpy(), rtol=1e-4, atol=1e-5)
