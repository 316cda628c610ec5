import keras
import numpy as np

from pgig.layers import sampling


def _nearest(row, size=(3, 4)):
    transform = keras.ops.convert_to_tensor(np.array([[[*row, 0, 0]]], "float32"))
    inside, pixel = (keras.ops.convert_to_numpy(x)[0, 0] for x in sampling.nearest(transform, size))
    return np.where(inside, pixel, -1).reshape(size)


def test_halves_are_rounded_away_from_zero():
    half_right, half_left = _nearest([1, 0, 0.5, 0, 1, 0]), _nearest([1, 0, -0.5, 0, 1, 0])
    np.testing.assert_array_equal(half_right[0], [1, 2, 3, -1])
    np.testing.assert_array_equal(half_left[0], [-1, 1, 2, 3])


def test_undefined_positions_are_outside():
    assert (_nearest([np.nan] * 6) == -1).all()
    vanishing = keras.ops.convert_to_tensor(np.array([[[1, 0, 0, 0, 1, 0, 0, -1]]], "float32"))
    inside, _ = sampling.nearest(vanishing, (3, 4))
    assert not keras.ops.convert_to_numpy(inside)[0, 0, 4:8].any()


def test_inverse_undoes_the_transform_and_singular_ones_become_nan():
    rows = [[1.2, 0.3, 4, -0.2, 0.9, 2, 0.01, 0.02], [1, 2, 0, 2, 4, 0, 0, 0], [0] * 8]
    inverse = keras.ops.convert_to_numpy(sampling.invert(keras.ops.convert_to_tensor(np.array([rows], "float32"))))[0]
    matrix, back = (np.append(row, 1).reshape(3, 3) for row in (rows[0], inverse[0]))
    product = matrix @ back

    np.testing.assert_allclose(product / product[2, 2], np.eye(3), atol=1e-5)
    assert np.isnan(inverse[1:]).all()


def test_offsets_follow_the_ratio_of_the_other_axis_rounded_down():
    scaled = sampling.rescale(keras.ops.full((1, 1, 8), 6.0), (128, 64), (63, 21))
    np.testing.assert_allclose(keras.ops.convert_to_numpy(scaled)[0, 0], [6, 6, 3, 6, 6, 2, 6, 6])
