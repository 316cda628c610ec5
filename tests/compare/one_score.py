"""One score, or one difference of two, by the bootstrap: what `pgig.compare.compare` does for all at once."""

import numpy as np

from pgig.compare.bootstrap import common_terms, interval, quotient, resampled_sums


def estimate(terms, samples=2000, seed=0):
    """(score, low, high) of the numerators and denominators of pairs, or None where it is undefined."""
    terms = np.stack(terms, axis=1)
    ends = interval(quotient(*resampled_sums(terms, samples, seed).T))
    return None if ends is None else (float(quotient(*terms.sum(axis=0))), *ends)


def difference(first, second, samples=2000, seed=0):
    """(difference, low, high) of the scores of two runs over the same pairs, or None where it is undefined."""
    terms = np.stack(common_terms(first, second), axis=1)
    (a, n, b, m), sums = terms.sum(axis=0), resampled_sums(terms, samples, seed).T
    ends = interval(quotient(sums[2], sums[3]) - quotient(sums[0], sums[1]))
    return None if ends is None else (float(quotient(b, m) - quotient(a, n)), *ends)
