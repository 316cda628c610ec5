"""Joints as normalised coordinates, there and back."""

import numpy as np
from keras import ops

from pgig.pose.coordinates import from_normalised, normalised

SIZE = (128, 64)


def test_places_by_hand():
    keypoints = np.float32([[[0, 0, 1], [64, 48, 1], [127, 63, 1], [30, 20, 0], [-1, -1, 0]]])
    found = ops.convert_to_numpy(normalised(keypoints, SIZE))
    expected = [[-1, -1, 1], [0, 0.5, 1], [127 / 64 - 1, 63 / 32 - 1, 1], [-1, -1, 0], [-1, -1, 0]]
    np.testing.assert_array_equal(found[0], np.float32(expected))


def test_pixels_come_back(crowd, compiled):
    def there_and_back(keypoints):
        values = normalised(keypoints, SIZE)
        return from_normalised(values[..., :2], values[..., 2], SIZE)

    np.testing.assert_array_equal(ops.convert_to_numpy(compiled(there_and_back, 1)(crowd)), crowd)


def test_fractions_are_cut_off_and_the_border_holds():
    places = np.float32([[[-3, 5], [0.999, -0.001], [0, 0], [0, 0]]])
    visible = np.float32([[1, 1, 0, 1]])
    found = ops.convert_to_numpy(from_normalised(places, visible, SIZE))
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found[0], [[0, 63, 1], [127, 31, 1], [-1, -1, 0], [64, 32, 1]])
