"""K-means of poses some of whose joints are missing, in whole numbers: the same on every computer."""

import numpy as np

from pgig.errors import DataError
from pgig.utils.progress import progress_bar
from pgig.utils.random import generator

_RESTARTS, _ROUNDS = 8, 100


def cluster_poses(points, seen, count, seed):
    """The best of several runs of Lloyd's algorithm.

    Args:
        points: (N, 18, 2) int64 coordinates, 0 where missing.
        seen: (N, 18) bool, which joints are there.
        count: number of clusters.
        seed: of the first centres.

    Returns:
        (cluster of each pose (N,), centres (count, 18, 2) int64); no cluster is empty.

    Raises:
        DataError: there are fewer different poses than clusters.
    """
    best = None
    for restart in progress_bar(range(_RESTARTS), "Clustering", "restart"):
        random = generator(seed, "canonical poses", restart)
        found = _k_means(points, seen, _first_centres(points, seen, count, random))
        if best is None or found[0] < best[0]:
            best = found
    _, nearest, centres = best
    if len(np.unique(nearest)) < count:
        raise _too_few(count, len(points))
    return nearest, centres


def squared_distances(points, seen, centre):
    """Sums of squares (N,) int64 over the joints that each of N poses has (see `cluster_poses`)."""
    return (np.where(seen[..., None], points - centre, 0) ** 2).sum(axis=(1, 2))


def _means(points, seen, instead):
    """Mean pose (18, 2), rounded to whole numbers; `instead` for a joint that no pose has."""
    sums, counts = points.sum(axis=0), seen.sum(axis=0)[:, None]
    return np.where(counts > 0, (2 * sums + counts) // np.maximum(2 * counts, 1), instead)


def _first_centres(points, seen, count, random):
    """Poses far from each other (k-means++: Arthur and Vassilvitskii, 2007); the mean pose fills what they lack."""
    if len(points) < count:
        raise _too_few(count, len(points))
    mean = _means(points, seen, 0)
    row, nearest, centres = random.integers(len(points)), None, []
    while True:
        centres.append(np.where(seen[row][:, None], points[row], mean))
        distances = squared_distances(points, seen, centres[-1])
        nearest = distances if nearest is None else np.minimum(nearest, distances)
        if len(centres) == count:
            return np.stack(centres)
        if not nearest.any():
            raise _too_few(count, len(points))
        row = np.searchsorted(np.cumsum(nearest), random.integers(nearest.sum()), side="right")


def _k_means(points, seen, centres):
    """Lloyd's algorithm: (sum of squared distances, cluster of each pose (N,), centres (K, 18, 2))."""
    nearest = None
    for _ in range(_ROUNDS):
        distances = np.stack([squared_distances(points, seen, centre) for centre in centres])
        before, nearest = nearest, distances.argmin(axis=0)
        if before is not None and (before == nearest).all():
            break
        groups = (nearest == cluster for cluster in range(len(centres)))
        centres = np.stack([_means(points[g], seen[g], c) for g, c in zip(groups, centres, strict=True)])
    return distances.min(axis=0).sum(), nearest, centres


def _too_few(count, valid):
    return DataError(
        f"{count} canonical poses are wanted, but only {valid} pictures have a usable pose, or too many are alike: ask "
        "for fewer poses, or check the annotations with `python -m pgig check`."
    )
