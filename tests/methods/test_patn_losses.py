"""PATN's losses, discriminators, pools and learning rates."""

import keras
import numpy as np
import pytest
from keras import ops

from pgig.errors import WeightsError
from pgig.losses import least_squares, logits
from pgig.losses.roi_style import part_style_loss
from tests.methods.small_patn import BARE, INSTANCE, build, built, generator_loss, inputs_of, number, rates, run, scores
from tests.weights.writing import state_file


@pytest.mark.parametrize(
    ("flags", "players"),
    [
        ((), ["generator", "discriminator_pp", "discriminator_pb"]),
        (("--with_D_PP", "0"), ["generator", "discriminator_pb"]),
        (("--with_D_PB", "0"), ["generator", "discriminator_pp"]),
        (("--with_D_PP", "0", "--with_D_PB", "0"), ["generator"]),
    ],
)
def test_discriminators_can_be_left_out(flags, players):
    method = build(*BARE, *flags, "--lambda_GAN", "6")
    assert [player.name for player in method.stage.players] == players
    assert set(method.networks) == set(method.files) == set(players)
    inputs = inputs_of(method)
    terms, generated = generator_loss(method, inputs)
    weight = 6 / max(1, len(players) - 1)
    for name in players[1:]:
        expected = logits.real_loss(scores(method, name, inputs, generated))
        assert terms[f"pair_GANloss_{name[-2:].upper()}"] == pytest.approx(weight * number(expected), rel=1e-4)
    assert len(terms) == len(players)


@pytest.mark.parametrize(("flags", "weight"), [(INSTANCE, 2.5), ((*INSTANCE, "--which_model_netG", "PATN_Fine"), 0.5)])
def test_discriminators_have_the_weight_of_the_adversarial_losses(flags, weight):
    method = build(*BARE, *flags, "--no_dropout_D", "1")
    inputs = inputs_of(method)
    _, generated = generator_loss(method, inputs)
    loss = method.stage.players[1].loss
    _, terms = run(method, lambda batch: loss([batch], training=True), inputs | {"generated": generated})
    for name, image, rule in (
        ("true", inputs["target_image"], least_squares.real_loss),
        ("fake", generated, least_squares.fake_loss),
    ):
        expected = rule(scores(method, "discriminator_pp", inputs, image))
        assert float(terms[name]) == pytest.approx(weight * number(expected), rel=1e-4)


def test_what_the_generator_shows_moves_the_averages_of_the_discriminators():
    method = build(*BARE)
    norm, inputs = method.networks["discriminator_pb"].get_layer("down1_norm"), inputs_of(method)
    before = ops.convert_to_numpy(norm.moving_mean).copy()
    generator_loss(method, inputs)
    np.testing.assert_array_equal(ops.convert_to_numpy(norm.moving_mean), before)
    generator_loss(method, inputs, training=True)
    assert (ops.convert_to_numpy(norm.moving_mean) != before).all()


def test_pools_are_used_while_training_alone():
    method = build(*BARE, "--pool_size", "3")
    assert list(method.memory) == ["pool_discriminator_pb", "pool_discriminator_pp"]
    inputs = inputs_of(method)
    _, generated = generator_loss(method, inputs)
    loss, pool = method.stage.players[1].loss, method.memory["pool_discriminator_pp"]
    for training, count in ((False, 0), (True, 2), (True, 3)):
        run(method, lambda b, training=training: loss([b], training=training), inputs | {"generated": generated})
        assert number(pool.count) == count
    stored = ops.convert_to_numpy(pool.pictures)[:2]
    expected = np.concatenate([generated, inputs["source_image"]], axis=-1)
    assert all(any(np.array_equal(picture, other) for other in expected) for picture in stored)
    assert built(*BARE).memory == {}


def vgg_file(path):
    """A file of torchvision's layout with the first two convolutions, of random numbers."""
    random = np.random.default_rng(0)
    shapes = {"0.weight": (64, 3, 3, 3), "0.bias": (64,), "2.weight": (64, 64, 3, 3), "2.bias": (64,)}
    arrays = {f"features.{name}": 0.1 * random.normal(size=shape) for name, shape in shapes.items()}
    path.write_bytes(state_file({name: array.astype("float32") for name, array in arrays.items()}))
    return str(path)


@pytest.mark.parametrize("absolute", [1, 0])
def test_perceptual_loss_is_a_difference_of_features(tmp_path, absolute):
    flags = ("--lambda_B", "3", "--percep_is_l1", str(absolute), "--perceptual_weights", vgg_file(tmp_path / "vgg.pth"))
    method = build(*flags)
    assert method.frozen == {}
    method.load_frozen()
    (vgg,) = method.frozen.values()
    inputs = inputs_of(method)
    terms, generated = generator_loss(method, inputs)
    mean, deviation = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])
    ours, theirs = (
        run(method, lambda batch: keras.tree.flatten(vgg(batch["x"]))[0], {"x": ((image + 1) / 2 - mean) / deviation})
        for image in (generated, inputs["target_image"])
    )
    difference = np.abs(ours - theirs) if absolute else np.square(ours - theirs)
    assert list(terms) == ["pair_GANloss_PB", "pair_GANloss_PP", "origin_L1", "perceptual"]
    assert terms["perceptual"] == pytest.approx(3 * difference.mean(), rel=1e-4)


def test_patn_fine_compares_the_styles_of_parts(tmp_path):
    flags = ("--which_model_netG", "PATN_Fine", "--lambda_style", "2", "--lambda_B", "0", "--image_size", "64,48")
    method = build(*flags, "--perceptual_weights", vgg_file(tmp_path / "vgg.pth"))
    method.load_frozen()
    inputs = inputs_of(method)
    terms, generated = generator_loss(method, inputs)
    assert list(terms) == ["pair_GANloss_PB", "pair_GANloss_PP", "origin_L1", "style"]

    def style(batch):
        ours, theirs = (method.features(batch[name])["relu1_2"] for name in ("generated", "target_image"))
        return part_style_loss(ours, theirs, batch["target_boxes"], method.size)

    expected = float(run(method, style, inputs | {"generated": generated}))
    assert terms["style"] == pytest.approx(2 * expected, rel=1e-4) and expected > 0


def test_a_loss_that_needs_features_wants_their_file(tmp_path):
    method = build("--perceptual_weights", str(tmp_path / "absent.pth"))
    with pytest.raises(WeightsError, match="absent.pth"):
        method.load_frozen()
    without = build("--lambda_B", "0", "--perceptual_weights", str(tmp_path / "absent.pth"))
    without.load_frozen()
    assert without.frozen == {}


# Learning rates ------------------------------------------------------------------------------------------------------


def test_the_rate_falls_to_nothing_in_the_last_epoch():
    flags = "--iterations_per_epoch 3 --niter 3 --niter_decay 3 --lr 1 --DG_ratio 2".split()
    expected = [1, 1, 3 / 4, 2 / 4, 1 / 4, 0, 0]
    for player in (0, 1):
        np.testing.assert_allclose(rates(built(*BARE, *flags), player, 7), expected, atol=1e-6)
    np.testing.assert_allclose(rates(build(*BARE, *flags, "--start_epoch", "2"), 0, 5), expected[2:], atol=1e-6)


def test_the_rate_falls_to_a_tenth():
    flags = "--iterations_per_epoch 3 --lr_policy step --lr_decay_iters 2 --lr 1 --DG_ratio 2".split()
    expected = [1, 1, 0.1, 0.1, 0.01, 0.01, 0.001]
    for player in (0, 1):
        np.testing.assert_allclose(rates(built(*BARE, *flags), player, 7), expected, rtol=1e-5)
    np.testing.assert_allclose(rates(build(*BARE, *flags, "--start_epoch", "3"), 0, 4), expected[3:], rtol=1e-5)
