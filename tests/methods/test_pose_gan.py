"""The Deformable GAN: tables of the original's files, refused combinations, players, numerics."""

import json
from pathlib import Path

import numpy as np
import pytest
from keras import ops

from pgig.cli.options import parse
from pgig.errors import OptionsError

TABLES = json.loads((Path(__file__).parent / "deformable-gan-weights.json").read_text())["networks"]


def build(*flags, size=(128, 64)):
    options = parse(["--image_size", f"{size[0]},{size[1]}", *flags])
    return options.method.load()(options.shared, options.config, options.data.image_size)


def batch(size, count=2, seed=0):
    """A batch of noise pictures and poses in the picture, some joints missing."""
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 256, (3, count, *size, 3)).astype(np.uint8)
    places = random.integers(0, size, (2, count, 18, 2))
    visible = random.random((2, count, 18, 1)) > 0.2
    source, target = np.concatenate([places, visible], axis=-1).astype(np.float32)
    return {
        "source_pixels": pixels[0],
        "target_pixels": pixels[1],
        "target_background": pixels[2],
        "source_keypoints": source,
        "target_keypoints": target,
    }


@pytest.mark.parametrize("name", TABLES)
def test_order_and_shapes_are_those_of_the_originals_files(name):
    table = TABLES[name]
    _, skip, network, *disc = name.split("-")
    method = build("--warp_skip", skip, "--disc_type", disc[0] if disc else "call", size=table["image_size"])
    entries = method.own_order(network)
    expected = [(t["layer"], t["weight"], tuple(t["shape"])) for t in table["tensors"]]
    assert [(layer, weight, tuple(variable.shape)) for layer, weight, variable in entries] == expected
    assert sum(np.prod(shape) for _, _, shape in expected) == table["number_of_values"]


REFUSED = [
    ("--disc_type sim --use_input_pose 0", "--use_input_pose 1"),
    ("--disc_type warp --warp_skip mask --use_input_pose 0", "--use_input_pose 1"),
    ("--disc_type warp --warp_skip none", "mask"),
    ("--disc_type warp --warp_skip stn", "mask"),
    ("--disc_type warp --warp_skip full", "mask"),
    ("--use_bg 1 --disc_type sim", "call"),
    ("--nn_loss_area_size 4", "odd"),
    ("--width 0", "width"),
]


@pytest.mark.parametrize(("flags", "hint"), REFUSED)
def test_impossible_combinations_are_refused_in_one_sentence(flags, hint):
    with pytest.raises(OptionsError, match=hint) as caught:
        parse(flags.split())
    assert "\n" not in str(caught.value)


def test_pictures_that_cannot_be_halved_often_enough_are_refused():
    with pytest.raises(OptionsError, match="multiple"):
        build("--width", "0.1", size=(120, 60))


COMBINATIONS = [
    *(f"--warp_skip {skip} --disc_type {disc}" for skip in ("none", "full", "mask", "stn") for disc in ("call", "sim")),
    "--warp_skip mask --disc_type warp",
    "--warp_skip mask --warp_agg avg",
    "--warp_skip full --warp_agg avg",
    "--warp_skip mask --use_bg 1",
    "--warp_skip none --use_bg 1",
    "--warp_skip mask --use_input_pose 0",
    "--warp_skip none --use_input_pose 0 --pose_rep_type stickman",
    "--warp_skip mask --pose_rep_type stickman",
    "--warp_skip mask --numerics modern",
    "--warp_skip stn --numerics modern",
    "--warp_skip mask --disc_type warp --numerics modern --tv_penalty_weight 0.001",
]


@pytest.mark.parametrize("flags", COMBINATIONS)
def test_working_combinations_give_images_and_finite_losses(flags):
    method = build("--width", "0.0625", *flags.split())
    inputs = method.inputs({key: ops.convert_to_tensor(value) for key, value in batch((128, 64)).items()})
    image = ops.convert_to_numpy(method.generate(inputs))
    assert image.shape == (2, 128, 64, 3)
    assert np.abs(image).max() <= 1
    for player in method.stage.players:
        total, terms = player.loss([inputs] * player.batches, training=False)
        values = [float(ops.convert_to_numpy(value)) for value in (total, *terms.values())]
        assert np.isfinite(values).all()
        assert values[0] == pytest.approx(sum(values[1:]), rel=1e-5)
