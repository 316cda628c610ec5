"""The published commands, as the method's card prints them, on a tiny data set in the original's layout."""

import json
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from pgig.pretrained.vgg19 import build_vgg
from tests.conftest import make_dataset

ROOT = Path(__file__).resolve().parents[1]
CARD = (ROOT / "pgig/methods/pose_gan/README.md").read_text()
COMMANDS = re.findall(r"^python train\.py (--output_dir .*)$", CARD, re.MULTILINE)
SHORT = "--number_of_epochs 1 --iterations_per_epoch 2"

# What was published: data set, experiment -> flags.
DSC = {"warp_skip": "mask", "l1_penalty_weight": "100", "batch_size": "4"}
FEATURES = DSC | {"l1_penalty_weight": "0.5", "content_loss_layer": "block2_conv1"}
FULL = DSC | {"l1_penalty_weight": "0.01", "content_loss_layer": "block1_conv2"}
PUBLISHED = {
    "market": {
        "baseline": DSC | {"warp_skip": "none"},
        "dsc": DSC,
        "full": FULL | {"nn_loss_area_size": "3"},
        "fm": FEATURES,
    },
    "fasion": {
        "baseline": DSC | {"warp_skip": "none"},
        "dsc": DSC,
        "full": FULL | {"nn_loss_area_size": "5", "batch_size": "2"},
        "fm": FEATURES,
    },
}


def flags(command):
    words = shlex.split(command)
    return {name.removeprefix("--"): value for name, value in zip(words[::2], words[1::2], strict=True)}


def test_the_card_prints_the_published_commands():
    expected = [
        {"dataset": dataset, "output_dir": f"output/{name}", "checkpoints_dir": f"output/{name}"}
        | {"number_of_epochs": "90"}
        | settings
        for dataset, experiments in PUBLISHED.items()
        for name, settings in experiments.items()
    ]
    assert [flags(command) for command in COMMANDS] == expected


@pytest.fixture(scope="module")
def vgg19(tmp_path_factory):
    """A weight file of VGG19 with random numbers, in the layout of Keras's published file."""
    path = tmp_path_factory.mktemp("vgg19") / "vgg19.h5"
    random = np.random.default_rng(0)
    model = build_vgg(["block5_pool"])
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = np.array([layer.name for layer in model.layers], "S")
        for layer in model.layers:
            group = file.create_group(layer.name)
            names = [f"{layer.name}_{letter}_1:0" for letter, _ in zip("Wb", layer.weights, strict=False)]
            group.attrs["weight_names"] = np.array(names, "S")
            for name, weight in zip(names, layer.weights, strict=True):
                group[name] = random.normal(0, 0.05, weight.shape).astype("float32")
    return path


@pytest.fixture
def work(tmp_path, monkeypatch, vgg19):
    """A working directory with both data sets."""
    make_dataset(tmp_path, "market", (128, 64))
    make_dataset(tmp_path, "fasion", (256, 256))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PGIG_VGG19", str(vgg19))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return tmp_path


def check_folder(folder):
    """Look for what a run of one epoch of two iterations leaves."""
    found = {path.name for path in Path(folder).iterdir()}
    weights = {f"epoch_000_{network}.h5" for network in ("generator", "discriminator")}
    records = {"stats.jsonl", "config.json", "environment.json", "report.html", "tensorboard", "state"}
    inside = {name for name in found if name.startswith("visuals_")}
    assert inside <= {"visuals_epoch_000.png", "visuals_epoch_001.png"}
    assert found == weights | records | inside | {"epoch_000.png", "epoch_001.png"}
    (line,) = Path(folder, "stats.jsonl").read_text().splitlines()
    line = json.loads(line)
    assert line["step"] == 2 and line["validation"]["loss"] > 0
    assert all(np.isfinite(value) for name in ("generator", "discriminator") for value in line[name].values())


# Full networks take up to a minute and 8 GB: one of the eight runs as it is, the others narrow. (The command of the
# front page below has full networks for the larger pictures.)
VERBATIM = COMMANDS[2]
NARROW = [command for command in COMMANDS if command != VERBATIM]


def experiment(command):
    return flags(command)["dataset"] + flags(command)["output_dir"].removeprefix("output")


@pytest.mark.slow
@pytest.mark.parametrize("command", NARROW, ids=experiment)
def test_a_published_command_with_narrow_networks(work, program, command):
    result = program("train", *shlex.split(f"{command} {SHORT} --width 0.0625"))
    assert result.code == 0, result.err
    check_folder(flags(command)["output_dir"])


@pytest.mark.slow
def test_a_published_command_verbatim(work):
    words = [sys.executable, str(ROOT / "train.py"), *shlex.split(f"{VERBATIM} {SHORT}")]
    result = subprocess.run(words, capture_output=True, text=True, timeout=600)
    assert result.returncode == 0, result.stderr
    check_folder(flags(VERBATIM)["output_dir"])


FRONT_PAGE = "--dataset fasion --warp_skip mask --l1_penalty_weight 0.01 --nn_loss_area_size 5"


@pytest.mark.slow
def test_the_training_command_of_the_front_page_ends_on_ctrl_c(work):
    words = [sys.executable, str(ROOT / "train.py"), *FRONT_PAGE.split()]
    with open("log.txt", "w+") as log:
        process = subprocess.Popen(words, stdout=log, stderr=subprocess.STDOUT)
        # The first grid is drawn after all the building, just before the first iteration.
        while process.poll() is None and not Path("output/displayed_samples/epoch_000.png").exists():
            time.sleep(0.1)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        code = process.wait(timeout=300)
        log.seek(0)
        output = log.read()
    assert code == 130, output
    assert output.strip().endswith("Stopped. The same command goes on from the saved state.")
    (state,) = Path("output/checkpoints/state").iterdir()
    assert json.loads((state / "state.json").read_text())["progress"]["iteration"] == int(state.name[-8:]) >= 1
    assert {path.name for path in state.iterdir()} == {"arrays.npz", "state.json", "SHA256SUMS"}


@pytest.mark.slow
def test_the_testing_command_of_the_front_page(work, program):
    """The weight file says what the flags of training were."""
    assert program("train", *f"{FRONT_PAGE} {SHORT} --width 0.0625 --use_validation 0".split()).code == 0
    weights = "output/checkpoints/epoch_000_generator.h5"
    result = program("test", "--dataset", "fasion", "--generator_checkpoint", weights)
    assert result.code == 0, result.err
    assert "SSIM score" in result.out
    assert len(list(Path("output/generated_images").glob("*.png"))) == 6
