"""Gram matrices and their distance against plain numpy."""

import numpy as np
import pytest
from keras import ops

from pgig.losses.style import gram, style_loss
from tests.gradients import value_and_gradient

FIRST, SECOND = np.random.default_rng(0).normal(size=(2, 2, 4, 3, 5)).astype("float32")


def plain_gram(x):
    return np.einsum("bhwc,bhwd->bcd", x, x) / (3 * 4 * 5)


def test_gram_matrices_know_no_places():
    np.testing.assert_allclose(ops.convert_to_numpy(gram(FIRST)), plain_gram(FIRST), rtol=1e-5, atol=1e-6)
    shuffled = FIRST.reshape(2, 12, 5)[:, np.random.default_rng(1).permutation(12)].reshape(FIRST.shape)
    np.testing.assert_allclose(ops.convert_to_numpy(gram(shuffled)), plain_gram(FIRST), rtol=1e-5, atol=1e-6)


def test_style_loss_and_its_gradient():
    value, slope = value_and_gradient(lambda x: style_loss([x, FIRST], [SECOND, 2 * FIRST]), FIRST)
    gap = plain_gram(FIRST) - plain_gram(SECOND)
    assert value == pytest.approx(np.abs(gap).mean() + 3 * np.abs(plain_gram(FIRST)).mean(), rel=1e-5)
    sign = np.sign(gap) / gap.size
    expected = np.einsum("bhwc,bcd->bhwd", FIRST, sign + sign.transpose(0, 2, 1)) / (3 * 4 * 5)
    np.testing.assert_allclose(slope, expected, rtol=1e-4, atol=1e-7)


def test_half_precision_sums_in_full():
    value = ops.convert_to_numpy(gram(ops.cast(ops.full((1, 64, 64, 4), 200.0), "float16")))
    assert value.dtype == np.float32
    np.testing.assert_allclose(value, 10_000.0)
