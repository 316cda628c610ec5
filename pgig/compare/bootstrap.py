"""Confidence intervals of scores by the bootstrap over pairs (Efron and Tibshirani, 1993, chapter 13: percentiles).

Every score here is a quotient of two sums over pairs: a mean is the sum of the values over the number of values, a
share is hits over tries. So one draw of N pairs, with replacement, needs nothing but the sums of the columns weighted
by how often each pair was drawn, and one matrix product serves all metrics of all runs. That all columns see the same
draws is what makes differences between runs paired.
"""

import numpy as np

from pgig.utils.progress import progress_bar
from pgig.utils.random import generator

LEVEL = 0.95

# Numbers drawn at a time: 12,000 pairs are done in blocks of 83 draws, 40 MB in all.
_BLOCK = 1_000_000


def mean_terms(values):
    """A mean as a quotient of sums.

    Args:
        values: (N,) float; NaN where the score is undefined: such a pair is left out.

    Returns:
        numerators, denominators: (N,) float64.
    """
    values = np.asarray(values, np.float64)
    defined = np.isfinite(values)
    return np.where(defined, values, 0.0), defined.astype(np.float64)


def ratio_terms(numerators, denominators):
    """A quotient of sums, without the pairs of which one of the two is undefined.

    Args:
        numerators, denominators: (N,) float; NaN where undefined.

    Returns:
        numerators, denominators: (N,) float64.
    """
    numerators, denominators = np.asarray(numerators, np.float64), np.asarray(denominators, np.float64)
    defined = np.isfinite(numerators) & np.isfinite(denominators)
    return np.where(defined, numerators, 0.0), np.where(defined, denominators, 0.0)


def quotient(numerators, denominators):
    """The quotient of two arrays of sums; NaN where the lower one is 0."""
    safe = np.where(denominators == 0, 1.0, denominators)
    return np.where(denominators == 0, np.nan, numerators / safe)


def resampled_sums(columns, samples=2000, seed=0, show=False):
    """Sums of the columns over N rows drawn with replacement, many times; the same rows for all columns.

    Args:
        columns: (N, K) float64, finite.
        samples: number of draws.
        seed: integer; the same seed gives the same draws.
        show: whether to show a progress bar.

    Returns:
        (samples, K) float64.
    """
    columns = np.asarray(columns, np.float64)
    rows, block = len(columns), max(1, _BLOCK // max(1, len(columns)))
    sums = np.zeros((samples, columns.shape[1]))
    if not rows:
        return sums
    random = generator(seed, "bootstrap")
    with progress_bar(desc="Intervals", unit="draw", total=samples, show=show) as bar:
        for first in range(0, samples, block):
            count = min(block, samples - first)
            drawn = random.integers(0, rows, (count, rows), dtype=np.int32)
            # One histogram for all draws of the block: each draw counts in its own range.
            drawn += (np.arange(count, dtype=np.int32) * rows)[:, None]
            times = np.bincount(drawn.ravel(), minlength=count * rows).reshape(count, rows)
            sums[first : first + count] = times @ columns
            bar.update(count)
    return sums


def interval(draws, level=LEVEL):
    """Percentile interval.

    Args:
        draws: (samples,) float64, the score of each draw; NaN where a draw held no pair with a score.
        level: share of the draws between the two ends.

    Returns:
        (low, high), or None where no draw has a score.
    """
    draws = draws[np.isfinite(draws)]
    if not len(draws):
        return None
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def common_terms(first, second):
    """Terms of two runs with the pairs set to zero that lack a denominator in one of them.

    Args:
        first, second: (numerators, denominators), (N,) each.

    Returns:
        numerators and denominators of the first, then of the second: four (N,) arrays.
    """
    both = (first[1] > 0) & (second[1] > 0)
    return tuple(np.where(both, column, 0.0) for column in (*first, *second))
