"""The convolutional networks of DPIG at small widths: sizes, what codes depend on, logits, half precision."""

import keras
import numpy as np
import pytest
from keras import ops

from pgig.errors import OptionsError
from pgig.methods.dpig import appearance_networks as networks
from pgig.methods.dpig.config import DpigConfig
from pgig.methods.dpig.discriminator import build_discriminator

SMALL = {"conv_hidden_num": 4, "roi_size": 8, "z_num": 6, "disc_hidden_num": 4, "part_emb_dim": 3, "bg_emb_dim": 5}
SIZE = (32, 16)
BOXES = np.array(
    [[4, 2, 20, 12], [0, 0, 31, 15], [1, 1, 9, 9], [0, 0, 1, 1], [8, 3, 30, 9], [2, 2, 5, 5], [9, 0, 15, 6]]
)


def config(**options):
    return DpigConfig(**SMALL | options)


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype("float32")


def given(size=SIZE, seed=0):
    """What an encoder takes, of two pictures with parts that are not visible."""
    inputs = {
        "image": drawn(2, *size, 3, seed=seed),
        "boxes": np.stack([BOXES, BOXES[::-1]]).astype("float32"),
        "visible": np.array([[1, 1, 0, 1, 1, 0, 1], [1, 1, 1, 0, 1, 1, 1]], "float32"),
        "mask": (drawn(2, *size, 1, seed=9) > 0).astype("float32"),
    }
    return {name: ops.convert_to_tensor(value) for name, value in inputs.items()}


def codes_of(model, inputs):
    codes = model({name: inputs[name] for name in model.input})
    return {name: ops.convert_to_numpy(code) for name, code in codes.items()}


def pose(size=SIZE):
    return ops.convert_to_tensor(np.sign(drawn(2, *size, 18, seed=5)))


LEVELS = [
    ((128, 64), {}, (5, 5)),
    ((256, 256), {}, (7, 5)),
    ((256, 176), {}, (7, 5)),
    ((96, 40), {}, (4, 4)),
    ((64, 64), {}, (4, 4)),
    ((64, 64), {"background": 0, "repeat_num": 3}, (4, 2)),
]


@pytest.mark.parametrize(("size", "options", "expected"), LEVELS)
def test_these_sizes_have_so_many_levels(size, options, expected):
    options = config(**options)
    networks.require_size(options, size)
    assert networks.levels(options, size) == expected


@pytest.mark.parametrize(("size", "background"), [((24, 10), 1), ((32, 32), 0)])
def test_networks_take_and_give_what_they_say(size, background):
    options = config(background=background, repeat_num=2)
    networks.require_size(options, size)
    encoder, generator = networks.build_encoder(options, size), networks.build_generator(options, size)
    codes = {"fg": (None, 21), "bg": (None, 5)} if background else {"app": (None, 21)}
    assert set(encoder.input) == {"image", "boxes", "visible", *(["mask"] if background else [])}
    assert {name: code.shape for name, code in encoder.output.items()} == codes
    assert generator.output_shape == (None, *size, 3)
    assert set(generator.input) == {*codes, "pose"}


REFUSED = [
    ((31, 17), {}, "31 x 17"),
    ((120, 60), {}, "multiple of 8"),
    ((128, 64), {"repeat_num": 9}, "generator of 9 levels"),
    ((4, 4), {}, "of 0 levels"),
    ((8, 8), {"background": 0}, "8 x 8"),
]


@pytest.mark.parametrize(("size", "options", "hint"), REFUSED)
def test_other_sizes_are_refused_in_a_sentence(size, options, hint):
    with pytest.raises(OptionsError) as caught:
        networks.require_size(config(**options), size)
    assert hint in str(caught.value) and f"{size[0]} x {size[1]}" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_codes_of_parts_that_are_not_visible_are_zeros():
    model, inputs = networks.build_encoder(config(), SIZE), given()
    parts = codes_of(model, inputs)["fg"].reshape(2, networks.PARTS, 3)
    visible = ops.convert_to_numpy(inputs["visible"]) > 0
    assert (parts[~visible] == 0).all() and (parts[visible] != 0).any(axis=-1).all()
    everything = networks.build_encoder(config(part_visibility=0), SIZE)
    everything.set_weights(model.get_weights())
    whole = codes_of(everything, inputs)["fg"].reshape(2, networks.PARTS, 3)
    np.testing.assert_array_equal(whole[visible], parts[visible])
    assert (whole[~visible] != 0).any()


def test_a_code_is_that_of_its_own_picture_and_box():
    model, inputs = networks.build_encoder(config(), SIZE), given()
    codes = codes_of(model, inputs)
    for number in range(2):
        alone = codes_of(model, {name: value[number : number + 1] for name, value in inputs.items()})
        for name, code in alone.items():
            np.testing.assert_allclose(code[0], codes[name][number], atol=1e-5)
    # The boxes of the second picture are those of the first in the opposite order.
    turned = inputs | {"visible": ops.ones((2, networks.PARTS))}
    same = turned | {name: ops.concatenate([inputs[name][:1]] * 2) for name in ("image", "mask")}
    first, second = codes_of(model, same)["fg"].reshape(2, networks.PARTS, 3)
    np.testing.assert_allclose(first, second[::-1], atol=1e-5)


def test_the_mask_parts_foreground_and_background():
    model, inputs = networks.build_encoder(config(), SIZE), given()
    other = inputs | {"image": given(seed=1)["image"]}
    for mask, kept, lost in ((1.0, "fg", "bg"), (0.0, "bg", "fg")):
        everywhere = {"mask": mask * ops.ones_like(inputs["mask"])}
        codes, others = (codes_of(model, case | everywhere) for case in (inputs, other))
        np.testing.assert_array_equal(codes[lost], others[lost])
        assert np.abs(codes[kept] - others[kept]).max() > 1e-3


def test_a_picture_follows_all_codes_and_the_pose():
    model = networks.build_generator(config(), SIZE)
    inputs = {"fg": drawn(2, 21), "bg": drawn(2, 5, seed=1), "pose": pose()}
    inputs = {name: ops.convert_to_tensor(value) for name, value in inputs.items()}
    before = ops.convert_to_numpy(model(inputs))
    for name, value in inputs.items():
        assert np.abs(ops.convert_to_numpy(model(inputs | {name: -value})) - before).max() > 1e-3
    assert model.get_layer("bottleneck").output.shape == (None, 6)
    model.get_layer("last").bias.assign([5.0] * 3)
    assert ops.convert_to_numpy(model(inputs)).max() > 2


LOGITS = [
    ((128, 64), "DCGAN", 1, 32 * 32),
    ((256, 256), "DCGAN", 8, 256 * 4),
    ((256, 128), "DCGAN", 4, 128 * 8),
    ((256, 176), "DCGAN", 1, 176 * 32),
    ((96, 40), "DCGAN", 1, 18 * 32),
    ((256, 256), "DCGAN-whole", 1, 256 * 32),
    ((256, 256), "DCGAN-256", 1, 64 * 32),
]


@pytest.mark.parametrize(("size", "kind", "count", "weights"), LOGITS)
def test_number_of_logits_and_of_their_weights(size, kind, count, weights):
    model = build_discriminator(config(D_arch=kind), size)
    assert model.output_shape == (None, count)
    assert model.get_layer("logit").kernel.shape == (weights, 1)


def test_each_of_many_logits_is_of_a_group_of_channels():
    model = build_discriminator(config(), (256, 256))
    images = ops.convert_to_tensor(drawn(2, 256, 256, 3))
    features, logits = keras.Model(model.input, [model.get_layer("act3").output, model.output])(images)
    maps, logits = ops.convert_to_numpy(features), ops.convert_to_numpy(logits)
    kernel, bias = (ops.convert_to_numpy(weight) for weight in model.get_layer("logit").weights)
    for number in range(8):
        group = maps[..., 4 * number : 4 * number + 4].reshape(2, -1)
        np.testing.assert_allclose(logits[:, number], (group @ kernel + bias)[:, 0], atol=1e-4)


def test_the_discriminator_starts_narrow_and_unbiased():
    model = build_discriminator(config(disc_hidden_num=16), (32, 32))
    for layer in model.layers:
        if hasattr(layer, "kernel"):
            kernel, bias = (ops.convert_to_numpy(weight) for weight in layer.weights)
            assert 0.95 < np.abs(kernel).max() / (0.02 * np.sqrt(3)) < 1.001 and not bias.any()


def test_codes_pictures_and_logits_are_float32_in_half_precision():
    built = {}
    for policy in ("float32", "mixed_bfloat16"):
        keras.config.set_dtype_policy(policy)
        try:
            parts = networks.build_encoder, networks.build_generator, build_discriminator
            built[policy] = [build(config(), SIZE) for build in parts]
        finally:
            keras.config.set_dtype_policy("float32")
    found = {}
    for policy, (encoder, generator, critic) in built.items():
        for model, full in zip(built[policy], built["float32"], strict=True):
            model.set_weights(full.get_weights())
        inputs = given()
        codes = encoder({name: inputs[name] for name in encoder.input})
        image = generator(codes | {"pose": pose()})
        found[policy] = codes | {"image": image, "logits": critic(image)}
    for name, value in found["mixed_bfloat16"].items():
        assert keras.backend.standardize_dtype(value.dtype) == "float32", name
        full = ops.convert_to_numpy(found["float32"][name])
        limit = (0.5 if name == "logits" else 0.1) * np.abs(full).max()
        np.testing.assert_allclose(ops.convert_to_numpy(value), full, atol=limit, err_msg=name)
        assert not np.array_equal(ops.convert_to_numpy(value), full), name
