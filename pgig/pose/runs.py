"""Painting runs of pixels: whatever is convex is one run a row, and all runs of a batch are painted at once.

A run adds its value where it begins and takes it away behind its end; sums along the rows do the rest. The cost
is that of the runs and of one pass over the picture, however large the shapes are.
"""

from keras import ops


def paint_runs(rows, first, last, values, size):
    """Sum, for each pixel, of the values of the runs that cover it.

    Args:
        rows, first, last: (B, ...) whole numbers in any float type: row, first and last column of a run. Runs may
            leave the picture, or lie outside; one with `last` before `first` is empty.
        values: (B, ...) whole numbers; 0 paints nothing. All sums, also of runs side by side, must stay below
            2^24.
        size: (height, width) in pixels.

    Returns:
        (B, H, W) float32, exact.
    """
    height, width = size
    batch, cells = ops.shape(rows)[0], height * width
    painted = ops.logical_and(first <= last, ops.logical_and(rows >= 0, rows < height))
    values = ops.where(painted, ops.cast(values, "float32"), 0.0)

    # A run left of the picture begins and ends in the same column, which adds and takes away the same. Behind the
    # right border nothing has to be added or taken away.
    line, places, steps = ops.clip(rows, 0, height - 1) * width, [], []
    for column, step in ((first, values), (last + 1, -values)):
        places.append(ops.reshape(line + ops.clip(column, 0, width - 1), (batch, -1)))
        steps.append(ops.reshape(ops.where(column < width, step, 0.0), (batch, -1)))

    # Pictures are told apart in whole numbers: cells of a large batch are more than a float32 can count.
    places = ops.cast(ops.concatenate(places, axis=1), "int32") + cells * ops.arange(batch, dtype="int32")[:, None]
    places, steps = ops.reshape(places, (-1,)), ops.reshape(ops.concatenate(steps, axis=1), (-1,))
    steps = ops.segment_sum(steps, places, num_segments=batch * cells)
    return ops.cumsum(ops.reshape(steps, (batch, height, width)), axis=2)
