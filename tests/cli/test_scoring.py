"""`test.py`: pictures, scores, report; what changes the scores and what must not."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pgig.data.pairs import read_pairs
from tests.conftest import NETWORK

PAIRS = "data/market-pairs-test.csv"
SCORES = ("ssim", "masked_ssim", "l1")


@pytest.fixture
def score(tiny, program, weights):
    """`score(folder, *words)` runs test.py into a folder and returns its `Result` and its scores.json."""

    def run(folder, *words):
        common = ["--generator_checkpoint", weights["generator"], "--generated_images_dir", folder]
        result = program("test", *NETWORK, *common, *words)
        assert result.code == 0, result.err
        return result, json.loads(Path(folder, "scores.json").read_text())

    return run


def values(scores):
    return {name: scores[name] for name in SCORES}


def pictures(folder):
    return {path.name: np.asarray(Image.open(path)) for path in sorted(Path(folder).glob("*.png"))}


def test_what_it_leaves_behind(score, weights):
    result, scores = score("generated")
    pairs = read_pairs(PAIRS)
    found = pictures("generated")
    assert set(found) == {f"{source}_{target}.png" for source, target in pairs}
    for source, target in pairs:
        picture = found[f"{source}_{target}.png"]
        assert picture.shape == (128, 3 * 64, 3)
        for name, panel in ((source, picture[:, :64]), (target, picture[:, 64:128])):
            assert np.array_equal(panel, np.asarray(Image.open(f"data/market-dataset/test/{name}")))

    with open("generated/scores.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["from"], row["to"]) for row in rows] == pairs
    for name in SCORES:
        assert np.mean([float(row[name]) for row in rows]) == pytest.approx(scores[name])
    assert scores["pairs"] == len(pairs) == 6
    assert scores["dataset"] == "market" and len(scores["checkpoint_sha256"]) == 64
    assert set(scores["baselines"]) == {"source copied", "mean of training targets"}
    assert "<html" in Path("generated/report.html").read_text()

    for line in ("source copied", "mean of training targets", "generated"):
        assert line in result.out
    assert f"SSIM score = {scores['ssim']}, masked = {scores['masked_ssim']}; l1 score = {scores['l1']}" in result.out
    assert scores["inception_score"] is None and "--inception_weights" in result.out


def test_the_baselines_are_what_they_are_called(score):
    """Computed again here from the picture files alone."""
    _, scores = score("generated")

    def opened(split):
        pairs = read_pairs(f"data/market-pairs-{split}.csv")
        return pairs, lambda name: np.asarray(Image.open(f"data/market-dataset/{split}/{name}"), np.float64)

    train_pairs, train = opened("train")
    mean = np.rint(np.mean([train(name) for name in sorted({target for _, target in train_pairs})], axis=0))
    test_pairs, test = opened("test")
    guesses = {"source copied": lambda source: test(source), "mean of training targets": lambda source: mean}
    for name, guess in guesses.items():
        expected = np.mean([2 * np.abs(test(target) - guess(source)).mean() / 255 for source, target in test_pairs])
        assert scores["baselines"][name]["l1"] == pytest.approx(expected, rel=1e-9), name


def test_the_pictures_give_the_scores_again(score):
    _, fresh = score("generated")
    _, loaded = score("generated", "--load_generated_images", "1", "--test_batch_size", "4")
    assert values(loaded) == pytest.approx(values(fresh), rel=1e-12)
    assert loaded["baselines"].keys() == fresh["baselines"].keys()
    for name, baseline in fresh["baselines"].items():
        assert values(loaded["baselines"][name]) == pytest.approx(values(baseline), rel=1e-12)


def test_scores_do_not_depend_on_the_batches(score):
    _, together = score("a")
    _, single = score("b", "--test_batch_size", "1")
    # Convolutions of other batch sizes round differently: a byte of a picture may differ by one.
    assert values(together) == pytest.approx(values(single), rel=1e-4)
    for one, other in zip(pictures("a").values(), pictures("b").values(), strict=True):
        assert np.abs(one.astype(int) - other).max() <= 1


def test_a_test_is_repeated_to_the_bit_and_dropout_changes_it(score):
    for folder, words in (("a", ()), ("b", ()), ("c", ("--use_dropout_test", "1")), ("d", ("--use_dropout_test", "1"))):
        score(folder, *words)
    a, b, c, d = (pictures(folder) for folder in "abcd")
    assert all(np.array_equal(a[name], b[name]) for name in a)
    assert all(np.array_equal(c[name], d[name]) for name in a)
    assert not any(np.array_equal(a[name], c[name]) for name in a)


def test_a_limit_takes_the_first_pairs(score):
    _, scores = score("generated", "--test_limit", "4")
    assert scores["pairs"] == len(pictures("generated")) == 4


def test_without_training_pairs_there_is_no_mean_baseline(score):
    Path("data/market-pairs-train.csv").unlink()
    result, scores = score("generated")
    assert set(scores["baselines"]) == {"source copied"}
    assert "No baseline from the mean" in result.out


def test_nothing_to_load(tiny, program):
    words = ["--load_generated_images", "1", "--generated_images_dir"]
    assert "There is no folder nowhere" in program("test", *NETWORK, *words, "nowhere").sentence
    Path("empty").mkdir()
    assert "holds no PNG" in program("test", *NETWORK, *words, "empty").sentence
    Image.new("RGB", (192, 128)).save("empty/0009_c0.jpg_0009_c1.jpg.png")
    assert "0009_c0.jpg, but no annotation" in program("test", *NETWORK, *words, "empty").sentence
