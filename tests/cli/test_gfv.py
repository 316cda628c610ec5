"""`python -m pgig gfv`: its flags; what it writes is tested beside `pgig.generate.features`."""

from pathlib import Path

import numpy as np
import pytest

from pgig.cli.gfv import gfv
from pgig.cli.options import parse
from pgig.errors import OptionsError
from pgig.train.step import build_method
from pgig.weights.networks import save_networks
from tests.conftest import make_dataset

SMALL = ("--conv_hidden_num", "2", "--z_num", "3", "--image_size", "32,16")


@pytest.fixture
def trained(tmp_path, monkeypatch):
    """Weight file of a new first stage, in a working directory with a data set."""
    monkeypatch.chdir(tmp_path)
    make_dataset(tmp_path, "market", (32, 16))
    options = parse(["--method", "pg2", *SMALL])
    save_networks(build_method(options), "generator", "generator.h5", options)
    return ["--generator_checkpoint", "generator.h5", "--image_size", "32,16"]


@pytest.mark.parametrize(("words", "count"), [([], 6), (["--method=pg2", "--split", "train", "-o", "z"], 12)])
def test_a_weight_file_is_all_that_it_needs(trained, words, count):
    gfv([*trained, *words])
    with np.load("z/train.npz" if words else "output/gfv/test.npz") as file:
        assert file["features"].shape == (count, 3)


def test_one_file_for_each_pair(trained):
    gfv([*trained, "--npy", "--generated_limit", "2"])
    assert len([*Path("output/gfv").glob("*___*_vis.npy")]) == 2


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--features", "all"], "--features"),
        (["--split", "query"], "--split"),
        (["--warp_skip", "mask"], "belongs to --method pose-gan"),
        ([], "pgig gfv needs --generator_checkpoint"),
    ],
)
def test_mistakes_are_one_sentence(trained, words, sentence):
    with pytest.raises(OptionsError, match=sentence):
        gfv([*words, "--image_size", "32,16"])


def test_help_answers(capsys):
    with pytest.raises(SystemExit):
        gfv(["--help"])
    text = capsys.readouterr().out
    assert "--npy" in text and "--conv_hidden_num" in text
