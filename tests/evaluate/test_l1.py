import numpy as np
import pytest

from pgig.evaluate.l1 import l1
from pgig.evaluate.values import to_image


@pytest.mark.parametrize("span", [1, 2, 255])
def test_is_the_mean_absolute_difference_of_stretched_values(span):
    a, b = np.random.default_rng(0).integers(0, 256, (2, 4, 9, 7, 3)).astype(np.uint8)
    expected = np.abs(to_image(a) - to_image(b)).mean(axis=(1, 2, 3)) * span / 2
    np.testing.assert_allclose(l1(a, b, span), expected, rtol=1e-12)
    np.testing.assert_array_equal(l1(a, b), l1(b, a))
