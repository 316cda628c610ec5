"""Running a network over any number of pictures in batches of one size."""

import keras
import numpy as np

from pgig.errors import DataError


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


def checked_pixels(pixels, network, dtypes=("uint8",)):
    """Pictures as an array, refused when a network cannot take them.

    Args:
        pixels: (N, H, W, 3), H and W at least 1.
        network: what the message calls the network.
        dtypes: names of the types that it takes.

    Returns:
        `pixels` as a numpy array.

    Raises:
        DataError: `pixels` is of another shape or type.
    """
    pixels = np.asarray(pixels)
    if pixels.ndim != 4 or pixels.shape[-1] != 3 or 0 in pixels.shape[1:] or pixels.dtype not in dtypes:
        raise DataError(
            f"{network} got pictures of shape {pixels.shape} and type {pixels.dtype}: give (N, H, W, 3) "
            f"{' or '.join(dtypes)}."
        )
    return pixels


def _row_shape(output):
    """Shape of one row of a symbolic output; unknown lengths count as 0."""
    return tuple(length or 0 for length in output.shape[1:])
