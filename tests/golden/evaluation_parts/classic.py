"""Golden tests of what is computed from pixels alone: SSIM in all variants, masks, L1, L2, MAE, PSNR."""

import json
from dataclasses import replace

import numpy as np
import pytest
from skimage.draw import polygon
from skimage.morphology import closing

from pgig.evaluate.prepare import pad_white
from pgig.metrics.l1 import grey_l1, l1, l2, mae
from pgig.metrics.masks import LIMBS, apply_mask, ma_mask
from pgig.metrics.psnr import psnr
from pgig.metrics.ssim import VARIANTS, ssim

FLOAT64, FLOAT32 = 1e-9, 1e-6


@pytest.fixture(scope="module")
def pictures_u8(golden):
    with np.load(golden("images.npz", "evaluation")) as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def old_env(golden):
    return json.loads(golden("expected_old_env.json", "evaluation").read_text())


@pytest.fixture(scope="module")
def new_env(golden):
    return json.loads(golden("expected_new_env.json", "evaluation").read_text())


@pytest.fixture(scope="module")
def body_keypoints(pictures_u8):
    places = pictures_u8["kp_yx"]
    return np.concatenate([places, (places != -1).all(axis=-1, keepdims=True)], axis=-1)


@pytest.fixture(scope="module")
def body_mask(golden):
    with np.load(golden("masks.npz", "evaluation")) as arrays:
        shape = arrays["shape"]
        return np.unpackbits(arrays["ma_mask"], count=int(shape.prod())).reshape(shape).astype(bool)


def pair(arrays, name):
    return arrays[f"{name}_target"], arrays[f"{name}_generated"]


def close(values, expected, tolerance=FLOAT64):
    assert np.shape(values) == np.shape(expected)
    np.testing.assert_allclose(values, expected, rtol=0, atol=tolerance)


def test_masks_are_those_of_the_original(body_keypoints, body_mask, old_env):
    mask = ma_mask(body_keypoints, body_mask.shape[1:])
    np.testing.assert_array_equal(mask, body_mask)
    assert mask.sum(axis=(1, 2)).tolist() == old_env["posegan_mask_area"]


def test_masks_with_todays_polygons_differ_in_as_many_pixels(body_keypoints, body_mask, new_env):
    size = body_mask.shape[1:]
    today = np.stack([mask_with_todays_polygons(pose, size) for pose in body_keypoints])
    assert (today != ma_mask(body_keypoints, size)).sum() == new_env["mask_pixels_differing_new_vs_old_skimage"]


def mask_with_todays_polygons(pose, size, radius=4):
    """The construction of `ma_mask` with the polygon rule of the scikit-image that is installed."""
    mask = np.zeros(size, bool)
    for start, end in LIMBS:
        along = pose[start, :2] - pose[end, :2]
        if pose[start, 2] and pose[end, 2] and along.any():
            across = radius * np.array([-along[1], along[0]]) / np.linalg.norm(along)
            corners = [pose[start, :2] + across, pose[start, :2] - across]
            corners += [pose[end, :2] - across, pose[end, :2] + across]
            mask[polygon(*np.transpose(corners), size)] = True
    rows, columns = np.mgrid[: size[0], : size[1]]
    for y, x, _ in pose[pose[:, 2] > 0]:
        mask |= (rows - y) ** 2 + (columns - x) ** 2 < radius**2
    return closing(mask, np.ones((5, 5)))


def test_pose_gan(pictures_u8, old_env, body_mask):
    market = pair(pictures_u8, "market")
    scores, differences = ssim(*market, variant=VARIANTS["S1"]), l1(*market)
    close(scores, old_env["posegan_ssim_market"])
    close(scores.mean(), old_env["posegan_ssim_market_mean"])
    close(differences, old_env["posegan_l1_market"])
    close(differences.mean(), old_env["posegan_l1_market_mean"])
    close(ssim(*pair(pictures_u8, "fashion"), variant=VARIANTS["S1"]), old_env["posegan_ssim_fashion_unpadded"])
    close(ssim(*market, body_mask, VARIANTS["S1"]), old_env["posegan_mask_ssim_market"])


def test_patn(pictures_u8, old_env):
    padded = [pad_white(pixels) for pixels in pair(pictures_u8, "fashion")]
    close(ssim(*padded, variant=VARIANTS["S1"]), old_env["patn_fashion_ssim_padded"])


def test_pg2(pictures_u8, old_env):
    market = pair(pictures_u8, "market")
    close(ssim(*market, variant=VARIANTS["S3"]), old_env["pg2_ssim"])
    close(psnr(*market), old_env["pg2_psnr"])
    close(l1(*market, span=255), old_env["pg2_l1"])
    close(l2(*market), old_env["pg2_l2"])


def test_pg2_masked(pictures_u8, old_env):
    market, mask = pair(pictures_u8, "market"), pictures_u8["pg2_mask_u8"]
    masked = [apply_mask(pixels, mask) for pixels in market]
    close(ssim(*market, mask, VARIANTS["S3"]), old_env["pg2_mask_ssim"])
    close(psnr(*masked), old_env["pg2_mask_psnr"])
    close(l1(*masked, span=255), old_env["pg2_mask_l1"])


def test_dpig(pictures_u8, old_env):
    market = pair(pictures_u8, "market")
    close(ssim(*market, variant=VARIANTS["S4"]), old_env["dpig_gray_ssim"])
    close(psnr(*market, rule="grey"), old_env["dpig_gray_psnr"])
    close(grey_l1(*market), old_env["dpig_gray_l1"])


@pytest.mark.parametrize(
    "name, data, padded",
    [
        ("gfla_market", "market", False),
        ("gfla_fashion_256x176", "fashion", False),
        ("dptn_fashion_padded", "fashion", True),
    ],
)
def test_gfla_and_dptn_with_the_old_window(pictures_u8, old_env, name, data, padded):
    pictures = [pad_white(pixels) if padded else pixels for pixels in pair(pictures_u8, data)]
    expected = old_env[name]
    close(ssim(*pictures, variant=VARIANTS["S5-float"]), expected["ssim"])
    # With that scikit-image the window of `ssim_256` has 13 taps.
    thirteen = replace(VARIANTS["S2-float"], taps=VARIANTS["S1"].taps)
    close(ssim(*pictures, variant=thirteen), expected["ssim_256"])
    close(psnr(*pictures, rule="unit"), expected["psnr"])
    # These two are summed in float32 there.
    close(l1(*pictures, span=1), expected["l1"], FLOAT32)
    close(mae(*pictures), expected["mae"], FLOAT32)


@pytest.mark.parametrize("name, data", [("cfld_market", "market"), ("cfld_fashion_256x176", "fashion")])
def test_cfld(pictures_u8, new_env, name, data):
    pictures, expected = pair(pictures_u8, data), new_env[name]
    close(ssim(*pictures, variant=VARIANTS["S5-float"]), expected["ssim"], FLOAT32)
    close(ssim(*pictures, variant=VARIANTS["S2-float"]), expected["ssim_256"], FLOAT32)
    close(psnr(*pictures, rule="unit"), expected["psnr"])


def test_todays_scikit_image(pictures_u8, new_env):
    market = pair(pictures_u8, "market")
    close(ssim(*market, variant=VARIANTS["S2"]), new_env["gauss11_uint8_genrange_market"])
    close(ssim(*market, variant=VARIANTS["S6"]), new_env["gauss11_uint8_range255_market"])
    close(ssim(*market, variant=VARIANTS["S3"]), new_env["default_uint8_market"])
