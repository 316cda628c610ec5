import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio

from pgig.metrics.psnr import psnr
from pgig.metrics.values import to_grey


def pictures():
    return np.random.default_rng(0).integers(0, 256, (2, 4, 9, 7, 3)).astype(np.uint8)


def test_is_that_of_scikit_image():
    a, b = pictures()
    expected = [peak_signal_noise_ratio(x, y, data_range=255) for x, y in zip(a, b, strict=True)]
    np.testing.assert_allclose(psnr(a, b), expected, rtol=1e-12)
    single = [(x / 255).astype(np.float32) for x in (a, b)]
    expected = [peak_signal_noise_ratio(x, y, data_range=1) for x, y in zip(*single, strict=True)]
    np.testing.assert_allclose(psnr(a, b, "unit"), expected, rtol=1e-12)
    grey = [to_grey(x) for x in (a, b)]
    expected = [peak_signal_noise_ratio(x, y, data_range=np.ptp(x)) for x, y in zip(*grey, strict=True)]
    np.testing.assert_allclose(psnr(a, b, "grey"), expected, rtol=1e-12)


@pytest.mark.parametrize("rule", ["bytes", "unit", "grey"])
def test_batches_and_order_change_nothing(rule):
    a, b = pictures()
    scores = psnr(a, b, rule)
    np.testing.assert_array_equal(np.concatenate([psnr(a[i : i + 1], b[i : i + 1], rule) for i in range(4)]), scores)
    np.testing.assert_array_equal(psnr(a[::-1], b[::-1], rule), scores[::-1])
    assert psnr(a[:0], b[:0], rule).shape == (0,)


@pytest.mark.parametrize("rule", ["bytes", "unit", "grey"])
def test_equal_pictures_score_infinity(rule):
    a, _ = pictures()
    assert np.isposinf(psnr(a, a, rule)).all()


def test_without_a_range_there_is_no_score():
    a, b = pictures()
    assert np.isnan(psnr(np.full_like(a, 9), b, "grey")).all()


def test_an_unknown_rule_is_refused():
    with pytest.raises(ValueError, match="none of bytes, unit, grey"):
        psnr(*pictures(), "float")
