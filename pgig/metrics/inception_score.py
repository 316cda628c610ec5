"""The inception score: how confident, and how varied, a classifier finds a set of pictures.

Salimans et al., "Improved Techniques for Training GANs", 2016.
"""

import numpy as np
from scipy.special import xlogy

from pgig.errors import DataError


def inception_score(probabilities, splits=10):
    """Mean and spread of the score over consecutive parts of a list of pictures.

    The order of the pictures matters, because it decides which of them share a part.

    Args:
        probabilities: (N, C) class probabilities of N pictures, rows sum to 1. A probability of 0 counts with
            its limit, 0 * log 0 = 0 (the original gives NaN).
        splits: number of parts; part i is the rows i * N // splits to (i + 1) * N // splits - 1.

    Returns:
        (mean, population standard deviation) over the parts, floats in [1, C].

    Raises:
        DataError: there are fewer pictures than parts.
    """
    probabilities = np.asarray(probabilities, dtype=np.float64)
    count = len(probabilities)
    if count < splits:
        raise DataError(
            f"The inception score got {count} pictures for {splits} parts: it needs at least one picture a "
            "part."
        )
    scores = []
    for i in range(splits):
        part = probabilities[i * count // splits : (i + 1) * count // splits]
        mean = part.mean(axis=0)
        # Where the mean is 0, so is every row's probability.
        surprise = xlogy(part, part) - xlogy(part, np.where(mean > 0, mean, 1))
        scores.append(np.exp(surprise.sum(axis=1).mean()))
    return float(np.mean(scores)), float(np.std(scores))
