"""GFLA: what options decide and refuse, terms of the losses, the warped source, pictures of the inside."""

import functools

import numpy as np
import pytest
from keras import ops

from pgig.cli.options import parse
from pgig.errors import OptionsError
from pgig.losses import hinge, least_squares
from pgig.losses.affine_fit import affine_regularisation
from pgig.losses.correctness import sampling_correctness
from pgig.losses.perceptual import Vgg19
from pgig.methods.gfla.config import GflaConfig
from pgig.methods.gfla.method import CONTENT, STYLE
from pgig.train.step import build_method
from pgig.weights.networks import load_checkpoints, save_networks
from tests.methods.conformance import array, on_tensors, people
from tests.pretrained.vgg_files import random_vgg, write_torchvision

MARKET, FASHION = (128, 64), (256, 256)
TINY = (
    "--ngf", "4", "--img_f", "8", "--flow_ngf", "4", "--flow_img_f", "8", "--ndf", "4", "--disc_img_f", "8",
    "--image_size", "64,32",
)  # fmt: skip
BARE = ("--lambda_correct", "0", "--lambda_content", "0", "--lambda_style", "0")


@functools.cache
def built(*flags):
    """(options, method) of tiny networks; for tests that change nothing of it."""
    options = parse(["--method", "gfla", *TINY, *flags])
    return options, build_method(options)


@functools.cache
def inputs_of(*flags):
    _, method = built(*flags)
    return on_tensors(method, method.inputs)(people(2, method.size))


def terms_of(method, loss, inputs):
    _, terms, *_ = on_tensors(method, lambda batch: loss([batch], training=False))(inputs)
    return {name: float(array(value)) for name, value in terms.items()}


# Options -----------------------------------------------------------------------------------------------------------


def test_published_command_lines():
    options = parse("--method gfla --attn_layer=2,3 --kernel_size=2=5,3=3 --angle=-3,4.5".split())
    assert options.config.attn_layers_of(MARKET) == (2, 3)
    assert options.config.kernel_sizes_of(MARKET) == {2: 5, 3: 3}
    assert options.augment == ((-3.0, 4.5), (-5.0, 5.0), (0.95, 1.05))
    assert parse(["--method", "pose"]).stage == "full" and parse(["--method", "poseflownet"]).stage == "flow"


def test_defaults_by_size_and_stage():
    config = GflaConfig()
    assert (config.attn_layers_of(MARKET), config.attn_layers_of(FASHION)) == ((2,), (2, 3))
    assert (config.kernel_sizes_of(MARKET), config.kernel_sizes_of(FASHION)) == ({2: 3}, {2: 5, 3: 3})
    assert [config.value("disc_blocks", size) for size in (MARKET, FASHION)] == [3, 4]
    assert [config.value("flow_encoders", size) for size in (FASHION, (256, 176))] == [5, 4]
    assert config.augment(MARKET) and config.augment(FASHION) is None
    weights = ("lambda_correct", "lambda_regularization")
    assert [[config.weight(name, stage) for name in weights] for stage in ("flow", "full")] == [[20, 0.01], [5, 0.0025]]
    assert GflaConfig(lambda_correct=3.0).weight("lambda_correct", "flow") == 3


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"attn_layer": ""}, "--attn_layer ''"),
        ({"attn_layer": "2;3"}, "for example 2,3"),
        ({"attn_layer": "٢"}, "numbers of layers"),
        ({"attn_layer": "0,2"}, "from 1 on"),
        ({"attn_layer": "2,2"}, "each layer once"),
        ({"kernel_size": "2:5"}, "2=5,3=3"),
        ({"kernel_size": "2=5,2=3"}, "two sides"),
        ({"kernel_size": "2=1"}, "from 2 to 15"),
        ({"angle": "5"}, "--angle '5' must be two numbers"),
        ({"shift": "5,-5"}, "the smaller one first"),
        ({"scale": "0,1"}, "from 0.1 to 10"),
        ({"scale": "nan,1"}, "two numbers"),
        ({"lambda_style": -1.0}, "--lambda_style -1.0"),
        ({"lambda_correct": float("nan")}, "--lambda_correct nan"),
        ({"lr": 0.0}, "--lr 0.0 must be above 0"),
        ({"ngf": 0}, "--ngf 0 must be from 1"),
        ({"disc_blocks": 20_000}, "--disc_blocks 20000"),
        ({"flow_encoders": 1}, "--flow_encoders 1 must be from 2"),
    ],
)
def test_what_cannot_be_is_refused(values, message):
    with pytest.raises(OptionsError) as error:
        GflaConfig(**values)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("values", "size", "message"),
    [
        ({"attn_layer": "2,3"}, MARKET, "--kernel_size 2=3 has no side for layer 3"),
        ({"attn_layer": "4", "kernel_size": "4=3"}, MARKET, "there are 1 to 3"),
        ({"attn_layer": "3", "kernel_size": "3=9"}, MARKET, "8 pixels narrow"),
        ({}, (130, 70), "multiple of 16"),
        ({"flow_encoders": 5}, (256, 176), "multiple of 32"),
    ],
)
def test_what_does_not_fit_the_pictures_is_refused(values, size, message):
    with pytest.raises(OptionsError) as error:
        GflaConfig(**values).require_size(size)
    assert message in str(error.value)


def test_lists_that_say_the_same_are_the_same():
    ours, theirs = GflaConfig(), GflaConfig(attn_layer="3,2", kernel_size="3=3,2=5")
    for name in ("attn_layer", "kernel_size"):
        assert ours.value(name, FASHION) == theirs.value(name, FASHION)


@pytest.mark.parametrize("stage", ["flow", "full"])
def test_without_any_loss_nothing_is_built(stage):
    off = ("--lambda_regularization", "0", "--lambda_rec", "0", "--lambda_g", "0")
    with pytest.raises(OptionsError, match=f"Every loss of --stage {stage} is off: give one of --lambda_correct"):
        build_method(parse(["--method", "gfla", "--stage", stage, *TINY, *BARE, *off]))


def test_vgg19_has_no_map_for_deep_layers():
    flags = ("--layers", "5", "--flow_encoders", "6", "--attn_layer", "5", "--kernel_size", "5=2")
    method = build_method(parse(["--method", "gfla", *TINY, "--image_size", "128,64", *flags]))
    with pytest.raises(OptionsError, match="none beyond layer 4: leave layer 5 out, or give --lambda_correct 0"):
        method.load_frozen()


# Losses ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def features(tmp_path_factory):
    """All maps that losses look at, of random weights."""
    path = write_torchvision(tmp_path_factory.mktemp("vgg") / "vgg19.pth", "vgg19", random_vgg("vgg19"))
    return Vgg19(sorted({*CONTENT, *STYLE}), path, normalise=False)


def test_weights_of_nought_leave_terms_out_and_need_no_file():
    flags = ("--stage", "full", *BARE, "--lambda_regularization", "0", "--lambda_rec", "0")
    _, method = built(*flags)
    method.load_frozen()
    assert method.frozen == {} and list(terms_of(method, method.generator_loss, inputs_of(*flags))) == ["ad"]


def test_files_are_needed_as_far_as_losses_look():
    assert built("--stage", "flow")[1]._feature_names() == ["relu3_1"]
    assert built("--stage", "full", "--lambda_style", "0")[1]._feature_names() == sorted(CONTENT)
    two = ("--attn_layer", "2,3", "--kernel_size", "2=3,3=3")
    assert built("--stage", "flow", *two)[1]._feature_names() == ["relu3_1", "relu4_1"]


def test_terms_of_the_flow(features):
    _, method = built("--stage", "flow")
    inputs = inputs_of("--stage", "flow")
    method.features = features
    terms = terms_of(method, method.flow_loss, inputs)
    fields = on_tensors(method, method.fields)(inputs)
    maps = [features(inputs[f"{side}_image"], ["relu3_1"])["relu3_1"] for side in ("target", "source")]
    assert terms["correctness"] == pytest.approx(20 * float(sampling_correctness(*maps, fields["flow2"])), rel=1e-4)
    expected = 0.01 * float(affine_regularisation(fields["flow2"], 3))
    assert terms["regularization"] == pytest.approx(expected, rel=1e-3, abs=1e-9)


@pytest.mark.parametrize("mode", ["lsgan", "hinge"])
def test_adversarial_losses(mode):
    flags = ("--stage", "full", *BARE, "--gan_mode", mode)
    _, method = built(*flags)
    inputs = inputs_of(*flags)
    network = method.networks["discriminator"]

    def scores(inputs):
        return {"real": network(inputs["target_image"]), "fake": network(method.generate(inputs))}

    found = on_tensors(method, scores)(inputs)
    if mode == "hinge":
        expected = [hinge.discriminator_real(found["real"]), hinge.discriminator_fake(found["fake"])]
        adversarial = hinge.generator(found["fake"])
    else:
        expected = [least_squares.real_loss(found["real"]), least_squares.fake_loss(found["fake"])]
        adversarial = least_squares.real_loss(found["fake"])
    terms = terms_of(method, method.discriminator_loss, inputs)
    assert list(terms.values()) == pytest.approx([0.5 * float(value) for value in expected], rel=1e-4)
    ad = terms_of(method, method.generator_loss, inputs)["ad"]
    assert ad == pytest.approx(2 * float(adversarial), rel=1e-4, abs=1e-6)


# Pictures and files ------------------------------------------------------------------------------------------------


def test_the_source_is_read_where_the_flow_points():
    _, method = built("--stage", "flow")
    image = np.random.default_rng(0).uniform(-1, 1, (1, 64, 32, 3)).astype("float32")
    # One pixel of layer 2 to the right and two down: four and eight of the picture.
    flow = np.broadcast_to(np.float32([1, 2]), (1, 16, 8, 2))
    warped = array(method.warped(ops.convert_to_tensor(image), {"flow2": ops.convert_to_tensor(flow)}))
    np.testing.assert_allclose(warped[:, :-8, :-4], image[:, 8:, 4:], atol=1e-6)
    np.testing.assert_allclose(warped[:, -8:, -4:], np.broadcast_to(image[:, -1:, -1:], (1, 8, 4, 3)), atol=1e-6)


def test_visuals_by_stage():
    two = ("--attn_layer", "2,3", "--kernel_size", "2=3,3=3")
    inside = {stage: list(built("--stage", stage, *two)[1].visuals(inputs_of("--stage", stage, *two)))
              for stage in ("flow", "full")}  # fmt: skip
    assert inside["flow"] == ["warped source", "flow 8x4", "mask 8x4", "flow 16x8", "mask 16x8"]
    assert inside["full"] == [
        "warped source", "flow 8x4", "mask 8x4", "attention 8x4", "attended 8x4", "flow 16x8", "mask 16x8",
        "attention 16x8", "attended 16x8",
    ]  # fmt: skip


def test_the_full_stage_begins_with_the_flow_of_the_first(tmp_path):
    options, first = built("--stage", "flow", "--seed", "3")
    save_networks(first, "generator", tmp_path / "flow.h5", options)
    options = parse(["--method", "gfla", "--stage", "full", *TINY, "--flow_checkpoint", str(tmp_path / "flow.h5")])
    full = build_method(options)
    load_checkpoints(full, options, full.stage.needs)
    pairs = zip(first.networks["flow"].weights, full.networks["flow"].weights, strict=True)
    assert all(np.array_equal(array(ours), array(theirs)) for ours, theirs in pairs)
    with pytest.raises(OptionsError, match="--flow_checkpoint FILE"):
        load_checkpoints(full, parse(["--method", "gfla", "--stage", "full", *TINY]), full.stage.needs)
