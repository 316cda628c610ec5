"""The hinge losses on scores that are counted by hand."""

import numpy as np

from pgig.losses import hinge
from tests.gradients import value_and_gradient

SCORES = np.float32([-3, -0.5, 0.5, 4])


def test_values_and_gradients():
    expected = {
        hinge.discriminator_real: ((4 + 1.5 + 0.5 + 0) / 4, [-0.25, -0.25, -0.25, 0]),
        hinge.discriminator_fake: ((0 + 0.5 + 1.5 + 5) / 4, [0, 0.25, 0.25, 0.25]),
        hinge.generator: (-0.25, [-0.25] * 4),
    }
    for loss, (value, slope) in expected.items():
        found = value_and_gradient(loss, SCORES)
        assert found[0] == value
        np.testing.assert_array_equal(found[1], slope)
