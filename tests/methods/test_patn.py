"""PATN: sizes of the networks, what options decide, initial weights, published files, pictures of the inside."""

import keras
import numpy as np
import pytest
from keras import ops

from pgig.cli.options import parse
from pgig.errors import OptionsError, WeightsError
from pgig.methods.patn import networks as nets
from pgig.methods.patn.config import PatnConfig
from pgig.weights.foreign import fill, read_foreign
from tests.methods.conformance import people
from tests.methods.small_patn import BARE, INSTANCE, build, built, inputs_of, run
from tests.weights.writing import legacy_file, state_file

# Networks and options ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("norm", "counts"),
    [("batch", (41_365_763, 3_977_408, 3_930_368)), ("instance", (41_358_019, 3_975_424, 3_928_384))],
)
def test_parameters_are_as_many_as_published(norm, counts):
    config, size = PatnConfig(norm=norm), (128, 64)
    models = [nets.build_generator(config, size), *(nets.build_discriminator(config, size, n) for n in nets.CONDITIONS)]
    for model, count in zip(models, counts, strict=True):
        averages = [weight for weight in model.weights if weight.name.startswith("moving")]
        assert model.count_params() - sum(int(np.prod(weight.shape)) for weight in averages) == count
        assert not averages or norm == "batch"
    # The map of verdicts keeps its channels.
    assert models[1].output_shape == (None, 32, 16, 256)
    three = nets.build_discriminator(PatnConfig(D_n_downsampling=3), size, "discriminator_pp")
    assert three.output_shape == (None, 16, 8, 256)


def test_what_the_picture_size_decides():
    names = ("norm", "pose_maps", "no_lsgan", "lambda_A", "lambda_B", "pool_size")
    config = PatnConfig()
    assert [config.value(name, (128, 64)) for name in names] == ["batch", "gaussian", 1, 10, 10, 50]
    assert [config.value(name, (256, 176)) for name in names] == ["instance", "point", 0, 1, 1, 0]
    config = PatnConfig(norm="batch", pool_size=7, lambda_B=0.0, no_lsgan=0)
    assert [config.value(name, (256, 176)) for name in names] == ["batch", "point", 0, 1, 0, 7]
    assert (config.value("n_blocks", (128, 64)), config.discriminator_norm((128, 64))) == (9, "batch")


def test_patn_fine_has_defaults_of_its_own():
    options = parse("--method PATN_Fine --image_size 256,176".split())
    config, size = options.config, options.data.image_size
    assert options.shared.batch_size == 4 and config.fine
    names = ("n_blocks", "no_lsgan", "lambda_A", "lambda_B", "pool_size", "pose_maps")
    assert [config.value(name, size) for name in names] == [6, 1, 1, 1, 0, "point"]
    assert config.discriminator_norm((128, 64)) == "instance"
    assert parse("--method PATN_Fine --which_model_netD resnet".split()).config.discriminator_norm((128, 64)) == "batch"


REFUSED = [
    ("--n_blocks 0", "n_blocks"),
    ("--pool_size -1", "pool_size"),
    ("--D_n_downsampling 4", "D_n_downsampling"),
    ("--lambda_A nan", "lambda_A"),
    ("--lambda_GAN -1", "lambda_GAN"),
    ("--lr 0", "--lr 0.0"),
    ("--beta1 1", "beta1"),
    ("--perceptual_layers 2", "perceptual_layers"),
    ("--n_layers -1", "n_layers_D"),
    ("--niter_decay -1", "niter_decay"),
]


@pytest.mark.parametrize(("flags", "hint"), REFUSED)
def test_impossible_values_are_refused_in_one_sentence(flags, hint):
    with pytest.raises(OptionsError, match=hint) as caught:
        parse(["--method", "patn", *flags.split()])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("size", "flags"), [("30,16", ""), ("4,4", ""), ("20,12", "--D_n_downsampling 3")])
def test_sizes_that_do_not_fit_are_refused_in_a_sentence(size, flags):
    with pytest.raises(OptionsError, match=r"(\d+) x (\d+) pixels .* multiple of [48] and at least (8|16)\.$"):
        build("--image_size", size, *flags.split())


def test_the_smallest_size_fits():
    method = build("--image_size", "8,8", *INSTANCE, *BARE)
    assert run(method, method.generate, inputs_of(method)).shape == (2, 8, 8, 3)


def test_every_loss_off_is_refused():
    with pytest.raises(OptionsError, match="lambda_A"):
        build("--lambda_A", "0", *BARE, "--with_D_PP", "0", "--with_D_PB", "0")


def test_biases_that_normalisation_takes_away_are_not_trained():
    networks = built(*INSTANCE, *BARE).networks
    for network in networks.values():
        for layer in network.layers:
            if getattr(layer, "bias", None) is not None:
                normalised = any(other.name == f"{layer.name}_norm" for other in network.layers)
                assert layer.bias.trainable != normalised, layer.name
    trained = {weight.path.split("/")[0] for weight in networks["generator"].trainable_weights if weight.name == "bias"}
    assert trained == {"att0_stream2_conv2", "att1_stream2_conv2", "stream1_up3"}


def test_dropout_is_off_while_generating_unless_it_is_asked_for():
    method = build(*BARE)
    inputs = inputs_of(method)
    quiet, still, drawn, anew = (
        run(method, lambda batch, training=training: method.generate(batch, training), inputs)
        for training in (False, False, True, True)
    )
    assert np.array_equal(quiet, still) and not np.array_equal(drawn, anew)
    for network in built(*BARE, "--no_dropout", "1", "--no_dropout_D", "1").networks.values():
        assert not any(isinstance(layer, keras.layers.Dropout) for layer in network.layers)


def test_initial_weights_have_the_spread_of_the_program():
    config = PatnConfig(ngf=8, ndf=8, n_blocks=1, n_layers_D=1)
    generator = nets.build_generator(config, (16, 8))
    gain = ops.convert_to_numpy(generator.get_layer("att0_stream1_conv1_norm").gamma)
    assert gain.mean() == pytest.approx(1, abs=0.02) and 0.01 < gain.std() < 0.03
    for name in ("att0_stream1_conv1", "stream1_up1"):
        assert ops.convert_to_numpy(generator.get_layer(name).kernel).std() == pytest.approx(0.02, rel=0.05)
    # The discriminators are left as PyTorch makes them.
    discriminator = nets.build_discriminator(config, (16, 8), "discriminator_pb")
    assert (ops.convert_to_numpy(discriminator.get_layer("down2_norm").gamma) == 1).all()
    for name, fan_in in (("down2", 9 * 8), ("block0_conv1", 9 * 32)):
        kernel = np.abs(ops.convert_to_numpy(discriminator.get_layer(name).kernel))
        assert 0.97 / np.sqrt(fan_in) < kernel.max() <= 1 / np.sqrt(fan_in)


def test_other_initial_weights():
    def kernels(way):
        image = keras.Input((4, 4, 64))
        model = keras.Model(image, nets.Parts("batch", way).up(image, 32, "up"))
        return ops.convert_to_numpy(model.get_layer("up").kernel)

    # PyTorch counts the inputs of a transposed kernel by the channels that it makes.
    assert kernels("xavier").std() == pytest.approx(0.02 * np.sqrt(2 / (9 * (32 + 64))), rel=0.05)
    assert kernels("kaiming").std() == pytest.approx(np.sqrt(2 / (9 * 32)), rel=0.05)
    flat = kernels("orthogonal").reshape(-1, 64)
    np.testing.assert_allclose(flat.T @ flat, np.eye(64), atol=1e-5)


# Files and pictures --------------------------------------------------------------------------------------------------


def stored_state(table):
    """Random arrays in PyTorch's layout for a table."""
    random = np.random.default_rng(0)
    shapes = {t.name: tuple(t.variable.shape) for t in table.tensors}
    shapes = {name: (*shape[:1:-1], *shape[:2]) if len(shape) == 4 else shape for name, shape in shapes.items()}
    return {name: random.normal(size=shape).astype("float32") for name, shape in shapes.items()}


@pytest.mark.parametrize("norm", ["batch", "instance"])
@pytest.mark.parametrize("layout", [legacy_file, None])
def test_published_names_with_what_files_hold_beside(norm, layout, tmp_path):
    """Files of PyTorch 0.3 have no numbers of updates, and statistics of instance normalisations that nobody used."""
    method = build("--norm", norm, *BARE)
    for file, model in method.networks.items():
        assert method.foreign(file, "tensorflow") is None
        table = method.foreign(file, "torch")
        stored = stored_state(table)
        beside = {"model.2.running_mean": np.zeros(2, "float32")} if norm == "instance" else {}
        if layout is None:
            beside["model.2.num_batches_tracked"] = np.zeros(1, "float32")
        path = tmp_path / f"{file}.pth"
        path.write_bytes(state_file(stored | beside, *([layout] if layout else [])))
        assert fill(table, read_foreign(path, "torch"), path, file) == len(model.weights)
        name = "model.stream1_down.1.weight" if file == "generator" else "model.1.weight"
        kernel = ops.convert_to_numpy(model.get_layer("stream1_down1" if file == "generator" else "down1").kernel)
        np.testing.assert_array_equal(kernel[1, 2, 0, 1], stored[name][1, 0, 1, 2])


def test_the_flag_of_dropout_says_how_a_file_counts():
    def names(*flags):
        method = built(*BARE, *flags)
        return {file: {t.name for t in method.foreign(file, "torch").tensors} for file in method.networks}

    given, without = names(), names("--no_dropout", "1", "--no_dropout_D", "1")
    for file, block in (("generator", "model.att.1.conv_block_stream1"), ("discriminator_pp", "model.10.conv_block")):
        assert {f"{block}.6.weight", f"{block}.7.running_var"} <= given[file]
        assert {f"{block}.5.weight", f"{block}.6.running_var"} <= without[file]
        assert f"{block}.7.weight" not in without[file] and f"{block}.5.weight" not in given[file]

    method = built(*BARE)
    other = built(*BARE, "--no_dropout", "1", "--no_dropout_D", "1").foreign("generator", "torch")
    with pytest.raises(WeightsError, match="stream1.7.weight.*Give the flags that the file was trained with"):
        fill(method.foreign("generator", "torch"), stored_state(other), "file", "generator")


def test_attention_is_the_mean_of_the_gates():
    method = built(*BARE)
    inputs = inputs_of(method)
    pictures = run(method, method.visuals, inputs)
    assert list(pictures) == ["attention 1", "attention 2"]
    generator = method.networks["generator"]
    gate = keras.Model(generator.input, generator.get_layer("att1_gate").output)
    mean = run(method, lambda batch: gate({name: batch[name] for name in generator.input}), inputs).mean(axis=-1)
    assert pictures["attention 2"].shape == (2, 4, 2, 3)
    for channel in range(3):
        np.testing.assert_allclose(pictures["attention 2"][..., channel], 2 * mean - 1, atol=1e-6)


def test_half_of_the_pairs_are_mirrored_where_it_is_asked_for():
    assert parse("--method patn".split()).flips == (0.0, "pair")
    assert parse("--method patn --use_flip 1".split()).flips == (0.5, "pair")


def test_points_and_gaussians_are_the_maps_of_the_joints():
    batch = people(1, (16, 8))
    for form in ("gaussian", "point"):
        method = built(*BARE, "--pose_maps", form)
        maps = run(method, method.inputs, batch)["target_pose"][0]
        y, x, visible = batch["target_keypoints"][0].T
        assert maps.shape == (16, 8, 18)
        for joint in range(18):
            assert maps[..., joint].max() == visible[joint]
            if visible[joint]:
                assert maps[int(y[joint]), int(x[joint]), joint] == 1
        assert ((maps > 0).sum(axis=(0, 1)) > 1).any() == (form == "gaussian")
