import numpy as np

from pgig.losses.regular import mean_absolute, total_variation
from tests.gradients import value_and_gradient


def test_total_variation_of_a_flat_picture_has_no_gradient():
    value, slope = value_and_gradient(total_variation, np.full((1, 4, 3, 2), 0.3, "float32"))
    assert value == 0
    np.testing.assert_array_equal(slope, np.zeros_like(slope))


def test_total_variation_of_one_step():
    image = np.zeros((1, 2, 2, 1), "float32")
    image[0, 0, 1] = 2
    assert float(total_variation(image)) == np.float32(4**1.25)


def test_mean_absolute_has_no_slope_where_equal():
    target = np.array([0, 1, 2], "float32")
    value, slope = value_and_gradient(lambda x: mean_absolute(x, target), np.array([0, 0, 4], "float32"))
    assert value == 1
    np.testing.assert_allclose(slope, [0, -1 / 3, 1 / 3])


def test_sums_are_float32_for_half_precision_pictures():
    ones = np.ones((1, 300, 300, 1), "float16")
    assert float(mean_absolute(ones, ones * 0)) == 1
