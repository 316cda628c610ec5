import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage.metrics import structural_similarity

from pgig.errors import DataError
from pgig.metrics.ssim import VARIANTS, ssim


def pictures(count, height, width, seed=0):
    generator = np.random.default_rng(seed)
    reference = generator.integers(0, 256, (count, height, width, 3)).astype(np.uint8)
    generated = np.clip(reference * 0.6 + generator.integers(0, 60, reference.shape), 0, 255).astype(np.uint8)
    return reference, generated


def plain_s1(reference, generated):
    data_range = float(generated.max()) - float(generated.min())
    scores = []
    for channel in range(3):
        x, y = reference[..., channel].astype(float), generated[..., channel].astype(float)
        ux, uy, uxx, uyy, uxy = (gaussian_filter(z, 1.5, truncate=4) for z in (x, y, x * x, y * y, x * y))
        c1, c2 = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2
        above = (2 * ux * uy + c1) * (2 * (uxy - ux * uy) + c2)
        below = (ux**2 + uy**2 + c1) * (uxx - ux**2 + uyy - uy**2 + c2)
        scores.append((above / below)[5:-5, 5:-5].mean())
    return np.mean(scores)


@pytest.mark.parametrize("size", [(128, 64), (61, 47), (13, 20)])
def test_the_default_is_the_formula_of_the_original(size):
    reference, generated = pictures(3, *size)
    expected = [plain_s1(*pair) for pair in zip(reference, generated, strict=True)]
    np.testing.assert_allclose(ssim(reference, generated), expected, rtol=0, atol=1e-12)


GAUSSIAN = {"gaussian_weights": True, "use_sample_covariance": False}


@pytest.mark.parametrize(
    "name, settings",
    [
        ("S2", GAUSSIAN | {"sigma": 1.5}),
        ("S2-narrow", GAUSSIAN | {"sigma": 1.2}),
        ("S3", {"data_range": 255}),
        ("S5", {"win_size": 51, "data_range": 255}),
        ("S2-float", GAUSSIAN | {"sigma": 1.5}),
        ("S6", GAUSSIAN | {"sigma": 1.5, "data_range": 255}),
    ],
)
def test_variants_are_those_of_scikit_image(name, settings):
    reference, generated = pictures(2, 70, 64)
    for x, y, score in zip(
        reference, generated, ssim(reference, generated, variant=VARIANTS[name]), strict=True
    ):
        given = {"data_range": float(y.max()) - float(y.min())} | settings
        expected = structural_similarity(x.astype(float), y.astype(float), channel_axis=-1, **given)
        assert abs(score - expected) < 1e-10


def test_the_float_variant_rounds_as_its_programs_do():
    reference, generated = pictures(2, 70, 64)
    scores = ssim(reference, generated, variant=VARIANTS["S5-float"])
    for x, y, score in zip(reference, generated, scores, strict=True):
        x, y = ((p / 255).astype(np.float32).astype(float) for p in (x, y))
        assert abs(score - structural_similarity(x, y, channel_axis=-1, win_size=51, data_range=1)) < 1e-10
    difference = np.abs(scores - ssim(reference, generated, variant=VARIANTS["S5"]))
    assert (0 < difference).all() and (difference < 1e-6).all()


def test_the_grey_variant_takes_its_range_from_the_reference():
    reference, generated = pictures(1, 40, 40)
    x, y = (p[0] @ np.array([0.2125, 0.7154, 0.0721]) for p in (reference, generated))
    expected = structural_similarity(x, y, data_range=x.max() - x.min())
    assert abs(ssim(reference, generated, variant=VARIANTS["S4"])[0] - expected) < 1e-10


def test_the_darkest_and_brightest_bytes_are_exact():
    generator = np.random.default_rng(0)
    reference, generated = (generator.choice(np.array([0, 255], np.uint8), (1, 40, 40, 3)) for _ in range(2))
    expected = structural_similarity(reference[0], generated[0], channel_axis=-1, **GAUSSIAN, sigma=1.5)
    assert abs(ssim(reference, generated, variant=VARIANTS["S2"])[0] - expected) < 1e-12


def test_batches_and_threads_change_nothing():
    reference, generated = pictures(7, 64, 40)
    one_by_one = [ssim(reference[i : i + 1], generated[i : i + 1], threads=1)[0] for i in range(7)]
    for threads in (1, 2, 5):
        np.testing.assert_array_equal(ssim(reference, generated, threads=threads), one_by_one)


def test_equal_pictures_score_one_and_constant_ones_are_undefined():
    reference, generated = pictures(2, 32, 32)
    generated[0], generated[1] = reference[0], 7
    scores = ssim(reference, generated)
    assert scores[0] == 1
    assert np.isnan(scores[1])
    assert np.isfinite(ssim(reference, generated, variant=VARIANTS["S6"])).all()


def test_a_mask_blackens_both_pictures():
    reference, generated = pictures(2, 32, 32)
    mask = np.zeros((2, 32, 32), bool)
    mask[:, 5:25, 8:20] = True
    expected = ssim(reference * mask[..., None], generated * mask[..., None])
    np.testing.assert_array_equal(ssim(reference, generated, mask=mask), expected)


def test_mask_pictures_dim_both_pictures():
    reference, generated = pictures(2, 32, 32)
    mask = np.random.default_rng(1).integers(0, 256, (2, 32, 32)).astype(np.uint8)
    dimmed = [np.trunc(mask[..., None] / 255 * p).astype(np.uint8) for p in (reference, generated)]
    np.testing.assert_array_equal(ssim(reference, generated, mask=mask), ssim(*dimmed))


@pytest.mark.parametrize("name", ["S1", "S6", "S4"])
def test_an_average_over_the_mask_takes_its_positions_of_the_whole_map(name):
    reference, generated = pictures(3, 40, 32)
    variant, crop = VARIANTS[name], VARIANTS[name].crop
    mask = np.random.default_rng(1).random((3, 40, 32)) < 0.3
    mask[2], mask[2, :crop], mask[2, 20, -1] = False, True, True
    scores = ssim(reference, generated, mask, variant, average="mask")
    assert np.isnan(scores[2])

    full = np.ones_like(mask)
    whole = ssim(reference, generated, variant=variant)
    np.testing.assert_allclose(ssim(reference, generated, full, variant, average="mask"), whole, rtol=1e-12)
    # Two masks that share the positions share the sum.
    inside = (slice(None), slice(crop, 40 - crop), slice(crop, 32 - crop))
    n, rest = mask[inside].sum(axis=(1, 2))[:2], (~mask)[inside].sum(axis=(1, 2))[:2]
    others = ssim(reference, generated, ~mask, variant, average="mask")[:2]
    np.testing.assert_allclose((scores[:2] * n + others * rest) / (n + rest), whole[:2], rtol=1e-12)
    for threads in (1, 3):
        again = ssim(reference, generated, mask, variant, threads, "mask")
        np.testing.assert_array_equal(again, scores)


def test_a_mask_of_one_pixel_gives_the_map_there():
    reference, generated = pictures(1, 32, 32)
    mask = np.zeros((1, 32, 32), np.uint8)
    mask[0, 12, 20] = 1
    gaussian = {"gaussian_weights": True, "use_sample_covariance": False, "data_range": 255, "full": True}
    _, similarity = structural_similarity(reference[0], generated[0], channel_axis=-1, **gaussian)
    score = ssim(reference, generated, mask, VARIANTS["S6"], average="mask")
    np.testing.assert_allclose(score, similarity[12, 20].mean(), rtol=1e-10)


def test_an_empty_batch_has_no_scores():
    assert ssim(*pictures(0, 32, 32)).shape == (0,)


def test_wrong_pictures_are_refused_in_one_sentence():
    reference, generated = pictures(2, 32, 32)
    with pytest.raises(DataError, match="same size"):
        ssim(reference, generated[:, :20])
    with pytest.raises(DataError, match="uint8"):
        ssim(reference, generated / 255)
    with pytest.raises(DataError, match="got none"):
        ssim(reference, generated, average="mask")
    with pytest.raises(DataError, match="of the same size"):
        ssim(reference, generated, np.ones((2, 32, 31), bool))
    with pytest.raises(DataError, match="window of 13"):
        ssim(reference[:, :12], generated[:, :12])
