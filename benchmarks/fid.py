"""The Fréchet distance of this package against the matrix square root of scipy: `python benchmarks/fid.py`.

Prints seconds a distance, the ratio, and the difference of the values, for features as many as Inception's, in one
run. Both get the same means and covariances, except where there are fewer pictures than features. The floor: the
eigenvalues of one symmetric matrix of that size, which every exact form has to find.
"""

import os
import sys
import time
from pathlib import Path

# Limits of the linear-algebra libraries are read when they are first imported.
THREADS = 2
os.environ.setdefault("OPENBLAS_NUM_THREADS", str(THREADS))
sys.path.append(str(Path(__file__).resolve().parents[1]))

import numpy as np  # noqa: E402
from scipy.linalg import sqrtm  # noqa: E402

from pgig.metrics.fid import frechet_distance, statistics  # noqa: E402

DIMENSIONS = 2048
ROUNDS = 2


def fastest(function):
    """Shortest of several runs, in seconds, and what the last one returned."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        result = function()
        times.append(time.perf_counter() - start)
    return min(times), result


def plain(reference, generated):
    """The published programs: `scipy.linalg.sqrtm` of the product of the covariances."""
    (mean1, covariance1), (mean2, covariance2) = reference, generated
    if not np.isfinite(root := sqrtm(covariance1 @ covariance2)).all():
        shift = 1e-6 * np.eye(len(mean1))
        root = sqrtm((covariance1 + shift) @ (covariance2 + shift))
    return np.square(mean1 - mean2).sum() + np.trace(covariance1 + covariance2) - 2 * np.trace(root).real


def compare(label, reference, generated, few=False):
    """Measure both programs on two sets of features and print a line for each; ours gets the features of `few`."""
    fitted = statistics(reference), statistics(generated)
    base, expected = fastest(lambda: plain(*fitted))
    seconds, value = fastest(lambda: frechet_distance(*((reference, generated) if few else fitted)))
    print(f"{label:<34}{'scipy.linalg.sqrtm':<20}{base:8.2f}{1:8.1f}")
    print(f"{'':<34}{'ours':<20}{seconds:8.2f}{base / seconds:8.1f}   value differs by {value / expected - 1:.0e}")


def main():
    cores = sorted(os.sched_getaffinity(0))[:THREADS]
    os.sched_setaffinity(0, cores)
    print(f"{len(cores)} cores, numpy {np.__version__}, {DIMENSIONS} features")
    print(f"{'features':<34}{'program':<20}{'seconds':>8}{'ratio':>8}")

    generator = np.random.default_rng(0)
    mixing = np.eye(DIMENSIONS) + 0.2 * generator.standard_normal((DIMENSIONS, DIMENSIONS)) / np.sqrt(DIMENSIONS)
    many = generator.standard_normal((2, 4 * DIMENSIONS, DIMENSIONS)) @ mixing
    compare("well-conditioned covariances", many[0], 1.1 * many[1] + 0.1)

    # Standard deviations of principal directions fall by a thousand, as those of a network's features do.
    falling = np.geomspace(1, 1e-3, DIMENSIONS)
    compare("ill-conditioned covariances", many[0] * falling, (1.1 * many[1] + 0.1) * falling)

    compare("1,000 pictures (features given)", many[0, :1000], 1.1 * many[1, :1000] + 0.1, few=True)


if __name__ == "__main__":
    main()
