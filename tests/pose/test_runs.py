"""Runs of pixels against a loop over them."""

import numpy as np
from keras import ops

from pgig.pose.runs import paint_runs

SIZE = (9, 7)


def test_values_of_all_runs_are_added():
    random = np.random.default_rng(0)
    rows, first = random.integers(-3, 12, (2, 4, 5, 30))
    last = first + random.integers(-2, 6, first.shape)
    values = random.integers(0, 2**15, first.shape)
    expected = np.zeros((4, *SIZE))
    for index in np.ndindex(first.shape):
        for column in range(max(first[index], 0), min(last[index], SIZE[1] - 1) + 1):
            if 0 <= rows[index] < SIZE[0]:
                expected[index[0], rows[index], column] += values[index]

    runs = (ops.convert_to_tensor(array.astype("float32")) for array in (rows, first, last, values))
    painted = ops.convert_to_numpy(paint_runs(*runs, SIZE))
    assert painted.dtype == np.float32 and expected.max() > 2**15
    np.testing.assert_array_equal(painted, expected)
