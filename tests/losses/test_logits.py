import numpy as np
import pytest

from pgig.losses.logits import fake_loss, real_loss
from tests.gradients import value_and_gradient


def test_is_the_cross_entropy_of_the_sigmoid():
    logits = np.random.default_rng(0).normal(0, 3, (5, 2)).astype("float32")
    probability = 1 / (1 + np.exp(-logits.astype("float64")))
    for loss, wanted in ((real_loss, 1), (fake_loss, 0)):
        value, slope = value_and_gradient(loss, logits)
        expected = -np.log(probability if wanted else 1 - probability).mean()
        assert value == pytest.approx(expected, rel=1e-5)
        np.testing.assert_allclose(slope, (probability - wanted) / logits.size, atol=1e-6)


def test_large_logits_stay_finite():
    logits = np.array([-1e4, 1e4], "float32")
    for loss in (real_loss, fake_loss):
        value, slope = value_and_gradient(loss, logits)
        assert value == 5000
        assert np.abs(slope).max() == 0.5
