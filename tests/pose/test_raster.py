"""Polygon filling against the rule spelled out point by point."""

import numpy as np
import pytest
from keras import ops

from pgig.pose.raster import fill_polygons

SIZE = (23, 17)


def even_odd(corners, size, scan):
    """The half-open even-odd rule, one point and one edge at a time."""
    inside = np.zeros(size, bool)
    for row, column in np.ndindex(*size):
        p, q = (column, row) if scan == "rows" else (row, column)
        points = corners[:, ::-1] if scan == "rows" else corners
        for (ui, vi), (uj, vj) in zip(points, np.roll(points, 1, axis=0), strict=True):
            if (vi <= q < vj or vj <= q < vi) and p < (uj - ui) * (q - vi) / (vj - vi) + ui:
                inside[row, column] ^= True
    return inside


@pytest.mark.parametrize("scan", ["rows", "columns"])
@pytest.mark.parametrize("count", [3, 4, 6])
def test_any_polygon(scan, count):
    corners = np.random.default_rng(count).uniform(-8, 30, (2, 5, count, 2))
    filled = ops.convert_to_numpy(fill_polygons(corners, SIZE, scan))
    assert filled.shape == (2, 5, *SIZE) and filled.dtype == bool
    for index in np.ndindex(2, 5):
        np.testing.assert_array_equal(filled[index], even_odd(corners[index], SIZE, scan))


def test_left_and_upper_border_are_inside_right_and_lower_are_not():
    square = np.array([(2.0, 3.0), (2.0, 9.0), (6.0, 9.0), (6.0, 3.0)])
    expected = np.zeros(SIZE, bool)
    expected[2:6, 3:9] = True
    for scan in ("rows", "columns"):
        np.testing.assert_array_equal(ops.convert_to_numpy(fill_polygons(square, SIZE, scan)), expected)


def test_a_polygon_without_area_is_empty():
    line = np.array([(3.0, 3.0), (3.0, 3.0), (10.0, 10.0), (10.0, 10.0)])
    assert not ops.convert_to_numpy(fill_polygons(line, SIZE)).any()
