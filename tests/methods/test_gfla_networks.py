"""GFLA's networks: sizes, what reads what, initial weights."""

import keras
import numpy as np
import pytest
from keras import ops

from pgig.methods.gfla.config import GflaConfig
from pgig.methods.gfla.discriminator import build_discriminator
from pgig.methods.gfla.networks import Unused, attention_inputs, build_renderer
from pgig.methods.gfla.weights import torch_table
from pgig.train.step import engine
from tests.methods.small_gfla import (
    FASHION,
    MARKET,
    SIZE,
    everything,
    inputs_of,
    networks_of,
    numbers,
    of_renderer,
    tiny,
)


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
