"""What a training run leaves behind, and when."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pgig.cli.options import parse
from pgig.train.run import FREE
from pgig.utils.locks import alone_in
from pgig.weights import keras_h5
from tests.conftest import NETWORK, RUN

LOSSES = {"loss", "gan_loss", "l1_loss", "tv_loss", "lstruct"}


def names(folder, pattern):
    return sorted(path.name for path in Path(folder).glob(pattern))


def pixels(path):
    return np.asarray(Image.open(path))


@pytest.mark.slow
def test_files_of_a_run(tiny, program):
    words = ["--number_of_epochs", "3", "--checkpoint_ratio", "2", "--start_epoch", "10", "--use_validation", "1"]
    result = program("train", *NETWORK, *RUN, *words)
    assert result.code == 0, result.err

    # Weight files after the epochs whose number + 1 is a multiple of the ratio, and after the last.
    assert names("run", "*.h5") == [
        f"epoch_{epoch:03d}_{network}.h5" for epoch in (11, 12) for network in ("discriminator", "generator")
    ]
    # Grids before each epoch, and after the last: four columns, a row for each pair of a batch.
    assert names("out", "*.png") == [f"epoch_{epoch:03d}.png" for epoch in (10, 11, 12, 13)]
    for path in Path("out").glob("*.png"):
        assert pixels(path).shape == (2 * 128, 4 * 64, 3)
    targets = [pixels(f"out/epoch_{epoch:03d}.png")[:, 128:192] for epoch in (10, 11)]
    assert not np.array_equal(*targets), "every grid shows the next batch"

    lines = [json.loads(line) for line in Path("out/stats.jsonl").read_text().splitlines()]
    assert [(line["epoch"], line["step"]) for line in lines] == [(10, 2), (11, 4), (12, 6)]
    assert [set(line["generator"]) for line in lines] == [LOSSES] * 3
    assert [set(line["discriminator"]) for line in lines] == [{"loss", "true", "fake"}] * 3
    assert ["validation" in line for line in lines] == [False, True, False]
    assert set(lines[1]["validation"]) == LOSSES
    assert all(line["pairs_per_second"] > 0 for line in lines)

    config = json.loads(Path("out/config.json").read_text())
    assert config["batch_size"] == 2 and config["warp_skip"] == "none" and config["image_size"] == [128, 64]
    assert {"backend", "versions", "command"} <= set(json.loads(Path("out/environment.json").read_text()))
    assert "Deformable GAN on market" in Path("out/report.html").read_text()

    # The original's lines, in its order.
    assert re.search(r"Number of images: 9\nNumber of pairs train: 12\nNumber of pairs test: 6\n", result.out)
    pattern = r"Epoch: 11\nGenerator loss = \S+; gan_loss = \S+; l1_loss = \S+; tv_loss = \S+; lstruct = \S+\nDisc"
    assert re.search(pattern, result.out)


def test_a_weight_file_holds_the_state_after_its_epoch(trained_folder):
    with np.load("run/state/step-00000002/arrays.npz") as arrays:
        kernel = arrays["network/generator/000/kernel"]
    (_, stored), *_ = keras_h5.read("run/epoch_000_generator.h5")[0]
    assert np.array_equal(stored, kernel)


def test_a_longer_run_goes_on_and_a_complete_one_says_so(trained_folder, program):
    assert "This run is complete: 1 epoch is" in program("train", *NETWORK, *RUN).out
    result = program("train", *NETWORK, *RUN, "--number_of_epochs", "2")
    assert "Going on from epoch 1, iteration 0" in result.out
    assert names("run", "*_generator.h5") == ["epoch_000_generator.h5", "epoch_001_generator.h5"]


@pytest.mark.slow
def test_validation_is_the_mean_over_the_test_pairs(tiny, program):
    """With a learning rate of 0, any two validations agree, and so does one with another batch size."""
    common = [*NETWORK, *RUN, "--learning_rate", "0", "--use_validation", "1"]
    values = []
    for size, folder in (("2", "a"), ("3", "b")):
        words = ["--batch_size", size, "--checkpoints_dir", folder, "--output_dir", f"{folder}-out"]
        assert program("train", *common, *words).code == 0
        (line,) = Path(f"{folder}-out/stats.jsonl").read_text().splitlines()
        values.append(json.loads(line)["validation"])
    assert values[0] == pytest.approx(values[1], rel=1e-4)
    assert values[0]["loss"] == pytest.approx(values[0]["gan_loss"] + values[0]["l1_loss"], rel=1e-5)


def test_weights_can_be_the_start_of_another_run(tiny, program, weights):
    words = [f"--{network}_checkpoint={path}" for network, path in weights.items()]
    result = program("train", *NETWORK, *RUN, *words, "--learning_rate", "0")
    assert result.code == 0
    assert result.out.count("weights of this package") == 2
    first, again = (keras_h5.read(path)[0] for path in (weights["generator"], "run/epoch_000_generator.h5"))
    for (_, a), (_, b) in zip(first, again, strict=True):
        assert np.array_equal(a, b)


def test_every_free_option_exists():
    assert FREE <= set(parse([]).flat())


def test_a_second_training_in_the_same_folder_is_refused(tiny, program):
    Path("run").mkdir()
    Path("run/.writing-half").write_text("of the first one")
    with alone_in("run", lambda: pytest.fail("held already")):
        sentence = program("train", *NETWORK, *RUN).sentence
        assert sentence.startswith("Another training writes to run: ")
        assert names("run", ".*") == [".writing-half"] and not names("out", "*")
