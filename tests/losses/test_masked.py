import numpy as np
import pytest

from pgig.losses.masked import mask_loss
from tests.gradients import value_and_gradient


@pytest.mark.parametrize("ratio", [0.0, 1.0, 3.0])
def test_the_body_counts_more(ratio):
    random = np.random.default_rng(0)
    generated, target = random.uniform(-1, 1, (2, 2, 4, 3, 3)).astype("float32")
    mask = (random.random((2, 4, 3, 1)) > 0.5).astype("float32")
    target[0, 0, 0] = generated[0, 0, 0]

    value, slope = value_and_gradient(lambda x: mask_loss(x, target, mask, ratio), generated)

    distance = np.abs(generated - target)
    assert value == pytest.approx(distance.mean() + ratio * (distance * mask).mean(), rel=1e-5)
    expected = np.sign(generated - target) * (1 + ratio * mask) / generated.size
    np.testing.assert_allclose(slope, expected, atol=1e-7)
    assert not slope[0, 0, 0].any()
