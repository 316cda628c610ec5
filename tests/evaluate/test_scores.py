import csv
import hashlib
import json

import numpy as np
import pytest

from pgig.errors import DataError
from pgig.evaluate import scores
from pgig.evaluate.baselines import mean_picture
from pgig.evaluate.networks import Networks
from pgig.metrics.inception_score import inception_score
from pgig.metrics.l1 import l1
from pgig.metrics.masks import ma_mask
from pgig.metrics.ssim import ssim

SIZE, COUNT = (32, 24), 23
NAMES = [(f"{i}.jpg", f"{i + 1}.jpg") for i in range(COUNT)]


@pytest.fixture
def pairs():
    generator = np.random.default_rng(0)
    target, generated = generator.integers(0, 256, (2, COUNT, *SIZE, 3)).astype(np.uint8)
    keypoints = np.ones((COUNT, 18, 3), np.float32)
    keypoints[..., :2] = generator.integers(0, SIZE, (COUNT, 18, 2))
    return target, generated, keypoints


def batches(pairs, size):
    for start in range(0, COUNT, size):
        run = slice(start, start + size)
        yield NAMES[run], *(array[run] for array in pairs)


class MeanColours:
    """A network of three features, the mean colours; its classes are their shares."""

    fingerprint = "mean-colours-1"

    def __call__(self, pixels):
        return pixels.reshape(len(pixels), -1, 3).mean(axis=1)

    def probabilities(self, features):
        return (features + 1) / (features + 1).sum(axis=1, keepdims=True)


def classifier(pixels):
    return MeanColours().probabilities(MeanColours()(pixels))


@pytest.fixture
def networks(monkeypatch, tmp_path):
    """Networks of which one is at hand, whatever weights this computer has."""
    monkeypatch.setenv("PGIG_WEIGHTS", str(tmp_path / "no-weights"))
    return Networks(loaded={"inception-2015": MeanColours()})


def test_scores_are_those_of_the_metrics_for_any_batch_size(pairs, networks):
    target, generated, keypoints = pairs
    mask = ma_mask(keypoints, SIZE)
    for size in (1, 4, COUNT):
        result, each = scores.score_pictures(batches(pairs, size), networks=networks)
        np.testing.assert_array_equal(each["ssim"], ssim(target, generated))
        np.testing.assert_array_equal(each["masked_ssim"], ssim(target, generated, mask))
        np.testing.assert_array_equal(each["l1"], l1(target, generated))
        assert result["ssim"] == pytest.approx(ssim(target, generated).mean(), abs=1e-12)
        assert result["inception_score"] == pytest.approx(inception_score(classifier(generated)))
        masked = classifier(generated * mask[..., None])
        assert result["masked_inception_score"] == pytest.approx(inception_score(masked))
        assert (result["protocol"], result["pairs"], result["pair_list"]) == ("pose-gan", COUNT, "own")
        assert len(result["notes"]) == 1 and result["notes"][0].startswith("Not computed: DS. ")


def test_undefined_scores_are_counted_and_left_out(pairs):
    target, generated, keypoints = pairs
    generated[3] = 9
    result, each = scores.score_pictures(batches(pairs, 5))
    assert np.flatnonzero(np.isnan(each["ssim"])).tolist() == [3]
    assert result["undefined"]["ssim"] == 1 and result["undefined"]["l1"] == 0
    assert result["ssim"] == pytest.approx(np.nanmean(each["ssim"]))
    assert result["inception_score"] is None


def test_files_state_what_was_scored(pairs, tmp_path):
    scorer = scores.Scorer()
    for batch in batches(pairs, 6):
        scorer.add(*batch)
    scorer.write(tmp_path, checkpoint="x.h5")
    result = json.loads((tmp_path / "scores.json").read_text())
    lines = "".join(f"{i}.jpg,{i + 1}.jpg\n" for i in range(COUNT))
    assert result["pairs_sha256"] == hashlib.sha256(lines.encode()).hexdigest()
    assert result["checkpoint"] == "x.h5" and result["notes"] == []
    settings = {metric["key"]: metric for metric in result["protocol_settings"]["metrics"]}
    assert settings["ssim"]["variant_settings"]["taps"] == 13 and settings["masked_ssim"]["mask"] == "body"
    assert result["metrics"]["l1"] == {"title": "L1", "better": "lower", "kind": "pair", "columns": ["l1"]}
    rows = list(csv.DictReader((tmp_path / "scores.csv").read_text().splitlines()))
    assert [(row["from"], row["to"]) for row in rows] == NAMES
    assert [float(row["l1"]) for row in rows] == scorer.pair_scores()["l1"].tolist()
    assert scores.summary_line(result).startswith("Inception score = None, masked = None; SSIM score = 0.")


def test_too_few_pictures_for_an_inception_score_are_noted(pairs, networks):
    result, _ = scores.score_pictures([next(batches(pairs, 5))], networks=networks)
    assert result["inception_score"] is None
    assert sum("5 pictures" in note for note in result["notes"]) == 1


def test_baselines(pairs):
    target, source, keypoints = pairs
    _, each = scores.score_pictures([(NAMES, target, source, keypoints)])
    np.testing.assert_array_equal(each["l1"], l1(target, source))

    mean = mean_picture([target[:4], target[4:]])
    np.testing.assert_array_equal(mean, np.rint(target.astype(float).mean(axis=0)))
    _, each = scores.score_pictures([(NAMES, target, np.broadcast_to(mean, target.shape), keypoints)])
    np.testing.assert_array_equal(each["l1"], l1(target, np.stack([mean] * COUNT)))


def test_nothing_to_score_is_said():
    with pytest.raises(DataError, match="nothing to score"):
        scores.Scorer().result()
    with pytest.raises(DataError, match="training pairs is empty"):
        mean_picture([])
