"""The Fréchet distance of two sets of features; of Inception features it is called FID.

Heusel et al., "GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium", 2017.

The published programs take the matrix square root of the product of both covariances. Its trace is all that is
needed, and that is the sum of the singular values of A B^T for any A, B with A^T A and B^T B the covariances: it is
a sum of numbers that are never negative, needs no small multiple of the identity added where a covariance is
singular, and takes less time.
"""

import numpy as np
from scipy.linalg import lapack

from pgig.errors import DataError
from pgig.utils.words import counted

# Rows whose covariance is added up at a time: a copy in float64 of all features would double the memory.
_ROWS_AT_A_TIME = 4096

# Largest possible error of the sum of singular values, as a part of it, up to which they may be taken from a squared
# matrix. The real one is by orders of magnitude smaller, because rounding has no preferred direction.
_SQUARED_ERROR = 1e-9


def frechet_distance(reference, generated):
    """Squared Fréchet distance of two normal distributions fitted to features.

    It is symmetric, and exact in float64. For few pictures it is too large: compare only values of the same numbers
    of pictures.

    Args:
        reference: (N, D) features of N pictures, N at least 2; or their (mean (D,), covariance (D, D)), as
            `statistics` gives them.
        generated: the same of the other set, the number of pictures may differ. For fewer pictures than D give the
            features: their covariance is singular, and rounding has blurred it.

    Returns:
        float, at least 0.

    Raises:
        DataError: there are fewer than 2 pictures, the sets have different dimensions, or a value is not finite.
    """
    first, second = _Fitted(reference, "reference"), _Fitted(generated, "generated")
    if len(first.mean) != len(second.mean):
        raise DataError(
            f"The Fréchet distance got {len(first.mean)} features a picture in the reference set and "
            f"{len(second.mean)} in the generated set: take both from the same network."
        )
    means = np.square(first.mean - second.mean).sum()
    shared = _sum_of_singular_values(first.factor @ second.factor.T)
    # Rounding may leave a little less than nothing between equal sets.
    return max(float(means + (first.trace - shared) + (second.trace - shared)), 0.0)


def statistics(features):
    """Mean and sample covariance of features, summed in float64.

    Args:
        features: (N, D) finite numbers, N at least 2.

    Returns:
        (mean (D,), covariance (D, D) with divisor N - 1), float64.

    Raises:
        DataError: there are fewer than 2 pictures, or a value is not finite.
    """
    features = _checked(features, "feature")
    mean = features.mean(axis=0, dtype=np.float64)
    covariance = np.zeros((len(mean), len(mean)))
    for start in range(0, len(features), _ROWS_AT_A_TIME):
        rows = features[start : start + _ROWS_AT_A_TIME] - mean
        covariance += rows.T @ rows
    return mean, covariance / (len(features) - 1)


class _Fitted:
    """Mean, trace of the covariance, and a factor: (R, D) with factor^T factor = covariance."""

    def __init__(self, data, name):
        if isinstance(data, tuple):
            self.mean, covariance = _checked_statistics(data, name)
        else:
            features = _checked(data, f"{name} set")
            if len(features) < features.shape[1]:
                # The centred rows are a factor of fewer rows than any other, and an exact one.
                self.mean = features.mean(axis=0, dtype=np.float64)
                self.factor = (features - self.mean) / np.sqrt(len(features) - 1)
                self.trace = np.square(self.factor).sum()
                return
            self.mean, covariance = statistics(features)
        self.factor, self.trace = _factor(covariance), np.trace(covariance)


def _checked(features, name):
    features = np.asarray(features)
    if features.ndim != 2 or features.dtype.kind not in "fiu":
        raise DataError(
            f"The Fréchet distance got an array {features.shape} {features.dtype} as {name}: give numbers (N, D), "
            "one row a picture."
        )
    if len(features) < 2:
        raise DataError(
            f"The Fréchet distance got {counted(len(features), 'picture')} as {name}: a covariance needs at least 2, "
            "and more pictures than features to mean something."
        )
    wrong = np.flatnonzero(~np.isfinite(features).all(axis=1))
    if len(wrong):
        raise DataError(
            f"The Fréchet distance got a {name} in which the features of {len(wrong)} of {len(features)} pictures are "
            f"not finite (first: number {wrong[0] + 1}): compute them again, and check the network's weight file."
        )
    return features


def _checked_statistics(data, name):
    mean, covariance = (np.asarray(array, dtype=np.float64) for array in data)
    if mean.ndim != 1 or covariance.shape != (len(mean), len(mean)):
        raise DataError(
            f"The Fréchet distance got a mean {mean.shape} with a covariance {covariance.shape} for the {name} set: "
            "give (D,) and (D, D)."
        )
    if not (np.isfinite(mean).all() and np.isfinite(covariance).all()):
        raise DataError(
            f"The Fréchet distance got statistics of the {name} set that are not finite: compute them again from "
            "finite features."
        )
    return mean, covariance


def _factor(covariance):
    """(R, D) matrix F with F^T F = covariance, R its rank."""
    try:
        return np.linalg.cholesky(covariance).T
    except np.linalg.LinAlgError:
        # Singular: some features are constant, or follow from others. With pivots, the factor ends at the rank.
        upper, pivots, rank, _ = lapack.dpstrf(covariance)
        factor = np.zeros((rank, len(covariance)))
        factor[:, pivots - 1] = np.triu(upper)[:rank]
        return factor


def _sum_of_singular_values(matrix):
    """Sum of the singular values of a matrix: the trace of the square root of matrix^T matrix."""
    if not matrix.size:
        return 0.0
    # The eigenvalues of the square take a quarter of the time. They carry an error relative to the largest of them,
    # and the root of a small one magnifies it: whether that matters is known afterwards.
    squared = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
    eigenvalues = np.linalg.eigvalsh(squared)
    error = 8 * np.finfo(np.float64).eps * eigenvalues[-1]
    roots = np.sqrt(np.maximum(eigenvalues, error))
    if (error / roots).sum() <= _SQUARED_ERROR * roots.sum():
        return roots.sum()
    return np.linalg.svd(matrix, compute_uv=False).sum()
