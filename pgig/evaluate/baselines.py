"""The mean of the training targets, the plainest guess at a picture: a baseline that any method must beat."""

import numpy as np

from pgig.data.pairs import read_pairs
from pgig.errors import DataError, PgigError
from pgig.utils.progress import progress_bar


def training_mean(images, options):
    """Mean picture of the targets of the training pairs, or None (and a line saying so) when there are none."""
    path = options.data.pairs_file_train
    try:
        targets = np.unique(images.numbers(read_pairs(path), path)[:, 1])
    except PgigError as error:
        print(f"No baseline from the mean of the training targets: {error}")
        return None
    bar = progress_bar(targets, "Mean of training targets", "picture")
    return mean_picture(images.pixels(number)[None] for number in bar)


def mean_picture(batches):
    """The mean of many pictures.

    Args:
        batches: iterable of (B, H, W, 3) uint8, for instance the targets of the training pairs.

    Returns:
        (H, W, 3) uint8, rounded.

    Raises:
        DataError: there is no picture.
    """
    total, count = 0, 0
    for pixels in batches:
        total = total + np.asarray(pixels).sum(axis=0, dtype=np.int64)
        count += len(pixels)
    if not count:
        raise DataError("The mean picture of nothing was asked for: the list of training pairs is empty.")
    return np.rint(total / count).astype(np.uint8)
