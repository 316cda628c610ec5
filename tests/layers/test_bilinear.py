import numpy as np
from keras import ops

from pgig.layers.bilinear import read_bilinear
from tests.gradients import value_and_gradient


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def plain_read(picture, row, column):
    """One value (C,) of (H, W, C) by the definition: every pixel counts by the tent over its centre."""
    height, width = picture.shape[:2]
    if not (0 <= row <= height - 1 and 0 <= column <= width - 1):
        return np.zeros(picture.shape[2])
    down = np.maximum(0, 1 - np.abs(np.arange(height) - row))
    across = np.maximum(0, 1 - np.abs(np.arange(width) - column))
    return np.einsum("h,w,hwc->c", down, across, picture)


def test_places_are_read_between_the_four_pixels_around():
    maps = noise(2, 5, 7, 3)
    random = np.random.default_rng(1)
    rows = random.uniform(-1, 5, (2, 40)).astype("float32")
    columns = random.uniform(-1, 7, (2, 40)).astype("float32")
    rows[:, :4], columns[:, :4] = (0, 4, 0, 4), (0, 6, 6, 0)
    rows[0, 4], columns[1, 5] = np.nan, np.inf
    expected = [[plain_read(*place) for place in zip([m] * 40, r, c, strict=True)] for m, r, c in
                zip(maps, rows, columns, strict=True)]  # fmt: skip
    read = ops.convert_to_numpy(read_bilinear(maps, ops.convert_to_tensor(rows), ops.convert_to_tensor(columns)))
    np.testing.assert_allclose(read, expected, atol=1e-5)
    np.testing.assert_array_equal(read[:, :4], [m[[0, 4, 0, 4], [0, 6, 6, 0]] for m in maps])


def test_rows_and_columns_make_a_grid_and_the_gradient_is_that_of_the_weights():
    maps, upstream = noise(2, 4, 5, 2), noise(2, 3, 2, 2, seed=1)
    rows = ops.convert_to_tensor(np.array([[0.25, 3, 1], [2.5, -3, 1.75]], "float32")[:, :, None])
    columns = ops.convert_to_tensor(np.array([[4, 0.5], [1.5, 3.25]], "float32")[:, None])
    value, gradient = value_and_gradient(lambda x: read_bilinear(x, rows, columns), maps, upstream)
    assert value.shape == upstream.shape and not value[1, 1].any()

    # Reading is linear: the gradient is the one array whose product with any other is that of the reading of it.
    other = noise(2, 4, 5, 2, seed=2)
    read = ops.convert_to_numpy(read_bilinear(other, rows, columns))
    np.testing.assert_allclose((gradient * other).sum(), (read * upstream).sum(), rtol=1e-4)
