"""Golden tests of the scores that the programs of PG2 print: score.py, score_mask.py, getMetrics_market.py, PCKh."""

import json

import numpy as np
import pytest

from pgig.metrics.inception_score import inception_score
from pgig.metrics.l1 import l1, l2
from pgig.metrics.masks import apply_mask
from pgig.metrics.pckh import pckh_counts, pckh_of_files
from pgig.metrics.psnr import psnr
from pgig.metrics.ssim import VARIANTS, ssim
from pgig.pose.files import write_annotations
from tests.golden.recipes import with_visible

EXACT, SOFTMAX_IN_FLOAT32 = 1e-9, 1e-6


@pytest.fixture(scope="module")
def metric_arrays(golden):
    with np.load(golden("metrics.npz", system="pg2")) as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def metric_pictures(metric_arrays):
    """Target and generated pictures (N, H, W, 3) uint8 and the masks (N, H, W) bool."""
    target, generated = metric_arrays["target"], metric_arrays["generated"]
    size = target.shape[1:3]
    mask = np.unpackbits(metric_arrays["mask"], axis=1, count=size[0] * size[1])
    return target, generated, mask.reshape(-1, *size).astype(bool)


@pytest.fixture(scope="module")
def pckh_poses(golden):
    """Target and predicted poses (N, 18, 3), and the N names."""
    table = json.loads(golden("pckh_keypoints.json", system="pg2").read_text())
    return *(with_visible(np.array(table[key])) for key in ("target", "predicted")), table["names"]


def near(values, expected, tolerance=EXACT):
    assert np.shape(values) == np.shape(expected)
    np.testing.assert_allclose(values, expected, rtol=0, atol=tolerance)


def pg2_columns(target, generated):
    """The columns of score.py: SSIM, PSNR, L1, L2."""
    scores = ssim(target, generated, variant=VARIANTS["S3"]), psnr(target, generated)
    return np.stack([*scores, l1(target, generated, span=255), l2(target, generated)], axis=1)


def test_score(metric_arrays, metric_pictures):
    target, generated, _ = metric_pictures
    near(pg2_columns(target, generated), metric_arrays["score_rgb__ssim_psnr_l1_l2"])


@pytest.mark.parametrize("picture", [False, True])
def test_score_mask(metric_arrays, metric_pictures, picture):
    """Once with truth values, once with the mask pictures 0 and 255 that the program reads."""
    target, generated, mask = metric_pictures
    mask = mask * np.uint8(255) if picture else mask
    near(
        pg2_columns(apply_mask(target, mask), apply_mask(generated, mask)),
        metric_arrays["score_mask__ssim_psnr_l1_l2"],
    )


def test_ssim_during_training(metric_arrays, metric_pictures):
    target, generated, _ = metric_pictures
    near(ssim(target, generated, variant=VARIANTS["S4"]), metric_arrays["generate_gray_ssim"])


def test_human_pose_transfer(metric_arrays, metric_pictures):
    target, generated, mask = metric_pictures
    near(l1(target, generated, span=2), metric_arrays["market__l1"])
    near(ssim(target, generated, variant=VARIANTS["S2"]), metric_arrays["market__ssim"])
    near(ssim(target, generated, mask, VARIANTS["S2"]), metric_arrays["market__masked_ssim"])


def test_inception_score(metric_arrays):
    logits = metric_arrays["is_logits_uint8"].astype(np.float32)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = powers / powers.sum(axis=1, keepdims=True)
    near(inception_score(probabilities), metric_arrays["is_mean_std"], SOFTMAX_IN_FLOAT32)


def test_pckh_of_poses(metric_arrays, pckh_poses):
    target, predicted, _ = pckh_poses
    assert [counts.sum() for counts in pckh_counts(target, predicted)] == metric_arrays["pckh_correct_total"].tolist()


def test_pckh_of_tables(metric_arrays, pckh_poses, tmp_path):
    target, predicted, names = pckh_poses
    write_annotations(tmp_path / "target.csv", names, target)
    write_annotations(tmp_path / "found.csv", [f"{name}___{name}_vis.jpg" for name in names], predicted)
    result = pckh_of_files(tmp_path / "target.csv", tmp_path / "found.csv")
    assert [result["correct"], result["total"]] == metric_arrays["pckh_correct_total"].tolist()


def test_every_array_of_metrics_is_compared(metric_arrays):
    inputs = {"target", "generated", "mask", "is_logits_uint8"}
    scores = {
        *("score_rgb__ssim_psnr_l1_l2", "score_mask__ssim_psnr_l1_l2", "generate_gray_ssim", "market__l1"),
        *("market__ssim", "market__masked_ssim", "is_mean_std", "pckh_correct_total"),
    }
    assert set(metric_arrays) == inputs | scores
