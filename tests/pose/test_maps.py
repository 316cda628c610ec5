"""Heat maps against their formula, and back to joints."""

import numpy as np
import pytest
from keras import ops

from pgig.pose.maps import heat_maps, peaks

SIZE = (128, 64)


@pytest.mark.parametrize("form", ["staircase", "gaussian", "point"])
def test_heat_maps_follow_the_formula(crowd, compiled, form):
    rows, columns = np.arange(SIZE[0])[:, None, None], np.arange(SIZE[1])[:, None]
    y, x, visible = (crowd[:, None, None, :, i].astype(int) for i in range(3))
    squares = (rows - y) ** 2 + (columns - x) ** 2
    exponent = -squares // 72 if form == "staircase" else -squares / 72
    expected = (squares == 0 if form == "point" else np.exp(exponent.astype(float))) * visible

    maps = heat_maps(crowd, SIZE, form)
    assert tuple(maps.shape) == (12, *SIZE, 18)
    np.testing.assert_allclose(ops.convert_to_numpy(maps), expected, rtol=0, atol=1e-6)
    maps = compiled(lambda keypoints: heat_maps(keypoints, SIZE, form), 1)(crowd)
    np.testing.assert_allclose(ops.convert_to_numpy(maps), expected, rtol=0, atol=1e-6)


def test_an_unknown_form_is_refused(standing):
    with pytest.raises(ValueError, match="staircase"):
        heat_maps(standing[None], SIZE, "square")


@pytest.mark.parametrize("form", ["staircase", "gaussian", "point"])
def test_peaks_find_the_joints_again(crowd, compiled, form):
    found = compiled(lambda keypoints: peaks(heat_maps(keypoints, SIZE, form)), 1)(crowd)
    np.testing.assert_array_equal(ops.convert_to_numpy(found), crowd)


def test_the_first_of_equal_peaks_wins_and_low_peaks_do_not_count():
    maps = np.zeros((1, 6, 5, 3), "float32")
    maps[0, 2, 4, 0] = maps[0, 3, 1, 0] = 0.7
    maps[0, 1, 1, 1] = 0.1
    found = ops.convert_to_numpy(peaks(maps))
    assert found.tolist() == [[[2, 4, 1], [-1, -1, 0], [-1, -1, 0]]]
