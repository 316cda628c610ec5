import numpy as np
import pytest

from pgig.errors import NumericsError
from pgig.evaluate.values import to_grid_pixels, to_image, to_pixels


def test_bytes_survive_the_way_there_and_back_but_for_truncation():
    pixels = np.arange(256, dtype=np.uint8)
    for rule in (to_pixels, to_grid_pixels):
        back = rule(to_image(pixels).astype(np.float32)).astype(int)
        assert set(pixels - back) <= {0, 1}


def test_values_outside_are_clipped_and_nan_is_refused():
    np.testing.assert_array_equal(to_pixels(np.float32([-1.5, -1, 1, 1.5])), [0, 0, 255, 255])
    with pytest.raises(NumericsError):
        to_grid_pixels(np.float32([0, np.nan]))
