"""Bilinear reading of maps at given positions."""

import numpy as np
from keras import ops

from pgig.layers import sampling
from pgig.layers.warp import warped_copies

# How far rounding may put a position beyond an edge that it is meant to lie on, in pixels.
_SLACK = 1e-4


def read_bilinear(maps, rows, columns):
    """Read every map of a batch at positions of its own.

    Args:
        maps: (B, H, W, C) float.
        rows, columns: (B, ...) float32 that broadcast against each other: (B, n) both for n places, (B, h, 1) and
            (B, 1, w) for a grid. In pixels of the map, centres at whole numbers.

    Returns:
        (B, ..., C) of the dtype of `maps`, between the four pixels around each position; zero where it is outside
        [0, H - 1] x [0, W - 1] or not a number. The maps get the exact gradient, the positions none.
    """
    maps = ops.convert_to_tensor(maps)
    height, width, channels = maps.shape[1:]
    shape = np.broadcast_shapes(rows.shape[1:], columns.shape[1:])
    flat = (1, -1, int(np.prod(shape)))
    taps = []
    for inside_y, y, y_share in _neighbours(rows, height):
        for inside_x, x, x_share in _neighbours(columns, width):
            inside = ops.reshape(ops.logical_and(inside_y, inside_x), flat)
            pixel = ops.reshape(y * width + x, flat)
            share = ops.reshape(y_share * x_share, (1, -1))
            taps.append((sampling.table_rows(inside, pixel, height * width), share))
    return ops.reshape(warped_copies(maps, taps, None)[0], (-1, *shape, channels))


def _neighbours(positions, length):
    """The pixels before and behind each position on an axis: two of (inside bool, pixel int32, share float32)."""
    positions = ops.stop_gradient(positions)
    inside = ops.logical_and(positions >= -_SLACK, positions <= length - 1 + _SLACK)
    positions = ops.clip(ops.where(inside, positions, 0.0), 0.0, length - 1.0)
    before = ops.floor(positions)
    share = positions - before
    before = ops.cast(before, "int32")

    # Behind the last pixel lies none; its share is zero there.
    behind = ops.minimum(before + 1, length - 1)
    return (inside, before, 1 - share), (inside, behind, share)
