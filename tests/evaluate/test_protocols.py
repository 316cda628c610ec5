"""Every protocol as a whole, on pictures of a size that it knows; metrics through networks are left out here."""

import json

import numpy as np
import pytest

from pgig.errors import DataError, OptionsError
from pgig.evaluate import protocols
from pgig.evaluate.networks import NETWORKS
from pgig.evaluate.prepare import STEPS
from pgig.evaluate.protocols import PROTOCOLS, find_protocol
from pgig.evaluate.scores import Scorer
from pgig.pretrained.catalogue import what_is_missing

COUNT = 5
NAMES = [(f"{i:04d}_c1.jpg", f"{i:04d}_c2.jpg") for i in range(COUNT)]


def pictures(size, seed=0):
    """Smooth pictures, slightly different ones, joints and mask pictures."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[: size[0], : size[1]] / max(size)
    waves = random.uniform(5, 30, (COUNT, 1, 1, 3))
    real = 127 + 120 * np.sin(waves * y[None, ..., None] + waves[..., ::-1] * x[None, ..., None])
    generated = np.clip(real + random.normal(0, 20, real.shape), 0, 255)
    keypoints = np.ones((COUNT, 18, 3), np.float32)
    keypoints[..., :2] = random.integers(0, size, (COUNT, 18, 2))
    masks = random.choice(np.array([0, 128, 255], np.uint8), (COUNT, *size))
    return real.astype(np.uint8), generated.astype(np.uint8), keypoints, masks


def score(protocol, arrays, names=NAMES, batch=COUNT):
    scorer = Scorer(protocol)
    for start in range(0, len(names), batch):
        run = slice(start, start + batch)
        scorer.add(names[run], *(array[run] for array in arrays))
    return scorer.result(), scorer.pair_scores()


def fits(protocol):
    return protocol.sizes[0] if protocol.sizes else (64, 48)


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_protocol_scores_whatever_the_batches_and_the_order(name):
    protocol = PROTOCOLS[name]
    arrays = pictures(fits(protocol))
    result, columns = score(protocol, arrays)
    computed = {metric.key for metric in protocol.metrics if metric.network is None}
    assert {key for key in result["metrics"] if result[key] is not None} == computed
    assert set(columns) == computed and all(np.isfinite(column).all() for column in columns.values())
    assert json.loads(json.dumps(result)) == result

    other, other_columns = score(protocol, arrays, batch=2)
    order = np.random.default_rng(1).permutation(COUNT)
    shuffled, shuffled_columns = score(protocol, [array[order] for array in arrays], [NAMES[i] for i in order])
    for key in computed:
        np.testing.assert_array_equal(other_columns[key], columns[key])
        np.testing.assert_array_equal(shuffled_columns[key], columns[key][order])
        assert other[key] == result[key] == pytest.approx(shuffled[key], rel=1e-12)


@pytest.mark.parametrize("name", PROTOCOLS)
def test_equal_pictures_are_perfect(name):
    protocol = PROTOCOLS[name]
    real, _, keypoints, masks = pictures(fits(protocol))
    result, _ = score(protocol, (real, real, keypoints, masks))
    for metric in protocol.metrics:
        if metric.network is None and metric.key.removeprefix("masked_") != "psnr":
            assert result[metric.key] == pytest.approx(1 if metric.better == "higher" else 0, abs=1e-12), metric.key
        if metric.key == "psnr":
            assert result["psnr"] is None and result["undefined"]["psnr"] == COUNT


def test_what_is_lacking_is_said_once():
    real, generated, _, _ = pictures((64, 48))
    scorer = Scorer(find_protocol("pg2"))
    scorer.add(NAMES, real, generated)
    (note,) = scorer.result()["notes"]
    assert note == "Not computed: mask SSIM, mask PSNR, mask L1. There are no mask pictures beside the targets."
    scorer = Scorer(find_protocol("standard"))
    scorer.add(NAMES, real, generated)
    (note,) = scorer.result()["notes"]
    assert note.startswith("Not computed: mask SSIM, SSIM in mask. The joints of the target pictures")


def test_the_parts_of_a_protocol_exist():
    for protocol in PROTOCOLS.values():
        keys = [metric.key for metric in protocol.metrics]
        assert len(set(keys)) == len(keys) and not set(keys) & {"protocol", "pairs", "notes", "metrics", "versions"}
        for metric in protocol.metrics:
            assert metric.network is None or metric.network in NETWORKS
            assert set(metric.prepare) <= set(STEPS) and metric.better in ("higher", "lower")
        assert set(protocol.steps()) <= set(STEPS)
    for ways in NETWORKS.values():
        for keys, _, _ in ways:
            for key in keys:
                what_is_missing(key)


def test_pictures_that_are_jpeg_already_are_not_sent_through_another_file():
    protocol = find_protocol("patn-market")
    assert protocol.steps() == ("jpeg-75",) and protocol.steps(from_jpeg=True) == ()
    real, generated, keypoints, _ = pictures((128, 64))
    stored = STEPS["jpeg-75"].pixels
    sent, _ = score(protocol, (real, generated, keypoints))
    scorer = Scorer(protocol, from_jpeg=True)
    scorer.add(NAMES, stored(real), stored(generated), keypoints)
    assert scorer.result()["ssim"] == sent["ssim"]


def test_a_published_pair_list_is_recognised():
    assert protocols.POSE_GAN.publishes(protocols.MARKET_PAIRS) and not protocols.POSE_GAN.publishes("0" * 64)


def test_names_and_sizes():
    assert find_protocol("posegan") is find_protocol("pose-gan") is find_protocol("POSE_GAN")
    with pytest.raises(OptionsError, match="'patn' is not known: choose one of pose-gan, patn-market"):
        find_protocol("patn")
    with pytest.raises(DataError, match="128x128 pixels .* protocol gfla is for 128x64 or 256x256"):
        find_protocol("gfla").require_size((128, 128))
