"""Scores and keypoint decoding against the numbers of the original program."""

import json

import numpy as np
import pytest

from pgig.estimate.decode import decode, scales
from pgig.evaluate.scores import score_pictures
from pgig.evaluate.values import to_grid_pixels, to_image, to_pixels
from pgig.metrics.inception_score import inception_score
from pgig.metrics.l1 import l1
from pgig.metrics.masks import ma_mask
from pgig.metrics.ssim import ssim
from tests.golden.estimator_maps import estimator_maps


@pytest.fixture(scope="module")
def scores(golden):
    return np.load(golden("scores.npz"))


def keypoints_of(points):
    """(..., 18, 2) y, x with -1 for missing -> (..., 18, 3) y, x, visible."""
    visible = (points != -1).all(axis=-1, keepdims=True)
    return np.concatenate([points, visible], axis=-1).astype(np.float32)


def test_evaluation_masks(golden):
    poses = np.load(golden("pose.npz"))
    names = [key.removesuffix("_ma_mask_bits") for key in poses if key.endswith("_ma_mask_bits")]
    assert names
    for name in names:
        size = poses[f"{name}_draw_colors"].shape[1:3]
        expected = np.unpackbits(poses[f"{name}_ma_mask_bits"], axis=-1).reshape(-1, *size).astype(bool)
        mask = ma_mask(keypoints_of(poses[f"{name}_kp_to"]), size)
        assert (mask != expected).sum(axis=(1, 2)).max() <= 2


def test_ssim_and_l1(scores):
    reference, generated = scores["reference"], scores["generated"]
    mask = ma_mask(keypoints_of(scores["kp_to"]), reference.shape[1:3])
    masked_sums = (generated * mask[..., None]).sum(axis=(1, 2, 3), dtype=np.int64)
    np.testing.assert_array_equal(masked_sums, scores["generated_masked_sum"])
    np.testing.assert_allclose(ssim(reference, generated), scores["ssim_each"], rtol=0, atol=1e-9)
    np.testing.assert_allclose(ssim(reference, generated, mask), scores["mask_ssim_each"], rtol=0, atol=1e-9)
    np.testing.assert_allclose(l1(reference, generated), scores["l1_each"], rtol=0, atol=1e-9)


def test_mean_scores(scores):
    reference, generated, keypoints = scores["reference"], scores["generated"], keypoints_of(scores["kp_to"])
    names = [(f"{i}.jpg", f"{i}.jpg") for i in range(len(reference))]
    batches = (
        (names[i : i + 3], reference[i : i + 3], generated[i : i + 3], keypoints[i : i + 3]) for i in (0, 3)
    )
    result, _ = score_pictures(batches)
    expected = {"ssim": scores["ssim"], "masked_ssim": scores["mask_ssim"], "l1": scores["l1"]}
    for name, value in expected.items():
        assert abs(result[name] - value) <= 1e-9, name


def test_inception_scores(scores):
    cases = [key.removeprefix("is_preds_") for key in scores if key.startswith("is_preds_")]
    assert cases
    for case in cases:
        result = inception_score(scores[f"is_preds_{case}"], int(scores[f"is_splits_{case}"]))
        np.testing.assert_allclose(result, scores[f"is_result_{case}"], rtol=1e-5, atol=1e-5)


def test_bytes_and_network_values(scores):
    np.testing.assert_array_equal(to_pixels(scores["deprocess_in"]), scores["deprocess_out"])
    np.testing.assert_array_equal(to_grid_pixels(scores["deprocess_in"]), scores["deprocess_dataset_out"])
    values = to_image(np.arange(256, dtype=np.uint8))
    np.testing.assert_allclose(values, scores["preprocess_0_255"], rtol=0, atol=1e-12)


def test_keypoint_decoding(golden):
    data = json.loads(golden("coordinates.json").read_text())
    assert data["cases"]
    for case in data["cases"]:
        keypoints = decode(*estimator_maps(case, data["image_size"]))
        np.testing.assert_array_equal(keypoints, keypoints_of(np.array(case["result_yx"])))
    for height, expected in data["scales_used_by_reference"].items():
        assert list(scales(int(height))) == expected
