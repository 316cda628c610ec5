"""GFLA's networks: sizes, what reads what, initial weights, state files of PyTorch."""

import re
from collections import OrderedDict

import keras
import numpy as np
import pytest
from keras import ops

from pgig.errors import WeightsError
from pgig.methods.gfla.config import GflaConfig
from pgig.methods.gfla.discriminator import build_discriminator
from pgig.methods.gfla.networks import Unused, attention_inputs, build_flow_net, build_renderer
from pgig.methods.gfla.weights import torch_table, with_right_vectors
from pgig.train.step import engine
from pgig.weights.foreign import fill, kind_of, read_foreign
from tests.weights.writing import legacy_file, state_file, zip_file

MARKET, FASHION, SIZE = (128, 64), (256, 256), (64, 32)
TINY = {"ngf": 4, "img_f": 8, "flow_ngf": 4, "flow_img_f": 8, "ndf": 4, "disc_img_f": 8}
LAYOUTS = pytest.mark.parametrize("layout", [zip_file, legacy_file])


def tiny(**options):
    return GflaConfig(**TINY | options)


def networks_of(config, size=SIZE):
    built = {"flow": build_flow_net(config, size), "generator": build_renderer(config, size)}
    return built | {"discriminator": build_discriminator(config, size)}


def inputs_of(size=SIZE, count=2, seed=0):
    random = np.random.default_rng(seed)
    channels = {"source_image": 3, "source_pose": 18, "target_pose": 18}
    drawn = {name: random.uniform(-1, 1, (count, *size, n)).astype("float32") for name, n in channels.items()}
    return {name: ops.convert_to_tensor(array) for name, array in drawn.items()}


def of_renderer(inputs, fields):
    return {name: inputs[name] for name in ("source_image", "target_pose")} | fields


def everything(networks):
    """A compiled function of the inputs -> fields, "image" and "logits"; the discriminator is in training."""

    def forward(batch):
        fields = networks["flow"](batch)
        image = networks["generator"](of_renderer(batch, fields))
        return fields | {"image": image, "logits": networks["discriminator"](image, training=True)}

    variables = [variable for network in networks.values() for variable in network.variables]
    return engine.compiled(forward, variables, variables)


def numbers(tensor):
    return ops.convert_to_numpy(ops.cast(tensor, "float32"))


@pytest.mark.parametrize(
    ("size", "flow", "generator", "discriminator"),
    [(MARKET, 6_604_753, 12_926_471, 238_209), (FASHION, 6_608_212, 14_047_395, 664_577)],
)
def test_parameters_are_as_many_as_published(size, flow, generator, discriminator):
    networks = networks_of(GflaConfig(init_type="normal"), size)
    assert networks["flow"].count_params() == flow
    assert networks["flow"].count_params() + networks["generator"].count_params() == generator
    # The spectral vectors are none that training sets.
    assert sum(np.prod(weight.shape) for weight in networks["discriminator"].trainable_weights) == discriminator
    assert networks["generator"].output_shape == (None, *size, 3)
    assert networks["discriminator"].output_shape == (None, 16, size[1] // (8 if size == MARKET else 16), 1)


@pytest.mark.parametrize(("attended", "sides"), [("2,3", "2=5,3=3"), ("1,3", "1=2,3=3")])
def test_fields_are_maps_of_the_attended_layers(attended, sides):
    networks = networks_of(tiny(attn_layer=attended, kernel_size=sides))
    fields = everything(networks)(inputs_of())
    image, _ = numbers(fields.pop("image")), fields.pop("logits")
    layers = [int(layer) for layer in attended.split(",")]
    assert set(fields) == {f"{kind}{layer}" for layer in layers for kind in ("flow", "mask")}
    for layer in layers:
        small = (2, SIZE[0] >> layer, SIZE[1] >> layer)
        assert tuple(fields[f"flow{layer}"].shape) == (*small, 2) and tuple(fields[f"mask{layer}"].shape) == (*small, 1)
        # Kernels are small at the start: nothing moves, and source and target count half.
        assert np.abs(numbers(fields[f"flow{layer}"])).max() < 1
        assert np.abs(numbers(fields[f"mask{layer}"]) - 0.5).max() < 0.2
    assert image.shape == (2, *SIZE, 3) and np.abs(image).max() <= 1


def test_masks_choose_between_source_and_own_map():
    model = build_renderer(tiny(init_type="normal"), SIZE)
    renderer = engine.compiled(model, model.variables, [])
    inputs, other = inputs_of(), inputs_of(seed=1)
    flow = ops.convert_to_tensor(np.random.default_rng(2).uniform(-3, 3, (2, 16, 8, 2)).astype("float32"))

    def image(mask, **changes):
        fields = {"flow2": flow, "mask2": ops.full((2, 16, 8, 1), mask, "float32")}
        return numbers(renderer(of_renderer(inputs, fields) | changes))

    source = {"source_image": other["source_image"]}
    np.testing.assert_array_equal(image(0.0), image(0.0, **source))
    np.testing.assert_array_equal(image(0.0), image(0.0, flow2=-flow))
    for change in (source, {"flow2": -flow}, {"target_pose": other["target_pose"]}):
        assert np.abs(image(1.0) - image(1.0, **change)).max() > 1e-6


def test_fields_and_logits_are_float32_under_mixed_precision():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        found = everything(networks_of(tiny(attn_layer="2,3", kernel_size="2=5,3=3")))(inputs_of())
    finally:
        keras.config.set_dtype_policy(before)
    for tensor in found.values():
        assert keras.backend.standardize_dtype(tensor.dtype) == "float32"
        assert np.isfinite(numbers(tensor)).all()


@pytest.mark.parametrize(("attended", "sides"), [("2", "2=3"), ("1,3", "1=3,3=3")])
def test_biases_are_trained_where_they_have_an_effect_and_nowhere_else(attended, sides):
    networks = networks_of(tiny(attn_layer=attended, kernel_size=sides, init_type="kaiming"))
    whole, given, random = everything(networks), inputs_of(), np.random.default_rng(0)

    def found():
        return {name: numbers(value) for name, value in whole(given).items() if name != "logits"}

    start, counted = found(), {True: 0, False: 0}
    for network in ("flow", "generator"):
        for layer in networks[network].layers:
            if not hasattr(layer, "bias"):
                continue
            layer.bias.assign(random.normal(size=layer.bias.shape))
            moved = max(np.abs(value - start[name]).max() for name, value in found().items())
            layer.bias.assign(np.zeros(layer.bias.shape))
            assert (moved > 2e-4) == layer.bias.trainable, (layer.name, moved)
            counted[layer.bias.trainable] += 1
    assert min(counted.values()) > 10


def test_what_nothing_reads_is_kept_and_not_trained():
    networks = networks_of(tiny(attn_layer="1", kernel_size="1=3"))
    (holder,) = (layer for layer in networks["generator"].layers if isinstance(layer, Unused))
    kept = [part.name for part in holder.parts if part.weights]
    blocks = ("source_encoder0_model", "source_encoder1_model")
    assert kept == [f"{block}_{number}" for block in blocks for number in (0, 2, 3, 5)]
    trained = {id(weight) for weight in networks["generator"].trainable_variables}
    assert holder.weights and not trained & {id(weight) for weight in holder.weights}
    assert {id(weight) for weight in holder.weights} <= {id(weight) for weight in networks["generator"].weights}
    # Nothing is left over where the deepest layer is attended to.
    all_read = build_renderer(tiny(attn_layer="3", kernel_size="3=3"), SIZE)
    assert not any(isinstance(layer, Unused) for layer in all_read.layers)


def test_attention_sees_what_its_inputs_are():
    networks = networks_of(tiny(attn_layer="2,3", kernel_size="2=5,3=3"))
    renderer = networks["generator"]
    model = attention_inputs(renderer)

    def forward(batch):
        fields = networks["flow"](batch)
        seen = model(of_renderer(batch, fields))
        assert list(seen) == ["target_attn0", "target_attn1"]
        weights = {f"weights{name[-1]}": renderer.get_layer(name).coefficients(*given) for name, given in seen.items()}
        return fields | weights | {f"seen{name[-1]}": given[2] for name, given in seen.items()}

    found = engine.compiled(forward, [*networks["flow"].variables, *renderer.variables], [])(inputs_of())
    found = {name: numbers(value) for name, value in found.items()}
    for number, layer, side in ((0, 3, 3), (1, 2, 5)):
        np.testing.assert_array_equal(found[f"seen{number}"], found[f"flow{layer}"])
        assert found[f"weights{number}"].shape == (2, SIZE[0] >> layer, SIZE[1] >> layer, side * side)
        np.testing.assert_allclose(found[f"weights{number}"].sum(-1), 1, rtol=1e-5)


def test_discriminator_without_spectral_norm_keeps_it_in_its_last_layer():
    model = build_discriminator(tiny(use_spect_d=0), SIZE)
    names = [tensor.name for tensor in torch_table({"discriminator": model}, "discriminator").tensors]
    assert [name for name in names if "weight_" in name] == ["conv.weight_orig", "conv.weight_u", "conv.weight_v"]
    assert "block0.model.3.weight" in names and "encoder1.shortcut.1.bias" in names
    spectral = build_discriminator(tiny(), SIZE)
    assert model.output_shape == spectral.output_shape
    assert len(model.trainable_weights) == len(spectral.trainable_weights) == 20


def kernels_of(networks):
    """(name, PyTorch's form (first axis, rest) of a kernel) of flow estimator and renderer."""
    for network in ("flow", "generator"):
        for layer in networks[network].layers:
            for part in layer.parts if isinstance(layer, Unused) else (layer,):
                for weight in part.weights:
                    if len(weight.shape) == 4:
                        kernel = numbers(weight).transpose(3, 2, 0, 1)
                        yield f"{part.name}/{weight.name}", kernel.reshape(len(kernel), -1)


def test_initial_kernels_are_orthogonal_and_each_its_own():
    networks = networks_of(tiny())
    seen = set()
    for name, matrix in kernels_of(networks):
        short = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
        np.testing.assert_allclose(short @ short.T, 0.02**2 * np.eye(len(short)), atol=1e-8, err_msg=name)
        assert matrix.tobytes() not in seen
        seen.add(matrix.tobytes())
    for network in ("flow", "generator"):
        for weight in networks[network].weights:
            if weight.name in ("gamma", "bias", "beta", "bias1", "bias2"):
                np.testing.assert_array_equal(numbers(weight), float(weight.name == "gamma"))


@pytest.mark.parametrize("way", ["normal", "xavier", "kaiming"])
def test_other_initial_kernels_have_the_spread_of_pytorch(way):
    model = build_renderer(tiny(init_type=way, ngf=16, img_f=32), SIZE)
    for name, fan_in, fan_out in (
        ("target_encoder0_model_5", 9 * 32, 9 * 32),
        ("target_decoder1_1_model_5", 9 * 16, 9 * 32),
    ):
        spread = {"normal": 0.02, "xavier": 0.02 * np.sqrt(2 / (fan_in + fan_out)), "kaiming": np.sqrt(2 / fan_in)}
        assert numbers(model.get_layer(name).kernel).std() == pytest.approx(spread[way], rel=0.05), name


def test_initial_discriminator_is_pytorchs():
    model = build_discriminator(tiny(ndf=16, disc_img_f=32), SIZE)
    for layer in model.layers:
        if hasattr(layer, "kernel"):
            values = numbers(layer.kernel)
            bound = 1 / np.sqrt(values[..., 0].size)
            assert (0.98 if values.size > 500 else 0.5) * bound < np.abs(values).max() <= bound, layer.name
            np.testing.assert_array_equal(numbers(layer.bias), 0)


# State files ---------------------------------------------------------------------------------------------------


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
