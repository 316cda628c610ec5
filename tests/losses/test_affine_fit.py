"""The affine regularisation against a least-squares fit of every window."""

import numpy as np
import pytest

from pgig.errors import OptionsError
from pgig.losses.affine_fit import affine_regularisation
from tests.gradients import value_and_gradient

ROWS, COLUMNS = np.indices((7, 9))


def plain(flow, kernel):
    """The definition: positions of a window fitted by numpy, squares of what is left."""
    rows, columns = np.indices((kernel, kernel)).reshape(2, -1)
    affine = np.stack([rows, columns, np.ones_like(rows)], axis=-1)
    positions = flow + np.stack([COLUMNS, ROWS], axis=-1)
    count, total = 0, 0.0
    for picture in positions:
        for top in range(7 - kernel + 1):
            for left in range(9 - kernel + 1):
                window = picture[top : top + kernel, left : left + kernel].reshape(-1, 2)
                solution = np.linalg.lstsq(affine, window, rcond=None)[0]
                total += np.square(window - affine @ solution).sum()
                count += 1
    return total / count


@pytest.mark.parametrize("kernel", [2, 3, 4, 7])
def test_is_what_the_best_fit_leaves(kernel):
    flow = np.random.default_rng(kernel).normal(size=(2, 7, 9, 2)).astype("float32")
    value, slope = value_and_gradient(lambda x: affine_regularisation(x, kernel), flow)
    assert value == pytest.approx(plain(flow.astype(float), kernel), rel=1e-5)
    step = np.random.default_rng(0).normal(size=flow.shape)
    ends = [plain(flow + 1e-4 * sign * step, kernel) for sign in (1, -1)]
    assert np.sum(slope * step) == pytest.approx((ends[0] - ends[1]) / 2e-4, rel=1e-4)


def test_affine_flows_cost_nothing_though_they_are_large():
    x = 20 + 0.3 * ROWS - 0.7 * COLUMNS
    flow = np.stack([x, -2 * x], axis=-1)[None].astype("float32")
    value, slope = value_and_gradient(lambda x: affine_regularisation(x, 5), flow)
    assert value < 1e-9 and np.abs(slope).max() < 1e-5


@pytest.mark.parametrize("kernel", [1, 0, 8])
def test_windows_that_do_not_fit_are_refused(kernel):
    with pytest.raises(OptionsError, match="2 to 7"):
        affine_regularisation(np.zeros((1, 7, 9, 2), "float32"), kernel)
