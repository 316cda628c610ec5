"""`test.py` with the result files of other programs: it scores what is in them, and so does whoever reads them."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pgig.data.pairs import read_pairs
from tests.conftest import NETWORK

TEST = "data/market-dataset/test"


def scores_of(folder):
    scores = json.loads(Path(folder, "scores.json").read_text())
    return {key: scores[key] for key in scores["metrics"] if scores[key] is not None}, scores


@pytest.mark.parametrize(
    ("layout", "protocol", "reference"),
    [("strip5", "patn_market", None), ("single", "gfla", TEST)],
)
def test_scores_are_those_of_the_files(tiny, program, weights, monkeypatch, layout, protocol, reference):
    monkeypatch.setenv("PGIG_WEIGHTS", "nowhere")
    common = [*NETWORK, "--result_layout", layout, "--protocol", protocol, "--generated_images_dir", "made"]
    common += ["--test_limit", "4"]
    result = program("test", *common, "--generator_checkpoint", weights["generator"])
    assert result.code == 0, result.err
    fresh, told = scores_of("made")
    assert fresh
    assert len(list(Path("made").glob("*_vis.jpg"))) == 4 and Path("made/index.html").exists() == (layout == "strip5")

    # The same pictures once more: by test.py and by evaluate, told nothing but the folder.
    assert program("test", *common, "--load_generated_images", "1").code == 0
    loaded, retold = scores_of("made")
    assert loaded == pytest.approx(fresh, rel=1e-12)
    assert retold["baselines"].keys() == told["baselines"].keys()
    for name, values in told["baselines"].items():
        known = {key: value for key, value in values.items() if value is not None}
        assert {key: retold["baselines"][name][key] for key in known} == pytest.approx(known, rel=1e-12)
    words = ["--generated", "made", "--protocol", protocol, "--output", "out"]
    words += ["--annotations", "data/market-annotation-test.csv"]
    words += ["--reference", reference] if reference else []
    assert program("evaluate", *words).code == 0
    assert scores_of("out")[0] == pytest.approx(fresh, rel=1e-12)

    # Not those of the pictures before they were compressed.
    png = ["--result_format", "png", "--generated_images_dir", "exact"]
    assert program("test", *common, *png, "--generator_checkpoint", weights["generator"]).code == 0
    if layout == "single":
        assert scores_of("exact")[0]["l1"] != fresh["l1"]
    source, target = read_pairs("data/market-pairs-test.csv")[0]
    (path,) = Path("exact").glob(f"{Path(source).stem}*_{Path(target).stem}*_vis.png")
    panels = np.asarray(Image.open(path))
    assert panels.shape == (128, 64 * (5 if layout == "strip5" else 1), 3)


def test_folders_have_the_same_scores_everywhere(tiny, program, weights, monkeypatch):
    """The test folder of DPIG by its protocol: by the test that wrote it, by one that reads it, and by evaluate."""
    monkeypatch.setenv("PGIG_WEIGHTS", "nowhere")
    common = [*NETWORK, "--result_layout", "folders", "--protocol", "dpig", "--generated_images_dir", "made"]
    common += ["--test_limit", "4"]
    result = program("test", *common, "--generator_checkpoint", weights["generator"])
    assert result.code == 0, result.err
    fresh, told = scores_of("made")
    assert {"ssim", "psnr", "l1", "l2"} <= fresh.keys() and told["pictures"]["layout"] == "pg2"
    table = Path("made/scores.csv").read_text()
    pairs = read_pairs("data/market-pairs-test.csv")[:4]
    assert [tuple(row.split(",")[:2]) for row in table.splitlines()[1:]] == pairs

    assert program("test", *common, "--load_generated_images", "1").code == 0
    loaded, retold = scores_of("made")
    assert loaded == fresh and retold["baselines"] == told["baselines"]
    assert Path("made/scores.csv").read_text() == table

    assert program("evaluate", "--generated", "made", "--protocol", "dpig", "--output", "out").code == 0
    scored, retold = scores_of("out")
    assert {key: scored[key] for key in fresh} == fresh and "masked_ssim" in scored
    assert retold["pairs_sha256"] == told["pairs_sha256"]
    # As score_mask.py did, which took the masks of the source pictures.
    words = ["--masks", "made/mask", "--output", "other"]
    assert program("evaluate", "--generated", "made", "--protocol", "dpig", *words).code == 0
    other, _ = scores_of("other")
    assert other["ssim"] == scored["ssim"] and other["masked_l1"] != scored["masked_l1"]


def test_mistakes_are_told_before_networks_are_built(tiny, program, weights):
    words = ["--generator_checkpoint", weights["generator"], "--generated_images_dir", "made"]
    result = program("test", *NETWORK, *words, "--result_layout", "triptych", "--result_format", "jpg")
    assert "triptych has PNG" in result.sentence
    Path(TEST, "a_2_b.jpg").write_bytes(Path(TEST, "0003_c0.jpg").read_bytes())
    with open("data/market-annotation-test.csv") as table:
        row = table.read().splitlines()[-1]
    with open("data/market-annotation-test.csv", "a") as table:
        table.write("a_2_b.jpg:" + row.partition(":")[2] + "\n")
    Path("data/market-pairs-test.csv").write_text("from,to\n0003_c0.jpg,a_2_b.jpg\n")
    result = program("test", *NETWORK, *words, "--result_layout", "single")
    assert "may not hold _2_" in result.sentence and not Path("made").exists()
