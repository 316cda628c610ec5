"""Running a network over any number of pictures in batches of one size."""

import keras
import numpy as np


def in_batches(model, batch_size, *arrays):
    """Outputs of a network for all rows, compiled once: the last batch is filled up with its last row.

    Args:
        model: `keras.Model` of as many inputs as there are arrays, and one output or a list of outputs.
        batch_size: rows that run at a time, at least 1.
        arrays: numpy arrays of the same length N, of the inputs' types.

    Returns:
        numpy array (N, ...), or a list of them where the model has several outputs.
    """
    count = len(arrays[0])
    parts = []
    for start in range(0, count, batch_size):
        rows = [array[start : start + batch_size] for array in arrays]
        used = len(rows[0])
        if used < batch_size:
            rows = [np.concatenate([row, np.repeat(row[-1:], batch_size - used, axis=0)]) for row in rows]
        outputs = model.predict_on_batch(rows if len(rows) > 1 else rows[0])
        parts.append([np.asarray(output)[:used] for output in keras.tree.flatten(outputs)])
    if not parts:
        parts = [[np.zeros((0, *_row_shape(output)), np.float32) for output in keras.tree.flatten(model.output)]]
    joined = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return joined if len(joined) > 1 else joined[0]


def _row_shape(output):
    """Shape of one row of a symbolic output; unknown lengths count as 0."""
    return tuple(length or 0 for length in output.shape[1:])
