"""PN-GAN: sizes of the networks, families, refusals, learning rates, published files, blocks that are left out."""

import keras
import numpy as np
import pytest
from keras import ops

from pgig.cli.options import parse
from pgig.errors import OptionsError, WeightsError
from pgig.losses.perceptual import torchvision_input, vgg_input
from pgig.methods.pn_gan import networks as nets
from pgig.methods.pn_gan.config import PnGanConfig
from pgig.pretrained.vgg19 import build_vgg
from pgig.train.step import build_method
from pgig.weights import keras_h5
from pgig.weights.foreign import fill
from tests.methods.conformance import people, tensors
from tests.weights.writing import state_file

TINY = ("--ngf", "2", "--ndf", "2", "--num_resblock", "3")
ONE, TWO = "human-pose-transfer", "human-pose-transfer-two-poses"


def build(*flags, tiny=TINY):
    return build_method(parse(["--method", "pn-gan", *tiny, *flags]))


def rates(method, epochs, updates):
    """Learning rates of the first update of each epoch and of the last one."""
    rate = method.stage.players[0].optimizer.learning_rate
    values = [[float(ops.convert_to_numpy(rate(e * updates + u))) for u in (0, updates - 1)] for e in range(epochs)]
    assert all(first == last for first, last in values)
    return [first for first, _ in values]


@pytest.mark.parametrize(
    ("family", "generator", "discriminator"),
    [("authors", 11_387_584, 2_764_672), (ONE, 11_434_624, 2_767_744), (TWO, 16_579_520, 2_767_744)],
)
def test_parameters_are_as_many_as_published(family, generator, discriminator):
    config, size = PnGanConfig(family=family), (128, 64)
    assert nets.build_generator(config, size).count_params() == generator
    model = nets.build_discriminator(config, size)
    assert model.count_params() == discriminator and model.output_shape == (None, 10, 2)
    assert nets.build_discriminator(PnGanConfig(family=family, ndf=1), (256, 128)).output_shape == (None, 26, 10)


def test_attribute_discriminator_has_as_many_parameters_as_published():
    model = nets.build_attribute_discriminator(64, 30, (256, 128))
    assert model.count_params() == 22_188_446
    assert {name: output.shape for name, output in model.output.items()} == {
        "scores": (None, 7, 3, 1),
        "attributes": (None, 30),
    }


def test_biases_that_normalisation_takes_away_are_not_trained():
    for family in ("authors", TWO):
        for network in build("--family", family).networks.values():
            kept = [weight for weight in network.weights if weight.name == "bias"]
            assert kept and not {id(weight) for weight in kept} & {id(w) for w in network.trainable_weights}


@pytest.mark.parametrize("size", ["128,64", "256,256", "256,128", "60,56", "128,128"])
def test_sizes_that_fit(size):
    height, width = map(int, size.split(","))
    method = build("--image_size", size)
    inputs = method.inputs(tensors(people(1, (height, width))))
    image = method.generate(inputs)
    assert image.shape == (1, height, width, 3)
    # The batch axis stays where there is one picture.
    scores = method.scores(image, inputs["source_image"])
    assert scores.shape == (1, height // 8 - 6, width // 8 - 6)


@pytest.mark.parametrize("size", ["130,64", "128,52", "31,17"])
def test_sizes_that_do_not_fit_are_refused_in_a_sentence(size):
    with pytest.raises(OptionsError, match=r"(\d+) x (\d+) pixels .* multiple of 4 and at least 56\.$"):
        build("--image_size", size)


REFUSED = [
    ("--num_resblock 0", "num_resblock"),
    ("--lr_decay 0", "lr_decay"),
    ("--mask_l1_loss -1", "mask_l1_loss"),
    ("--flip_rate 1.5", "flip_rate"),
    ("--learning_rate 0", "learning_rate"),
    ("--lambda_idt nan", "lambda_idt"),
    ("--perceptual_layers 2", "perceptual_layers"),
]


@pytest.mark.parametrize(("flags", "hint"), REFUSED)
def test_impossible_values_are_refused_in_one_sentence(flags, hint):
    with pytest.raises(OptionsError, match=hint) as caught:
        parse(["--method", "pn-gan", *flags.split()])
    assert "\n" not in str(caught.value)


def test_perceptual_loss_without_its_file_is_refused(tmp_path):
    with pytest.raises(WeightsError, match="absent.h5.*vgg19_weights"):
        build("--perceptual_loss", "10", "--perceptual_weights", str(tmp_path / "absent.h5")).load_frozen()


@pytest.mark.parametrize("network", ["keras", "vgg19"])
def test_perceptual_loss_is_a_difference_of_features(tmp_path, network):
    path = tmp_path / "vgg19"
    graph = build_vgg(["relu1_2"])
    kernels, biases = ([ops.convert_to_numpy(layer.weights[i]) for layer in graph.layers[1:]] for i in range(2))
    if network == "keras":
        both = zip(graph.layers[1:], kernels, biases, strict=True)
        keras_h5.write(path, [(x.name, f"{x.name}_{i}:0", w) for x, *pair in both for i, w in enumerate(pair)], {})
    else:
        arrays = {f"features.{2 * i}.weight": kernel.transpose(3, 2, 0, 1).copy() for i, kernel in enumerate(kernels)}
        path.write_bytes(state_file(arrays | {f"features.{2 * i}.bias": bias for i, bias in enumerate(biases)}))
    flags = "--perceptual_loss", "3", "--perceptual_weights", str(path), "--perceptual_network", network
    method = build(*flags)
    assert not method.frozen
    method.load_frozen()
    assert len(method.frozen["vgg19"].weights) == 4

    inputs = method.inputs(tensors(people(1)))
    prepare, span = (torchvision_input, 1) if network == "vgg19" else (lambda x: vgg_input(x, "imagenet"), 57.375)
    pictures = [prepare(image) for image in (method.generate(inputs), inputs["target_image"])]
    maps = [ops.convert_to_numpy(keras.tree.flatten(graph(picture))[0]) for picture in pictures]
    _, terms, _ = method.generator_loss([inputs])
    expected = 3 * np.abs(maps[0] - maps[1]).mean() / span
    assert list(terms) == ["gan_loss", "idt_loss", "perceptual_loss"]
    assert float(ops.convert_to_numpy(terms["perceptual_loss"])) == pytest.approx(expected, rel=1e-4)


def test_families_decide_what_is_not_stated():
    config = parse("--method PNGAN --lr_decay 4 --l1_loss 2".split()).config
    assert (config.family, config.pose_maps, config.discriminator_real, config.flip_rate) == (
        ONE, "gaussian", "target", 0.5,
    )  # fmt: skip
    assert (config.mask_l1_loss, config.lambda_idt, config.lr_decay) == (10, 2, 4)
    config = parse("--method pn-gan --flip_rate 0.25".split()).config
    assert (config.pose_maps, config.discriminator_real, config.flip_rate) == ("picture", "source", 0.25)
    assert (config.mask_l1_loss, config.lambda_idt, config.lr_decay) == (0, 10, 10)


@pytest.mark.parametrize("family", ["authors", ONE])
def test_discriminator_sees_the_real_picture_that_is_asked_for(family):
    batch = people(2)
    losses = {}
    for real in ("source", "target"):
        method = build("--family", family, "--discriminator_real", real)
        inputs = method.inputs(tensors(batch))
        _, _, passed = method.generator_loss([inputs])
        _, terms = method.discriminator_loss([inputs | passed])
        losses[real] = {name: float(ops.convert_to_numpy(value)) for name, value in terms.items()}
        scores = ops.convert_to_numpy(method.scores(inputs[f"{real}_image"], inputs["source_image"]))
        weight = 1 if family == "authors" else 0.5
        assert losses[real]["true"] == pytest.approx(weight * np.mean((scores - 1) ** 2), rel=1e-4)
    assert losses["source"]["fake"] == pytest.approx(losses["target"]["fake"], rel=1e-5)
    assert losses["source"]["true"] != losses["target"]["true"]


def test_the_last_epoch_still_moves():
    flags = "--iterations_per_epoch 5 --number_of_epochs 8 --lr_decay 6 --learning_rate 1"
    falling = rates(build(*flags.split()), 9, 5)
    np.testing.assert_allclose(falling, [1] * 6 + [2 / 3, 1 / 3, 0], atol=1e-6)
    original = rates(build(*flags.split(), "--lr_schedule", "original", "--number_of_epochs", "20"), 20, 5)
    np.testing.assert_allclose(original, [1] * 6 + [1 - k / 6 for k in range(1, 6)] + [0] * 9, atol=1e-6)


def test_epochs_count_from_the_start_epoch():
    flags = "--iterations_per_epoch 5 --start_epoch 6 --number_of_epochs 2 --lr_decay 6 --learning_rate 1"
    np.testing.assert_allclose(rates(build(*flags.split()), 3, 5), [2 / 3, 1 / 3, 0], atol=1e-6)


def test_a_rate_without_schedule_is_a_number():
    assert build("--lr_schedule", "constant").stage.players[1].optimizer.learning_rate == 2e-4
    long = build("--number_of_epochs", "3", "--iterations_per_epoch", "2")
    np.testing.assert_allclose(rates(long, 3, 2), 2e-4, rtol=1e-6)


@pytest.mark.parametrize("family", ["authors", ONE, TWO])
def test_published_names_with_what_older_files_hold_beside(family):
    """A file of every tensor in PyTorch's layout fills the networks, statistics that nothing uses left aside."""
    method = build("--family", family)
    random = np.random.default_rng(0)
    for file, model in method.networks.items():
        assert method.foreign(file, "tensorflow") is None
        table = method.foreign(file, "torch")
        stored = {}
        for tensor in table.tensors:
            axes = (3, 2, 0, 1) if len(tensor.variable.shape) == 4 else (0,)
            shape = [tensor.variable.shape[axis] for axis in axes]
            stored[tensor.name] = random.normal(size=shape).astype("float32")
        stored["conv2.bn.running_mean"] = np.zeros(4, "float32")
        assert fill(table, stored, "file", file) == len(stored) - 1 == len(model.weights)
        kernel = ops.convert_to_numpy(model.get_layer("conv2").kernel)
        np.testing.assert_array_equal(kernel[1, 2, 0, 3], stored["conv2.conv.weight"][3, 0, 1, 2])
        del stored["conv2.conv.weight"]
        with pytest.raises(WeightsError, match="conv2.conv.weight"):
            fill(table, stored, "file", file)


@pytest.mark.parametrize("family", ["authors", TWO])
def test_decoding_after_the_last_block_is_generating(family):
    method = build("--family", family)
    inputs = method.inputs(tensors(people(2)))
    whole, first, last = (
        ops.convert_to_numpy(image)
        for image in (
            method.generate(inputs),
            method.generate_after_block(inputs, 0),
            method.generate_after_block(inputs, method.config.num_resblock - 1),
        )
    )
    np.testing.assert_allclose(last, whole, atol=1e-6)
    assert first.shape == whole.shape and np.abs(first - whole).max() > 1e-3


def test_each_initial_kernel_is_its_own():
    for family in ("authors", TWO):
        generator = build("--family", family).networks["generator"]
        kernels = [ops.convert_to_numpy(generator.get_layer(f"res{k}_conv{i}").kernel) for k in (2, 3) for i in (1, 2)]
        assert len({kernel.tobytes() for kernel in kernels}) == 4


def test_initial_weights_have_the_spread_of_the_programs():
    for family, network, name, bound in (
        ("authors", "generator", "res1_conv1", 1 / np.sqrt(9 * 64)),
        ("authors", "generator", "deconv3", 1 / np.sqrt(9 * 32)),
        ("authors", "discriminator", "conv2", 1 / np.sqrt(16 * 16)),
    ):
        model = build("--family", family, tiny=("--ngf", "16", "--ndf", "16", "--num_resblock", "1")).networks[network]
        values = np.abs(ops.convert_to_numpy(model.get_layer(name).kernel))
        assert 0.98 * bound < values.max() <= bound
    for network in build("--family", TWO, tiny=("--ngf", "16", "--ndf", "16")).networks.values():
        assert ops.convert_to_numpy(network.get_layer("conv2").kernel).std() == pytest.approx(0.02, rel=0.1)
