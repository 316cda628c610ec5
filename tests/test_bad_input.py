"""A user's mistake ends every program with one sentence, exit code 2, and nothing half-written."""

import json
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image

from pgig.data.pairs import read_pairs, write_pairs
from pgig.weights import keras_h5
from tests.conftest import NETWORK, RUN, file_size_limit, files, match

TRAIN = "data/market-annotation-train.csv"
PAIRS = "data/market-pairs-train.csv"
FIRST = Path("data/market-dataset/train/0001_c0.jpg")
ONES = json.dumps([5] * 18)


def replace_row(text):
    """Put a line in the place of the first row of the training annotations."""
    lines = Path(TRAIN).read_text().splitlines()
    lines[1] = text
    Path(TRAIN).write_text("\n".join(lines) + "\n")


# The data set ------------------------------------------------------------------------------------------------------


def no_folders():
    shutil.rmtree("data/market-dataset")


def no_table():
    Path(TRAIN).unlink()


def no_header():
    Path(TRAIN).write_text(Path(TRAIN).read_text().split("\n", 1)[1])


def too_many_columns():
    replace_row(f"0001_c0.jpg:{ONES}:{ONES}:{ONES}")


def too_few_joints():
    replace_row("0001_c0.jpg:[1, 2, 3]:[1, 2, 3]")


def no_json():
    replace_row(f"0001_c0.jpg:[1, 2, 3:{ONES}")


def joint_outside():
    replace_row(f"0001_c0.jpg:{json.dumps([5] * 17 + [128])}:{ONES}")


def unreadable():
    FIRST.write_bytes(b"no picture")


def cut_short():
    FIRST.write_bytes(FIRST.read_bytes()[:-500])


def other_size():
    Image.new("RGB", (64, 120)).save(FIRST)


def unknown_name():
    write_pairs(PAIRS, [("0001_c0.jpg", "0009_c9.jpg"), *read_pairs(PAIRS)])


def no_pairs():
    Path(PAIRS).unlink()


def too_few_pairs():
    write_pairs(PAIRS, read_pairs(PAIRS)[:1])


DATA = [
    (no_folders, "market is not here: neither data/market-dataset/train nor"),
    (no_table, "annotation-train.csv cannot be read"),
    (no_header, "header"),
    (too_many_columns, "line 2"),
    (too_few_joints, "line 2"),
    (no_json, "line 2"),
    (joint_outside, "outside the picture of 128 x 64"),
    (unreadable, "0001_c0.jpg is not a readable"),
    (cut_short, "0001_c0.jpg is a damaged picture"),
    (other_size, "0001_c0.jpg is 120 x 64 pixels .* but 128 x 64"),
    (unknown_name, "names 0009_c9.jpg, but no annotation"),
    (no_pairs, "pairs-train.csv cannot be read .* create_pairs_dataset.py"),
    (too_few_pairs, "1 pair, fewer than one batch of 2"),
]


@pytest.mark.parametrize(("damage", "sentence"), DATA, ids=[damage.__name__ for damage, _ in DATA])
def test_a_broken_data_set(tiny, program, damage, sentence):
    damage()
    before = files()
    assert match(sentence, program("train", *NETWORK, *RUN).sentence)
    assert program("check", "--dataset", "market", "--batch_size", "2").sentence
    assert files() == before


def test_a_broken_picture_that_is_met_while_records_are_made(tiny, program):
    Path("data/market-dataset/test/0003_c2.jpg").write_bytes(b"no picture")
    before = files()
    assert match("0003_c2.jpg is not a readable", program("train", *NETWORK, *RUN).sentence)
    assert files() == before


@pytest.mark.parametrize("damage", [no_folders, no_table, joint_outside], ids=lambda damage: damage.__name__)
def test_a_broken_data_set_stops_test_too(tiny, program, weights, damage):
    damage()
    assert program("test", *NETWORK, "--generator_checkpoint", weights["generator"]).sentence
    assert not Path("output").exists()


def test_a_background_is_missing(tiny, program):
    flags = ("--use_bg", "1", "--disc_type", "call")
    assert match("needs a background for every target", program("train", *NETWORK, *RUN, *flags).sentence)


def test_damaged_records(tiny, program):
    assert program("train", *NETWORK, *RUN, "--number_of_epochs", "0").code == 0
    shard = Path("data/market-records/00000.tfrecord")
    whole = shard.read_bytes()
    data = bytearray(whole)
    data[len(data) // 2 :] = bytes(len(data) - len(data) // 2)
    shard.write_bytes(data)
    assert match("00000.tfrecord (is|has)", program("train", *NETWORK, *RUN).sentence)

    # A file that is cut short differs in size from what is noted of it: the records are made anew.
    shard.write_bytes(whole[:-100])
    assert program("train", *NETWORK, *RUN, "--number_of_epochs", "0").code == 0
    assert shard.read_bytes() == whole


# Weight files ------------------------------------------------------------------------------------------------------


def foreign(path, change):
    """Write a file as of another program: without our mark, with its tensors changed."""
    entries = [(name.split("/", 1)[0], name, change(array)) for name, array in keras_h5.read(path)[0]]
    keras_h5.write("foreign.h5", entries, {})
    with h5py.File("foreign.h5", "r+") as file:
        del file.attrs[keras_h5.OUR_ATTRIBUTE]
    return "foreign.h5"


def missing(weights):
    return "nowhere.h5"


def garbage(weights):
    Path("garbage.h5").write_bytes(np.random.default_rng(0).bytes(1000))
    return "garbage.h5"


def half(weights):
    data = weights["generator"].read_bytes()
    Path("half.h5").write_bytes(data[: len(data) // 2])
    return "half.h5"


def other_network(weights):
    return weights["discriminator"]


def other_shapes(weights):
    return foreign(weights["generator"], lambda array: np.zeros((*array.shape[:-1], array.shape[-1] + 1)))


def not_finite(weights):
    return foreign(weights["generator"], lambda array: np.full_like(array, np.nan))


WEIGHTS = [
    (missing, "nowhere.h5 does not exist"),
    (garbage, "garbage.h5 is of another kind: give a Keras .h5 file"),
    (half, "half.h5 cannot be read"),
    (other_network, "holds the discriminator, but the generator was expected"),
    (other_shapes, "foreign.h5 does not fit this generator"),
    (not_finite, "not finite"),
]


@pytest.mark.parametrize(("file", "sentence"), WEIGHTS, ids=[file.__name__ for file, _ in WEIGHTS])
@pytest.mark.parametrize("name", ["train", "test"])
def test_a_wrong_weight_file(tiny, program, weights, name, file, sentence):
    path = file(weights)
    before = files()
    words = [*NETWORK, *(RUN if name == "train" else ()), "--generator_checkpoint", path]
    assert match(sentence, program(name, *words).sentence)
    assert files() == before


OTHER_NETWORKS = [("--warp_skip", "mask"), ("--width", "0.125"), ("--numerics", "modern")]


@pytest.mark.parametrize("flags", OTHER_NETWORKS, ids=" ".join)
@pytest.mark.parametrize("name", ["train", "test"])
def test_a_weight_file_of_other_flags(tiny, program, weights, name, flags):
    words = [*NETWORK, *flags, *(RUN if name == "train" else ()), "--generator_checkpoint", weights["generator"]]
    sentence = program(name, *words).sentence
    assert "was trained with other flags" in sentence and flags[0].removeprefix("--") in sentence


def test_test_without_a_weight_file(tiny, program):
    assert "needs --generator_checkpoint" in program("test", *NETWORK).sentence


def test_the_weights_of_the_content_loss_are_missing(tiny, program, monkeypatch):
    monkeypatch.delenv("PGIG_VGG19", raising=False)
    for variable in ("KERAS_HOME", "PGIG_WEIGHTS", "XDG_CACHE_HOME"):
        monkeypatch.setenv(variable, str(tiny))
    before = files()
    sentence = program("train", *NETWORK, *RUN, "--content_loss_layer", "block1_conv2").sentence
    assert "--perceptual_weights" in sentence and "vgg19_weights" in sentence
    assert files() == before


def test_a_layer_that_vgg19_does_not_have(tiny, program):
    assert "block1_conv2" in program("train", *NETWORK, *RUN, "--content_loss_layer", "block1_conv9").sentence


def test_the_pose_estimator_is_missing(tiny, program):
    sentence = program("train", *NETWORK, *RUN, "--lstruct_penalty_weight", "1").sentence
    assert "pose_estimator.h5 does not exist" in sentence


# Flags -------------------------------------------------------------------------------------------------------------

FLAGS = [
    "--disc_type sim --use_input_pose 0",
    "--disc_type warp --warp_skip none",
    "--disc_type warp --warp_skip mask --use_bg 1",
    "--disc_type sim --use_bg 1",
    "--nn_loss_area_size 2",
    "--batch_size 0",
    "--dataset fashion",
    "--warp_skp mask",
    "--image_size 128x64",
]


@pytest.mark.parametrize("flags", FLAGS)
def test_flags_that_do_not_go_together(tiny, program, flags):
    assert program("train", *NETWORK, *RUN, *flags.split()).sentence


def test_pictures_of_a_size_that_the_networks_cannot_halve(tiny, program):
    for path in Path("data/market-dataset").rglob("*.jpg"):
        Image.new("RGB", (72, 136)).save(path)
    sentence = program("train", *NETWORK, *RUN, "--image_size", "136,72").sentence
    assert "multiple of 64" in sentence


# Folders and disks -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flag", ["--checkpoints_dir", "--output_dir"])
def test_a_folder_that_cannot_be_written(tiny, program, flag):
    Path("file").touch()
    before = files()
    sentence = program("train", *NETWORK, *RUN, flag, "file/folder").sentence
    assert "cannot be written" in sentence and "file/folder" in sentence
    assert {path for path in files() if "records" not in str(path)} == set(before)


def test_the_pictures_of_test_cannot_be_written(tiny, program, weights):
    Path("file").touch()
    words = [*NETWORK, "--generator_checkpoint", weights["generator"], "--generated_images_dir"]
    assert "cannot be written" in program("test", *words, "file").sentence
    with file_size_limit(10_000):
        assert "No space is left" in program("test", *words, "generated", "--use_records", "0").sentence
    assert files("generated") == {}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("size", "what"), [(40_000, "out/"), (1_500_000, "step-00000004")]
)
def test_a_full_disk_keeps_the_state_before(trained_folder, program, size, what):
    before = files("run")
    words = [*NETWORK, *RUN, "--number_of_epochs", "2"]
    with file_size_limit(size):
        sentence = program("train", *words).sentence
    assert "No space is left on the device" in sentence and what in sentence
    after = files("run")
    assert before.items() <= after.items()
    assert not [path for path in (*after, *files("out")) if path.name.startswith(".")]

    result = program("train", *words)
    assert result.code == 0 and "Going on from epoch 1" in result.out
    assert Path("run/epoch_001_generator.h5").exists()


# Numbers -----------------------------------------------------------------------------------------------------------


def test_a_loss_that_is_not_finite_keeps_the_last_good_state(tiny, program):
    # The first updates make huge weights; without an adversarial term nothing notices in that iteration.
    words = [*NETWORK, *RUN, "--learning_rate", "1e30", "--gan_penalty_weight", "0", "--state_interval", "0"]
    sentence = program("train", *words).sentence
    assert match("not finite|no longer finite", sentence) and "the last good state, run/state/step-" in sentence
    *_, newest = sorted(Path("run/state").iterdir())
    assert str(newest) in sentence and not list(Path("run").glob("*.h5"))
    with np.load(newest / "arrays.npz") as arrays:
        assert all(np.isfinite(arrays[name]).all() for name in arrays.files)
    # The same command loads it and comes to the same end.
    again = program("train", *words)
    assert again.sentence == sentence and "Going on from epoch 0" in again.out


def test_huge_weights_are_no_traceback(tiny, program, weights):
    path = foreign(weights["generator"], lambda array: np.full_like(array, 3e38))
    sentence = program("train", *NETWORK, *RUN, "--generator_checkpoint", path).sentence
    assert "not finite" in sentence
    assert not list(Path("run").rglob("*.*"))
