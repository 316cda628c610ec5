"""Weighted sums of rows of a map, at rows that the flow decides: what all operators that follow a flow compute.

A batch of maps (B, h, w, C) is seen as a table of B*h*w rows. An operator says which rows every output reads, and with
which weights; "outside the picture" is the nearest pixel of the border, so that there is no row of zeros.

The gradient is written out and nothing is kept for it but what was given. Left to automatic differentiation, every
gathered map would be held until the way back. For the same reason the taps are visited in a loop, one at a time.
"""

import keras
import numpy as np
from keras import ops


def weighted_gather(maps, rows, weights):
    """Sum over taps of weight times row.

    Args:
        maps: (B, h, w, C) float.
        rows: (T, N) int32 in [0, B*h*w), as `table_rows` gives them.
        weights: (T, N) float32, or float64 for float64 maps.

    Returns:
        (N, C), dtype of `maps`; sums are those of the dtype of `weights`. Gradients reach the maps and the weights.
    """
    taps = rows.shape[0]

    def read(maps, tap):
        table = ops.reshape(maps, (-1, maps.shape[-1]))
        return ops.cast(ops.take(table, rows[tap], axis=0), weights.dtype)

    def add_up(maps, weights):
        def add(tap, total):
            return total + read(maps, tap) * weights[tap][:, None]

        return ops.cast(one_by_one(1, taps, add, read(maps, 0) * weights[0][:, None]), maps.dtype)

    def maps_gradient(maps, weights, upstream):
        def add(tap, total):
            return _add_at(total, rows[tap], upstream * weights[tap][:, None])

        nothing = ops.zeros_like(ops.reshape(maps, (-1, maps.shape[-1])), dtype=weights.dtype)
        return ops.cast(ops.reshape(one_by_one(0, taps, add, nothing), ops.shape(maps)), maps.dtype)

    def weights_gradient(maps, upstream):
        def put(tap, slopes):
            slope = ops.sum(read(maps, tap) * upstream, axis=-1)
            return ops.scatter_update(slopes, ops.reshape(tap, (1, 1)), slope[None])

        return one_by_one(0, taps, put, ops.zeros_like(weights))

    # PyTorch runs what nothing asks for, too: features of data need no gradient.
    constant = not getattr(maps, "requires_grad", True)

    @ops.custom_gradient
    def gather(maps, weights):
        def gradient(*arguments, upstream=None):
            upstream = ops.cast(arguments[0] if upstream is None else upstream, weights.dtype)
            back = ops.zeros_like(maps) if constant else maps_gradient(maps, weights, upstream)
            return back, weights_gradient(maps, upstream)

        return add_up(maps, weights), gradient

    return gather(maps, weights)


def one_by_one(start, stop, body, value):
    """`ops.fori_loop` over matrices whose turns do not overlap, so that the memory of one is enough for all.

    Args:
        start, stop: of the whole numbers that `body` gets.
        body: function of a number and a (N, M) float tensor, which returns the next one.
        value: the first one.

    Returns:
        (N, M), the last one.
    """
    if keras.backend.backend() != "tensorflow":
        return ops.fori_loop(start, stop, body, value)

    # TensorFlow begins ten turns at once where it may. So the number of the next turn waits for the value of this one:
    # nothing is above infinity, but no graph optimiser knows that of a value.
    def turn(number, value):
        value = body(number, value)
        return number + 1 + ops.cast(value[0, 0] > np.inf, "int32"), value

    return ops.while_loop(lambda number, _: number < stop, turn, (start, value))[1]


def split_position(position, size, margin):
    """Whole and fractional part of a position along one axis.

    Args:
        position: float32 or float64, in pixels; any value.
        size: number of pixels along the axis.
        margin: how many pixels beyond the border every tap reads the border only.

    Returns:
        whole: int32 in [-margin, size - 1 + margin]: the largest pixel that is not above the position.
        fraction: position - whole, in [0, 1), with the gradient of the position; none beyond the margin. Where the
            position is not a number so is the fraction, and `whole` is 0.
    """
    position = ops.clip(position, -margin, size - 1 + margin)
    whole = ops.floor(ops.stop_gradient(position))
    return ops.cast(ops.where(whole == whole, whole, 0), "int32"), position - whole


def neighbours(whole, fraction):
    """The two pixels around a position along one axis, and their weights in linear interpolation: (2, ...) each."""
    return ops.stack([whole, whole + 1]), ops.stack([1 - fraction, fraction])


def table_rows(y, x, size):
    """Row numbers in a flattened batch of maps; both indices are clamped to the map on their own.

    Args:
        y, x: (Ty, B, ...) and (Tx, B, ...) int32, pixels that the taps of each axis read.
        size: (h, w) of the map.

    Returns:
        (Ty*Tx, N) int32: every row of taps with every column of taps, first y, then x; N = size of (B, ...).
    """
    height, width = size
    batch = ops.arange(ops.shape(y)[1], dtype="int32")
    first = ops.reshape(batch * (height * width), (-1, *(1 for _ in y.shape[2:])))
    y = ops.clip(y, 0, height - 1) * width + first
    return _pairs(lambda y, x: y + x, y, ops.clip(x, 0, width - 1))


def tap_weights(y, x):
    """Products of the weights of both axes: (Ty, B, ...), (Tx, B, ...) -> (Ty*Tx, N), in the order of `table_rows`."""
    return _pairs(lambda y, x: y * x, y, x)


def positions(flow):
    """Where the flow points.

    Args:
        flow: (B, h, w, 2) float, x then y, in pixels.

    Returns:
        y, x: (B, h, w), float64 for float64 flows, else float32.
    """
    dtype = wide_dtype(flow)
    flow = ops.cast(flow, dtype)
    y, x = (ops.arange(length, dtype=dtype) for length in flow.shape[1:3])
    return flow[..., 1] + y[:, None], flow[..., 0] + x


def wide_dtype(x):
    """What positions and sums of a tensor of this dtype are computed in: half precision becomes float32."""
    return "float64" if keras.backend.standardize_dtype(x.dtype) == "float64" else "float32"


def _pairs(combine, y, x):
    return ops.reshape(combine(y[:, None], x[None]), (y.shape[0] * x.shape[0], -1))


def _add_at(total, rows, values):
    """Add rows of values (N, C) to rows of a table (M, C)."""
    # TensorFlow's scatter leaves the GPU when runs must repeat to the bit; PyTorch's segment sum knows no float64.
    if keras.backend.backend() == "tensorflow":
        return total + ops.segment_sum(values, rows, ops.shape(total)[0])
    return ops.scatter_update(total, rows[:, None], values, reduction="add")
