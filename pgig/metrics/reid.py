"""Re-identification: how well features of pictures find other pictures of the same person.

Zheng et al., "Scalable Person Re-identification: A Benchmark", 2015 (Market-1501). For a query of one person and
camera, gallery pictures of that person from other cameras are *good*; bad boxes (identity -1) and pictures of that
person from the same camera are *junk*, taken out before ranking; everybody else, the distractors (identity 0) too, is
wrong. Two programs of the field define the average precision differently; both definitions are here.
"""

from dataclasses import dataclass

import numpy as np

from pgig.errors import DataError
from pgig.metrics.reid_features import checked_features, normalise
from pgig.utils.random import generator

DEFINITIONS = ("zheng", "torchreid")

# Identity of a badly cut box in Market-1501.
_JUNK = -1

# Distances that are ranked at a time: bounds the memory for any number of queries.
_DISTANCES_AT_A_TIME = 2**22


@dataclass(frozen=True, eq=False)
class Ranking:
    """What the ranked galleries of Q queries say.

    Attributes:
        first_match: (Q,) integers, rank from 1 of the first good picture among those that are not junk; 0 where the
            gallery has no good picture.
        average_precision: dictionary of the two definitions, each (Q,) float64, 0 where there is no good picture.
            "zheng" is the area under the precision-recall curve by trapezoids; "torchreid" the mean precision at
            the good pictures.
    """

    first_match: np.ndarray
    average_precision: dict


def rank_distances(distances, query, gallery):
    """Rank the gallery of each query by a matrix of distances; equal distances keep the gallery's order.

    Args:
        distances: (Q, G), smaller is more alike.
        query: (identities, cameras), each (Q,) integers.
        gallery: (identities, cameras), each (G,) integers.

    Returns:
        `Ranking`.

    Raises:
        DataError: the shapes do not fit, or a distance is not a number.
    """
    distances = np.asarray(distances)
    expected = (len(query[0]), len(gallery[0]))
    if distances.shape != expected:
        raise DataError(
            f"Re-identification got distances of shape {distances.shape} for {expected[0]} queries and {expected[1]} "
            "gallery pictures: give a row per query and a column per gallery picture."
        )
    return _rank_in_chunks(lambda rows: distances[rows], query, gallery)


def rank_features(query_features, gallery_features, query, gallery, metric="cosine"):
    """Rank the gallery of each query by the distance of features.

    Args:
        query_features: (Q, D) float.
        gallery_features: (G, D) float.
        query: (identities, cameras), each (Q,) integers.
        gallery: (identities, cameras), each (G,) integers.
        metric: "cosine": features are first divided by their length, Euclidean distance would then give the same
            order; "euclidean": features as they are.

    Returns:
        `Ranking`.

    Raises:
        DataError: the shapes do not fit, a feature is not finite, or the metric is not known.
    """
    if metric not in ("cosine", "euclidean"):
        raise DataError(f"The distance {metric!r} is not known: give cosine or euclidean.")
    queries = checked_features(query_features, query, "query")
    pictures = checked_features(gallery_features, gallery, "gallery")
    if queries.shape[1] != pictures.shape[1]:
        raise DataError(
            f"The query features have {queries.shape[1]} numbers a picture and the gallery features "
            f"{pictures.shape[1]}: give features of the same network."
        )
    if metric == "cosine":
        queries, pictures = normalise(queries), normalise(pictures)

    # The query's own length shifts its whole row and leaves the order as it is.
    half_lengths = 0.5 * (pictures**2).sum(axis=1) if metric == "euclidean" else 0
    return _rank_in_chunks(lambda rows: half_lengths - queries[rows] @ pictures.T, query, gallery)


def reid_scores(ranking, definition="zheng", ranks=(1, 5, 10)):
    """Scores of a set of queries.

    Args:
        ranking: `Ranking`.
        definition: "zheng": a query without a good picture counts as 0; "torchreid": it is left out. The name also
            chooses the average precision.
        ranks: ranks k of the shares of queries whose first good picture is among the first k.

    Returns:
        dictionary of `rank1`, `rank5`, ... and `mAP`, floats in 0 to 1; NaN when no query counts.

    Raises:
        DataError: the definition is not known.
    """
    if definition not in DEFINITIONS:
        raise DataError(f"The definition {definition!r} is not known: give one of {', '.join(DEFINITIONS)}.")
    first, precision = ranking.first_match, ranking.average_precision[definition]
    if definition == "torchreid":
        first, precision = first[first > 0], precision[first > 0]
    scores = {f"rank{k}": ((first > 0) & (first <= k)).astype(float) for k in ranks} | {"mAP": precision}
    return {name: float(values.mean()) if len(values) else float("nan") for name, values in scores.items()}


def one_per_person_cmc(distances, query_identities, gallery_identities, ranks=(1, 5, 10), repetitions=100, seed=0):
    """Shares of queries found among the first k persons of a gallery with one picture each, as for VIPeR.

    Gray et al., "Evaluating Appearance Models for Recognition, Reacquisition, and Tracking", 2007. Where the gallery
    has several pictures of a person one is drawn, and the shares of many draws are averaged.

    Args:
        distances: (Q, G), smaller is more alike.
        query_identities: (Q,) integers; queries of persons that the gallery lacks are left out.
        gallery_identities: (G,) integers.
        ranks: the ranks k.
        repetitions: number of draws; one when there is nothing to draw.
        seed: integer.

    Returns:
        dictionary of `rank1`, `rank5`, ...: floats in 0 to 1; NaN when no query counts.

    Raises:
        DataError: the shapes do not fit, or a distance is not a number.
    """
    distances = np.asarray(distances)
    people, person = np.unique(gallery_identities, return_inverse=True)
    query_identities = np.asarray(query_identities)
    if distances.shape != (len(query_identities), len(person)):
        raise DataError(
            f"Re-identification got distances of shape {distances.shape} for {len(query_identities)} queries and "
            f"{len(person)} gallery pictures: give a row per query and a column per gallery picture."
        )
    _check_numbers(distances)
    used = np.isin(query_identities, people)
    distances, wanted = distances[used], np.searchsorted(people, query_identities[used])
    order = np.argsort(person, kind="stable")
    counts = np.bincount(person, minlength=len(people))
    starts = np.cumsum(counts) - counts

    shares = []
    for repetition in range(1 if (counts == 1).all() else repetitions):
        drawn = starts + generator(seed, "one picture per person", repetition).integers(counts)
        rows = distances[:, order[drawn]]
        own = np.take_along_axis(rows, wanted[:, None], axis=1)
        # Of equal distances the person with the lower number comes first.
        ahead = (rows < own) | ((rows == own) & (np.arange(len(people)) < wanted[:, None]))
        first = 1 + ahead.sum(axis=1)
        shares.append([np.mean(first <= k) if len(first) else np.nan for k in ranks])
    return {f"rank{k}": float(share) for k, share in zip(ranks, np.mean(shares, axis=0), strict=True)}


def _rank_in_chunks(distances, query, gallery):
    """`Ranking` from a function that gives the distances of a slice of the queries."""
    people, cameras, others, other_cameras = (np.asarray(part) for part in (*query, *gallery))
    first = np.zeros(len(people), np.int64)
    precision = {name: np.zeros(len(people)) for name in DEFINITIONS}
    step = max(1, _DISTANCES_AT_A_TIME // max(1, len(others)))
    for start in range(0, len(people), step):
        rows = slice(start, start + step)
        same = people[rows, None] == others
        near = cameras[rows, None] == other_cameras
        junk = (others == _JUNK) | (same & near)
        found = _rank(distances(rows), same & ~junk, junk)
        first[rows] = found[0]
        for name, values in zip(DEFINITIONS, found[1:], strict=True):
            precision[name][rows] = values
    return Ranking(first, precision)


def _rank(distances, good, junk):
    """First match, and average precision in both definitions, of some queries (q, G)."""
    _check_numbers(distances)
    order = np.argsort(distances, axis=1, kind="stable")
    kept = ~np.take_along_axis(junk, order, axis=1)
    row, column = np.nonzero(np.take_along_axis(good, order, axis=1))
    # Of each good picture: its rank among what is kept, and its number among the good ones of its query.
    rank = np.cumsum(kept, axis=1, dtype=np.int32)[row, column].astype(np.int64)
    matches = np.bincount(row, minlength=len(order))
    number = 1 + np.arange(len(row)) - (np.cumsum(matches) - matches)[row]

    first = np.zeros(len(order), np.int64)
    first[row[number == 1]] = rank[number == 1]
    after = number / rank
    before = np.where(rank > 1, (number - 1) / np.maximum(rank - 1, 1), 1)
    share = np.maximum(matches, 1)
    trapezoids = np.bincount(row, (before + after) / 2, minlength=len(order)) / share
    return first, trapezoids, np.bincount(row, after, minlength=len(order)) / share


def _check_numbers(distances):
    if distances.dtype.kind != "f" or np.isnan(distances).any():
        raise DataError("Re-identification got distances that are not numbers: compute them from finite features.")
