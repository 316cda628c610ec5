import numpy as np
import pytest
from scipy.ndimage import binary_dilation, binary_erosion

from pgig.errors import DataError
from pgig.metrics.masks import LIMBS, apply_mask, ma_mask


def plain_mask(keypoints, size, radius=4):
    """Pixel by pixel, straight from the rules."""
    rows, columns = np.mgrid[: size[0], : size[1]]
    mask = np.zeros(size, bool)
    for start, end in LIMBS:
        f, t = keypoints[start, :2], keypoints[end, :2]
        d = f - t
        if keypoints[start, 2] and keypoints[end, 2] and d.any():
            n = radius * np.array([-d[1], d[0]]) / np.sqrt((d**2).sum())
            corners, inside = [f + n, f - n, t - n, t + n], np.zeros(size, bool)
            for i in range(4):
                (vi, ui), (vj, uj) = corners[i], corners[i - 1]
                crosses = ((vi <= rows) & (rows < vj)) | ((vj <= rows) & (rows < vi))
                if crosses.any():
                    inside ^= crosses & (columns < (uj - ui) * (rows - vi) / (vj - vi) + ui)
            mask |= inside
    for y, x, visible in keypoints:
        if visible:
            mask |= ((rows - y) / radius) ** 2 + ((columns - x) / radius) ** 2 < 1
    square = np.ones((5, 5))
    return binary_erosion(binary_dilation(mask, square), square, border_value=1)


def poses(count, size, seed, whole):
    generator = np.random.default_rng(seed)
    keypoints = np.empty((count, 18, 3))
    keypoints[..., :2] = generator.uniform(-6, np.array(size) + 6, (count, 18, 2))
    if whole:
        keypoints[..., :2] = np.round(keypoints[..., :2])
    keypoints[..., 2] = generator.random((count, 18)) < 0.5
    return keypoints


@pytest.mark.parametrize("size", [(48, 32), (33, 57)])
@pytest.mark.parametrize("whole", [True, False])
def test_equals_the_rules_applied_pixel_by_pixel(size, whole):
    keypoints = poses(40, size, seed=whole, whole=whole)
    expected = np.stack([plain_mask(pose, size) for pose in keypoints])
    np.testing.assert_array_equal(ma_mask(keypoints, size), expected)


def test_nothing_visible_gives_an_empty_mask_and_missing_joints_count_for_nothing():
    keypoints = np.full((2, 18, 3), -1.0)
    keypoints[..., 2] = 0
    keypoints[1, 0] = (20, 10, 1)
    masks = ma_mask(keypoints, (40, 30))
    assert not masks[0].any()
    assert masks[1].any() and not masks[1, :10].any()


def test_coincident_and_absurd_joints_do_no_harm():
    keypoints = np.ones((3, 18, 3))
    keypoints[0, :, :2] = 12
    keypoints[1, :, :2] = np.nan
    keypoints[2, :, :2] = 1e300
    masks = ma_mask(keypoints, (40, 30))
    assert masks[0].any() and not masks[1:].any()


def test_batches_change_nothing():
    keypoints = poses(5, (40, 30), seed=3, whole=True)
    expected = np.concatenate([ma_mask(keypoints[i : i + 1], (40, 30)) for i in range(5)])
    np.testing.assert_array_equal(ma_mask(keypoints, (40, 30)), expected)
    assert ma_mask(keypoints[:0], (40, 30)).shape == (0, 40, 30)


def test_masks_blacken_and_mask_pictures_dim_with_truncation():
    pixels = np.random.default_rng(0).integers(0, 256, (2, 6, 5, 3)).astype(np.uint8)
    mask = np.random.default_rng(1).random((2, 6, 5)) < 0.5
    seen = apply_mask(pixels, mask)
    np.testing.assert_array_equal(seen[mask], pixels[mask])
    assert not seen[~mask].any() and seen.dtype == np.uint8
    np.testing.assert_array_equal(apply_mask(pixels, mask * np.uint8(255)), seen)
    half = apply_mask(np.full((1, 1, 1, 3), 255, np.uint8), np.full((1, 1, 1), 128, np.uint8))
    assert half.tolist() == [[[[128] * 3]]]
    odd = apply_mask(np.full((1, 1, 1, 3), 101, np.uint8), np.full((1, 1, 1), 128, np.uint8))
    assert odd.tolist() == [[[[50] * 3]]]


@pytest.mark.parametrize("mask", [np.ones((2, 6, 4), bool), np.ones((6, 5), bool), np.ones((2, 6, 5))])
def test_masks_that_do_not_fit_are_refused(mask):
    with pytest.raises(DataError, match="met a mask"):
        apply_mask(np.zeros((2, 6, 5, 3), np.uint8), mask)
