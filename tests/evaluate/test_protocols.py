"""Every protocol as a whole, on pictures of a size that it knows; metrics through networks are left out here."""

import json
from dataclasses import replace

import numpy as np
import pytest

from pgig.data.pairs import pairs_hash
from pgig.errors import DataError, OptionsError
from pgig.evaluate import protocols
from pgig.evaluate.networks import NETWORKS
from pgig.evaluate.prepare import STEPS
from pgig.evaluate.protocols import PROTOCOLS, find_protocol
from pgig.evaluate.scores import Scorer
from pgig.metrics.l1 import l1
from pgig.metrics.masks import ma_mask
from pgig.metrics.ssim import ssim
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
    titles = "mask SSIM, mask PSNR, mask L1, mask L2"
    assert note == f"Not computed: {titles}. There are no mask pictures beside the targets."
    scorer = Scorer(find_protocol("standard"))
    scorer.add(NAMES, real, generated)
    (note,) = scorer.result()["notes"]
    assert note.startswith("Not computed: mask SSIM, SSIM in mask. The joints of the target pictures")


@pytest.mark.parametrize("name", ["pose-gan", "standard"])
def test_a_target_without_joints_has_no_masked_score(name):
    real, generated, keypoints, _ = pictures((64, 48))
    keypoints[2] = (-1, -1, 0)
    result, columns = score(find_protocol(name), (real, generated, keypoints))
    assert np.flatnonzero(np.isnan(columns["masked_ssim"])).tolist() == [2]
    assert result["undefined"]["masked_ssim"] == 1 and result["undefined"]["ssim"] == 0


def test_the_parts_of_a_protocol_exist():
    for protocol in PROTOCOLS.values():
        keys = [metric.key for metric in protocol.metrics]
        assert len(set(keys)) == len(keys) and not set(keys) & {"protocol", "pairs", "notes", "metrics", "versions"}
        for metric in protocol.metrics:
            assert metric.network is None or metric.network in NETWORKS
            assert set(metric.prepare) <= set(STEPS) and metric.better in ("higher", "lower")
        assert set(protocol.prepare + protocol.real_steps + protocol.real_resize[1:]) <= set(STEPS)
    for ways in NETWORKS.values():
        for keys, _, _ in ways:
            for key in keys:
                what_is_missing(key)


@pytest.mark.parametrize("done", [(True, True), (False, True), (False, False)])
def test_pictures_that_are_jpeg_already_are_not_sent_through_another_file(done):
    protocol = find_protocol("patn-market")
    real, generated, keypoints, _ = pictures((128, 64))
    stored = STEPS["jpeg-75"].pixels(real), STEPS["jpeg-75"].pixels(generated)
    expected = {"ssim": ssim(*stored), "masked_ssim": ssim(*stored, ma_mask(keypoints, (128, 64))), "l1": l1(*stored)}
    scorer = Scorer(protocol, from_jpeg=done)
    given = (after if known else before for before, after, known in zip((real, generated), stored, done, strict=True))
    scorer.add(NAMES, *given, keypoints)
    for key, values in scorer.pair_scores().items():
        np.testing.assert_array_equal(values, expected[key])


@pytest.mark.parametrize(("count", "kept"), [(0, 0), (5, 5), (63, 63), (64, 64), (127, 64), (130, 128)])
def test_a_last_incomplete_batch_is_lost_but_never_the_only_one(count, kept):
    (lpips,) = (metric for metric in find_protocol("gfla").metrics if metric.key == "lpips")
    assert lpips.kept(np.arange(count)).tolist() == list(range(kept))
    (ssim_metric,) = (metric for metric in find_protocol("gfla").metrics if metric.key == "ssim")
    assert len(ssim_metric.kept(np.arange(count))) == count


def test_a_published_pair_list_is_recognised_in_any_order():
    listed = [("b.jpg", "a.jpg"), ("a.jpg", "b.jpg")]
    lists = ((pairs_hash(listed), pairs_hash(sorted(listed))),)
    protocol = replace(protocols.POSE_GAN, pair_lists=lists)
    assert protocol.name_of_list(listed) == "published"
    assert protocol.name_of_list(listed[::-1]) == "published, in another order"
    assert protocol.name_of_list(listed[:1]) == "own"


def test_names_and_sizes():
    assert find_protocol("posegan") is find_protocol("pose-gan") is find_protocol("POSE_GAN")
    with pytest.raises(OptionsError, match="'patn' is not known: choose one of pose-gan, patn-market"):
        find_protocol("patn")
    with pytest.raises(DataError, match="128x128 pixels .* protocol gfla is for 128x64 or 256x256"):
        find_protocol("gfla").require_size((128, 128))
