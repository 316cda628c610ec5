"""`python -m pgig visuals`: a sheet for each pair and a page of all."""

from pathlib import Path

import numpy as np
from PIL import Image

from pgig.cli.options import parse
from pgig.data.pairs import read_pairs
from pgig.layouts.triptych import triptych_name
from pgig.train.step import build_method
from pgig.weights.networks import save_networks
from tests.conftest import NETWORK

COMMON = ("--dataset", "market", "--width", "0.0625")


def test_every_pair_gets_a_sheet(tiny, program, tmp_path):
    words = [*COMMON, "--warp_skip", "mask", "--generator_checkpoint", saved(tmp_path, "mask")]
    result = program("visuals", *words, "--test_limit", "2", "-o", "inside")
    assert result.code == 0, result.err
    names = [triptych_name(*pair) for pair in read_pairs("data/market-pairs-test.csv")[:2]]
    assert {path.name for path in Path("inside").iterdir()} == {*names, "index.html"}
    page = Path("inside/index.html").read_text(encoding="utf-8")
    assert [page.index(f'src="{name}"') for name in names] == sorted(page.index(f'src="{name}"') for name in names)
    for name, pair in zip(names, read_pairs("data/market-pairs-test.csv"), strict=False):
        sheet = np.asarray(Image.open(Path("inside", name)))[-128:]
        # source | target | generated | placed source | body parts
        assert sheet.shape == (128, 5 * 64, 3)
        for panel, picture in enumerate(pair):
            real = np.asarray(Image.open(f"data/market-dataset/test/{picture}"))
            np.testing.assert_array_equal(sheet[:, panel * 64 :][:, :64], real)
        assert len(np.unique(sheet[:, 256:].reshape(-1, 3), axis=0)) > 9
    assert "2 pictures and index.html: inside" in result.out


def test_a_method_without_pictures_of_its_inside_says_so(tiny, program, weights):
    words = ["--generator_checkpoint", weights["generator"], "-o", "inside"]
    assert "--method pose-gan shows nothing of its inside" in program("visuals", *NETWORK, *words).sentence
    assert "needs --generator_checkpoint" in program("visuals", *NETWORK, "-o", "inside").sentence
    assert not Path("inside").exists()


def saved(folder, skip):
    """Weight file of an untrained generator with these skip connections."""
    options = parse([*COMMON, "--warp_skip", skip])
    path = folder / "generator.h5"
    save_networks(build_method(options), "generator", path, options)
    return path
