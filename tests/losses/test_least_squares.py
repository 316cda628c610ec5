import numpy as np
import pytest

from pgig.losses.least_squares import fake_loss, real_loss
from tests.gradients import value_and_gradient

SCORES = np.array([[0.0, 1.0], [-2.0, 0.5]], "float32")


def test_means_of_squares_to_the_labels():
    assert float(real_loss(SCORES)) == pytest.approx((1 + 0 + 9 + 0.25) / 4)
    assert float(fake_loss(SCORES)) == pytest.approx((0 + 1 + 4 + 0.25) / 4)


def test_gradients_are_the_distances_from_the_labels():
    for loss, label in ((real_loss, 1), (fake_loss, 0)):
        _, gradient = value_and_gradient(loss, SCORES)
        np.testing.assert_allclose(gradient, 2 * (SCORES - label) / 4, rtol=1e-6)


def test_half_precision_is_averaged_in_single():
    scores = np.full((64, 64), 30.0, "float16")
    assert float(fake_loss(scores)) == 900.0
