import numpy as np
import pytest

from pgig.evaluate.values import to_image
from pgig.metrics.l1 import grey_l1, grey_l2, l1, l2, mae


def pictures():
    return np.random.default_rng(0).integers(0, 256, (2, 4, 9, 7, 3)).astype(np.uint8)


@pytest.mark.parametrize("span", [1, 2, 255])
def test_is_the_mean_absolute_difference_of_stretched_values(span):
    a, b = pictures()
    expected = np.abs(to_image(a) - to_image(b)).mean(axis=(1, 2, 3)) * span / 2
    np.testing.assert_allclose(l1(a, b, span), expected, rtol=1e-12)
    np.testing.assert_array_equal(l1(a, b), l1(b, a))


def test_the_other_differences_follow_their_definitions():
    a, b = pictures()
    scores = (metric(a, b) for metric in (l2, mae, grey_l1, grey_l2))
    for x, y, second, ratio, grey, grey_second in zip(a, b, *scores, strict=True):
        x, y = x.astype(float), y.astype(float)
        assert second == pytest.approx(np.sqrt(((x - y) ** 2).sum()) / x.size, rel=1e-12)
        assert ratio == pytest.approx(np.abs(x - y).sum() / (x + y).sum(), rel=1e-12)
        weights = np.array([0.2125, 0.7154, 0.0721])
        assert grey == pytest.approx(np.abs((x - y) @ weights).mean() / 255, rel=1e-12)
        root = np.sqrt((((x - y) @ weights / 255) ** 2).sum())
        assert grey_second == pytest.approx(root / (x.size // 3), rel=1e-12)


def test_the_largest_differences_do_not_overflow():
    white, black = np.full((1, 5, 4, 3), 255, np.uint8), np.zeros((1, 5, 4, 3), np.uint8)
    for a, b in ((white, black), (black, white)):
        assert l2(a, b) == pytest.approx(255 / np.sqrt(60))
        assert (mae(a, b), l1(a, b), grey_l1(a, b)) == (1, 2, pytest.approx(1))
    assert np.isnan(mae(black, black)) and mae(white, white) == 0


@pytest.mark.parametrize("metric", [l1, l2, mae, grey_l1, grey_l2])
def test_batches_and_order_change_nothing(metric):
    a, b = pictures()
    scores = metric(a, b)
    np.testing.assert_array_equal(np.concatenate([metric(a[i : i + 1], b[i : i + 1]) for i in range(4)]), scores)
    np.testing.assert_array_equal(metric(a[::-1], b[::-1]), scores[::-1])
    assert metric(a[:0], b[:0]).shape == (0,)
