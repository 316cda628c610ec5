"""PG2 and mobile PG2: presets, sizes, shapes, what the players share, initial weights, refused files."""

import keras
import numpy as np
import pytest
from keras import ops

from pgig.cli.options import parse
from pgig.errors import OptionsError, WeightsError
from pgig.methods.pg2 import discriminator, networks
from pgig.methods.pg2.config import Pg2Config
from pgig.methods.schedules import Halved
from pgig.weights.foreign import fill
from tests.methods.conformance import array, people, tensors

SMALL = ("--conv_hidden_num", "4", "--z_num", "6", "--disc_hidden_num", "2")
MARKET, DEEPFASHION = (128, 64), (256, 256)


def build(*flags, stage="2", method="pg2", size=MARKET):
    words = ["--method", method, "--stage", stage, "--image_size", f"{size[0]},{size[1]}"]
    options = parse([*words, *SMALL, *flags])
    return options.method.load()(options.shared, options.config, options.data.image_size, options.stage)


PUBLISHED = [
    ("generator1", {}, MARKET, 70_795_075),
    ("generator1", {}, DEEPFASHION, 122_103_235),
    ("generator1", {"generator1_block": "separable"}, MARKET, 10_338_837),
    ("generator2", {}, MARKET, 6_058_883),
    ("generator2", {}, DEEPFASHION, 12_696_067),
    ("generator2", {"generator2_block": "separable"}, MARKET, 710_335),
    ("discriminator", {}, MARKET, 4_324_737),
    ("discriminator", {}, DEEPFASHION, 10_896_257),
    ("discriminator", {"family": "human-pose-transfer"}, MARKET, 4_323_777),
    ("discriminator", {"family": "human-pose-transfer"}, DEEPFASHION, 10_894_785),
]
BUILD = {
    "generator1": networks.build_generator1,
    "generator2": networks.build_generator2,
    "discriminator": discriminator.build_discriminator,
}


@pytest.mark.parametrize(("network", "flags", "size", "count"), PUBLISHED)
def test_networks_have_the_published_number_of_parameters(network, flags, size, count):
    model = BUILD[network](Pg2Config(**flags), size)
    assert sum(np.prod(variable.shape) for variable in model.trainable_variables) == count


FAMILIES = [
    ("authors", MARKET, ("same", 1, "four", 10.0, "glorot", "uniform")),
    ("authors", DEEPFASHION, ("same", 0, "three", 50.0, "glorot", "uniform")),
    ("human-pose-transfer", MARKET, ("symmetric", 1, "separate", 10.0, "xavier", "tflib")),
    ("harshitbansal05", DEEPFASHION, ("symmetric", 0, "three", 50.0, "torch", "uniform")),
]


@pytest.mark.parametrize(("family", "size", "expected"), FAMILIES)
def test_a_family_decides_what_is_not_given(family, size, expected):
    names = (
        "padding", "num_skip_out_connect", "statistics", "mask_l1_weight", "generator2_init", "discriminator_init"
    )  # fmt: skip
    config = Pg2Config(family=family)
    assert tuple(config.value(name, size) for name in names) == expected
    given = Pg2Config(family=family, padding="same", num_skip_out_connect=0, mask_l1_weight=3.0)
    assert tuple(given.value(name, size) for name in names[:2]) == ("same", 0)
    assert given.value("mask_l1_weight", size) == 3.0


def test_pose_maps_are_those_of_the_family():
    batch = tensors(people(2))
    discs, gaussians = (
        array(build("--family", family, stage="1").inputs(batch)["target_pose"])
        for family in ("authors", "human-pose-transfer")
    )
    assert set(np.unique(discs)) == {-1, 1}
    assert gaussians.min() == 0 and len(np.unique(gaussians)) > 100
    joints = batch["target_keypoints"]
    visible = array(joints)[..., 2] > 0
    assert np.array_equal(discs.max((1, 2)) == 1, visible) and np.array_equal(gaussians.max((1, 2)) == 1, visible)


REFUSED = [
    ("--num_skip_out_connect 2", MARKET, "--num_skip_out_connect 2 cannot be built"),
    ("--z_num 0", MARKET, "--z_num 0"),
    ("--flip_rate 1.5", MARKET, "--flip_rate 1.5"),
    ("--lr_update_step -1", MARKET, "--lr_update_step -1"),
    ("--g_lr 0", MARKET, "--g_lr 0"),
    ("--beta2 1", MARKET, "--beta2 1"),
    ("--gan_weight nan", MARKET, "--gan_weight nan"),
    ("--mask_l1_weight -1", MARKET, "--mask_l1_weight -1"),
    ("--family human-pose-transfer --adversarial generated-and-source", MARKET, "--statistics four or three"),
    ("", (130, 64), "130 x 64"),
    ("", (128, 56), "128 x 56"),
    ("", (16, 16), "--repeat_num"),
    ("--repeat_num 1", MARKET, "of 1 and -1 blocks"),
    ("--repeat_num 8", MARKET, "multiple of 128"),
]


@pytest.mark.parametrize(("flags", "size", "hint"), REFUSED)
def test_what_cannot_be_built_is_refused_in_one_sentence(flags, size, hint):
    with pytest.raises(OptionsError) as caught:
        build(*flags.split(), size=size)
    assert hint in str(caught.value) and "\n" not in str(caught.value)


def test_codes_and_features():
    for flags in ((), ("--generator1_block", "separable", "--family", "human-pose-transfer")):
        method = build(*flags)
        inputs = method.inputs(tensors(people(2)))
        features = array(method.global_features(inputs))
        assert features.shape == (2, 32, 16, 12) and features.min() >= 0
        assert array(method.bottleneck(inputs)).shape == (2, 6)

        # They follow the weights of the networks.
        first = method.networks["generator1"]
        first.get_layer("bottleneck").bias.assign([9.0] * 6)
        *_, last, _ = first.layers
        last.bias.assign([9.0] * 3)
        assert array(method.bottleneck(inputs)).mean() > 5
        assert not np.array_equal(array(method.global_features(inputs)), features)


def test_pictures_are_clipped_and_losses_are_not():
    method = build(stage="1")
    inputs = method.inputs(tensors(people(2)))
    method.networks["generator1"].get_layer("last").bias.assign([5.0] * 3)
    (player,) = method.stage.players
    loss, _ = player.loss([inputs], training=False)
    assert array(method.generate(inputs)).max() == 1
    assert float(array(loss)) > 3


def test_one_batch_or_two():
    same, separate = build(), build("--batches", "separate")
    assert (same.stage.batches, separate.stage.batches) == (1, 2)
    inputs = same.inputs(tensors(people(2)))
    generator, critic = same.stage.players
    *_, passed = generator.loss([inputs], training=True)
    alone, _ = critic.loss([inputs], training=True)
    given, _ = critic.loss([inputs | passed], training=True)
    assert float(array(alone)) == pytest.approx(float(array(given)), rel=1e-6)
    other, _ = critic.loss([inputs | {key: -value for key, value in passed.items()}], training=True)
    assert float(array(other)) != pytest.approx(float(array(given)), rel=1e-6)


def test_the_first_generator_may_differ_in_kind_from_the_second():
    """The published mobile networks: a separable first generator beside a plain second one."""
    method = build("--generator2_block", "conv", method="mobile-pg2")
    kinds = {name: {type(layer).__name__ for layer in network.layers} for name, network in method.networks.items()}
    assert "DepthwiseConv2D" in kinds["generator1"] and "DepthwiseConv2D" not in kinds["generator2"]


def test_learning_rates():
    rates = [player.optimizer.learning_rate for player in build("--g_lr", "3e-4").stage.players]
    assert rates == [3e-4, 2e-5]
    assert [p.optimizer.learning_rate for p in build(method="mobile-pg2").stage.players] == [1e-4, 2e-5]
    rate = build("--lr_update_step", "10").stage.players[0].optimizer.learning_rate
    values = [float(array(rate(ops.convert_to_tensor(step)))) for step in (0, 9, 10, 29)]
    np.testing.assert_allclose(values, [2e-5, 2e-5, 1e-5, 5e-6], rtol=1e-6)
    assert Halved.from_config(rate.get_config()).get_config() == rate.get_config()
    assert keras.optimizers.Adam(rate).build([keras.Variable(0.0)]) is None


def test_initial_weights_of_a_way():
    """Bounds and spreads of PyTorch's and of the narrow uniform numbers."""
    config = Pg2Config(family="human-pose-transfer", conv_hidden_num=32, z_num=8, disc_hidden_num=16)
    dense = networks.build_generator1(config, (32, 32)).get_layer("spread")
    for values in (array(dense.kernel), array(dense.bias)):
        assert 0.9 / np.sqrt(8) < np.abs(values).max() <= 1 / np.sqrt(8)
    first = networks.build_generator2(config, (32, 32)).get_layer("first")
    assert not array(first.bias).any()
    critic = discriminator.build_discriminator(config, (64, 64))
    kernel, gain = array(critic.get_layer("conv1").kernel), array(critic.get_layer("norm1").gamma)
    assert kernel.std() == pytest.approx(0.02, rel=0.05) and np.abs(kernel).max() <= 0.02 * np.sqrt(3)
    assert 0 < np.abs(gain - 1).max() < 0.1


FILES = [
    ("authors", "torch", "generator", "--family human-pose-transfer or harshitbansal05"),
    ("human-pose-transfer", "tensorflow", "generator", "--family authors"),
    ("harshitbansal05", "torch", "discriminator", "no filters"),
]


@pytest.mark.parametrize(("family", "kind", "file", "hint"), FILES)
def test_files_of_another_family_are_refused(family, kind, file, hint):
    with pytest.raises(WeightsError, match=hint):
        build("--family", family).foreign(file, kind)


def test_separable_networks_were_published_by_one_program():
    flags = ("--generator1_block", "separable")
    assert build("--family", "authors", *flags).foreign("stage1", "tensorflow") is None
    assert build("--family", "harshitbansal05", *flags).foreign("stage1", "torch") is None
    assert build("--family", "human-pose-transfer", *flags).foreign("stage1", "torch").tensors


# (older, later) names of modules; the number of a block stands for all of them.
RENAMED = {
    "stage1": [
        ("first_block.0", "start_conv.0"), ("en_block_1.block_2conv.2", "encoder.1.res.main.2"),
        ("en_block_0.block_1conv.0", "encoder.0.conv.0"), ("de_block_3.block_1conv.0", "decoder.3.conv.0"),
        ("de_block_4.block_2conv.0", "decoder.4.res.main.0"), ("fc1", "down_fc"), ("fc2", "up_fc"),
        ("last_conv", "end_conv"),
    ],
    "generator": [
        ("first_block.0", "start_conv.0"), ("en_block_2.block_2conv.0", "encoder.2.main.0"),
        ("en_block_0.block_1conv.0", "encoder.0.conv.0"), ("de_block_1.block_2conv.2", "decoder.1.main.2"),
        ("last_conv", "end_conv"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("file", RENAMED)
def test_files_of_before_the_renaming_are_read(file):
    table = build("--family", "human-pose-transfer").foreign(file, "torch")
    random = np.random.default_rng(0)
    later = {t.name: random.normal(size=torch_shape(t.variable)).astype(np.float32) for t in table.tensors}
    before = dict(map(reversed, RENAMED[file]))
    older = {}
    for name, values in later.items():
        module, _, end = name.rpartition(".")
        older[f"{before.get(module, module)}.{end}"] = values
    assert len(set(later) - set(older)) == 2 * len(before)

    fill(table, later, "later", file)
    expected = [array(tensor.variable) for tensor in table.tensors]
    for tensor in table.tensors:
        tensor.variable.assign(np.zeros(tensor.variable.shape))
    fill(table, older, "older", file)
    for tensor, values in zip(table.tensors, expected, strict=True):
        np.testing.assert_array_equal(array(tensor.variable), values)


def torch_shape(variable):
    """Shape of a variable's tensor in a file of PyTorch."""
    return tuple(variable.shape[axis] for axis in {4: (3, 2, 0, 1), 2: (1, 0), 1: (0,)}[len(variable.shape)])


def test_blocks_that_are_stated_equal_those_from_the_size():
    for size, blocks in ((MARKET, (5, 3)), (DEEPFASHION, (6, 4))):
        stated = Pg2Config(repeat_num=blocks[0], repeat_num2=blocks[1])
        for name, count in zip(("repeat_num", "repeat_num2"), blocks, strict=True):
            assert Pg2Config().value(name, size) == stated.value(name, size) == count
