"""Weight files against the options of a run: stages, options that come to the same, impossible ones."""

import json

import h5py
import numpy as np
import pytest

from pgig.cli.options import parse
from pgig.errors import OptionsError, WeightsError
from pgig.utils.files import sha256
from pgig.weights.keras_h5 import OUR_ATTRIBUTE, read_config
from pgig.weights.networks import (
    adopt_all,
    adopt_options,
    load_checkpoints,
    load_networks,
    save_networks,
    weight_hashes,
)
from tests.weights.writing import checkpoint, write_files

SMALL = ["--image_size", "32,16", "--conv_hidden_num", "2", "--z_num", "2", "--disc_hidden_num", "2"]


def build(*more, stage="1"):
    options = parse(["--method", "pg2", "--stage", stage, *SMALL, *more])
    return options.method.load()(options.shared, options.config, options.data.image_size, options.stage), options


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """Path of a weight file of the first stage."""
    path = tmp_path_factory.mktemp("first") / "generator.h5"
    method, options = build()
    save_networks(method, "generator", path, options)
    return path


def states(path, target, **changes):
    """A copy of a weight file that states other options."""
    target.write_bytes(path.read_bytes())
    config = read_config(path)
    config["options"] |= changes
    with h5py.File(target, "r+") as file:
        file.attrs[OUR_ATTRIBUTE] = np.bytes_(json.dumps(config))
    return target


def test_a_file_that_the_stage_has_no_use_for_is_refused(first):
    for flag in ("stage1", "discriminator"):
        method, options = build(f"--{flag}_checkpoint", str(first))
        with pytest.raises(OptionsError, match=f"--{flag}_checkpoint has no effect in --stage 1 of --method pg2"):
            load_checkpoints(method, options)


def test_options_that_come_to_the_same_are_no_contradiction(first):
    # What --family authors says of the padding.
    method, options = build("--padding", "same")
    assert load_networks(method, "generator", first, options)[1] == ["generator1"]
    method, options = build("--padding", "symmetric")
    with pytest.raises(WeightsError, match="padding same instead of symmetric"):
        load_networks(method, "generator", first, options)


@pytest.mark.parametrize(
    "changes",
    [
        {"conv_hidden_num": "2"}, {"conv_hidden_num": [2]}, {"conv_hidden_num": True}, {"conv_hidden_num": None},
        {"z_num": -2}, {"padding": "none"}, {"family": {}}, {"repeat_num": 1.5},
    ],
)  # fmt: skip
def test_impossible_options_are_one_sentence(first, tmp_path, changes):
    path = states(first, tmp_path / "x.h5", **changes)
    with pytest.raises(WeightsError, match="impossible") as caught:
        adopt_options(parse(["--method", "pg2", "--image_size", "32,16"]), path)
    assert "\n" not in str(caught.value) and str(path) in str(caught.value)
    method, options = build()
    with pytest.raises(WeightsError, match="impossible"):
        load_networks(method, "generator", path, options)


def test_files_that_cannot_be_used_together(first, tmp_path):
    other = states(first, tmp_path / "x.h5", conv_hidden_num=4, z_num=2)
    words = ["--method", "pg2", "--image_size", "32,16", f"--stage1_checkpoint={first}"]
    assert adopt_all(parse([*words, f"--generator_checkpoint={first}"])).config.conv_hidden_num == 2
    with pytest.raises(
        WeightsError, match="generator_checkpoint was trained with --conv_hidden_num 4, that of --stage1"
    ):
        adopt_all(parse([*words, f"--generator_checkpoint={other}"]))


def test_a_file_that_says_no_stage_is_taken_for_the_first_with_a_word(tmp_path, capsys):
    path = str(write_files(tmp_path / "model.ckpt-0", checkpoint({"a": np.zeros(2, np.float32)})))
    for words, said in ([], True), (["--stage", "1"], False), (["--stage", "2"], False):
        options = parse(["--method", "pg2", *words])
        assert adopt_options(options, path) == options
        assert ("does not say its stage" in capsys.readouterr().out) == said


def test_weights_are_known_by_the_files_that_make_the_pictures(first, tmp_path):
    method, options = build(stage="2")
    for file in method.kept:
        save_networks(method, file, tmp_path / f"{file}.h5", options)
    words = [f"--{file}_checkpoint={tmp_path / file}.h5" for file in method.kept]
    _, named = build(*words, f"--stage1_checkpoint={first}", stage="2")
    assert weight_hashes(method, named) == {
        "weights": sha256(tmp_path / "generator.h5"), "stage1_weights": sha256(first)
    }  # fmt: skip
    prefix = write_files(tmp_path / "model.ckpt-0", checkpoint({"a": np.zeros(2, np.float32)}))
    _, named = build(f"--generator_checkpoint={prefix}", stage="2")
    assert weight_hashes(method, named) == {"weights": sha256(f"{prefix}.index")}
