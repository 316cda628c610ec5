"""Runs beside each other: their scores with intervals, their paired differences, and the baselines of the first.

Only what was measured in the same way is compared: one protocol, one data set, and for scores over pairs the pairs
that all runs have.
"""

from collections import Counter

import numpy as np

from pgig.compare.bootstrap import common_terms, interval, mean_terms, quotient, ratio_terms, resampled_sums
from pgig.compare.notes import notes_of
from pgig.compare.records import Comparison, Difference, Score, has_one_reference
from pgig.errors import DataError
from pgig.layouts.pictures import stem

# Settings that describe a protocol and change no score.
_WORDS = {"source", "pictures", "pair_lists"}


def compare(runs, samples=2000, seed=0, show=False):
    """Compare runs.

    Args:
        runs: sequence of `Run` with different names, at least one.
        samples, seed: see `pgig.compare.bootstrap.resampled_sums`.
        show: whether to show a progress bar.

    Returns:
        `Comparison`.

    Raises:
        DataError: the runs were not scored in the same way, or have no pair in common.
    """
    runs = tuple(runs)
    _require_one_protocol(runs)
    metrics = _common_metrics(runs)
    pairs, rows = _common_pairs(runs)
    same = all(len(run.pairs) == len(pairs) for run in runs)
    terms = [
        {key: _terms(run, metric, at) for key, metric in metrics.items() if metric.kind != "set"}
        for run, at in zip(runs, rows, strict=True)
    ]
    one_reference = has_one_reference(runs)
    columns, places = _collect(terms)
    sums = columns.sum(axis=0)
    draws = resampled_sums(columns, samples, seed, show)

    scores, differences = [], []
    for number, run in enumerate(runs):
        scores.append(
            {
                key: _set_score(run, key, same, one_reference)
                if metric.kind == "set"
                else _pair_score(run, key, places.get((key, number)), sums, draws, same)
                for key, metric in metrics.items()
            }
        )
        if number:
            differences.append(
                {key: _difference(metrics[key], places, number, sums, draws) for key in metrics}
            )
    baselines = {
        name: {
            key: Score(value[0], deviation=value[1]) if value[0] is not None else None
            for key, value in row.items()
        }
        for name, row in (runs[0].baselines.items() if same else ())
    }
    baselines = {name: {key: row.get(key) for key in metrics} for name, row in baselines.items()}
    result = Comparison(
        runs, metrics, pairs, rows, same, tuple(scores), tuple(differences), baselines, samples, seed
    )
    result.notes.extend(notes_of(result))
    return result


def _common_metrics(runs):
    """The metrics of all runs; the same key must mean the same everywhere."""
    metrics = {}
    for run in runs:
        for key, metric in run.metrics.items():
            known = metrics.setdefault(key, metric)
            if (known.kind, known.better, known.columns) != (metric.kind, metric.better, metric.columns):
                raise DataError(
                    f"{run.name} describes the metric {key} otherwise than {runs[0].name}: they were scored by "
                    "different versions; score both again."
                )
    return metrics


def _require_one_protocol(runs):
    first = runs[0]
    for run in runs[1:]:
        for key, what in (("protocol", "the protocol"), ("dataset", "the data set"), ("size", "pictures of the size")):
            ours, theirs = first.result.get(key), run.result.get(key)
            if ours is not None and theirs is not None and ours != theirs:
                raise DataError(
                    f"{first.name} was scored under {what} {str(ours)[:80]} and {run.name} under {what} "
                    f"{str(theirs)[:80]}: such scores cannot be compared; score both in the same way."
                )
        ours, theirs = (one.result.get("protocol_settings") or {} for one in (first, run))
        other = sorted(key for key in ours.keys() - _WORDS if key in theirs and ours[key] != theirs[key])
        if other:
            raise DataError(
                f"The protocol {first.result['protocol']} of {first.name} has another {other[0][:60]!r} than that of "
                f"{run.name}: such scores cannot be compared; score both with the same version."
            )


def _common_pairs(runs):
    """The pairs of all runs in the order of the first, and their positions in the table of each."""
    tables = [dict(zip(_numbered(run.pairs), range(len(run.pairs)), strict=True)) for run in runs]
    common = [pair for pair in tables[0] if all(pair in table for table in tables[1:])]
    if not common:
        raise DataError(
            f"{runs[0].name} and {' and '.join(run.name for run in runs[1:])} have no pair in common: score the same "
            "test pairs with each."
        )
    rows = tuple(np.array([table[pair] for pair in common]) for table in tables)
    return tuple(runs[0].pairs[row] for row in rows[0]), rows


def plain_names(pair):
    """The names of a pair without the extensions of pictures, which other programs change.

    Args:
        pair: (source name, target name).

    Returns:
        tuple of two str.
    """
    return tuple(map(stem, pair))


def _numbered(pairs):
    """Plain pairs with a count, because a list may hold the same pair twice."""
    seen = Counter()
    for pair in map(plain_names, pairs):
        yield (*pair, seen[pair])
        seen[pair] += 1


def _terms(run, metric, rows):
    """Numerators and denominators of a metric for the common pairs; None where the run has no score."""
    if run.values.get(metric.key, (None, None))[0] is None:
        return None
    columns = [run.columns[column][rows] for column in metric.columns]
    return mean_terms(*columns) if metric.kind == "pair" else ratio_terms(*columns)


def _collect(terms):
    """All terms that are to be summed as one matrix, and what stands where.

    Returns:
        (N, K) float64, and a dictionary (key, run) or (key, run, "against the first") -> list of columns.
    """
    columns, places = [], {}

    def place(name, parts):
        places[name] = list(range(len(columns), len(columns) + len(parts)))
        columns.extend(parts)

    for number, row in enumerate(terms):
        for key, own in row.items():
            if own is not None:
                place((key, number), own)
                if number and terms[0][key] is not None:
                    place((key, number, "against the first"), common_terms(terms[0][key], own))
    return np.stack(columns, axis=1) if columns else np.zeros((0, 0)), places


def _pair_score(run, key, at, sums, draws, same_pairs):
    if at is None:
        return None
    value, deviation = run.values[key]
    ends = interval(quotient(*draws[:, at].T))
    # The score of the file where it is of the same pairs: some protocols leave a remainder out.
    return (
        None if ends is None else Score(value if same_pairs else float(quotient(*sums[at])), *ends, deviation)
    )


def _set_score(run, key, same_pairs, one_reference):
    """A score of the whole set is another score for other pairs, and for another reference set."""
    value, deviation = run.values.get(key, (None, None))
    if value is None or not same_pairs or (run.is_distance(key) and not one_reference):
        return None
    return Score(value, deviation=deviation)


def _difference(metric, places, number, sums, draws):
    at = places.get((metric.key, number, "against the first"))
    if at is None:
        return None
    first, own = at[:2], at[2:]
    ends = interval(quotient(*draws[:, own].T) - quotient(*draws[:, first].T))
    if ends is None:
        return None
    value = float(quotient(*sums[own]) - quotient(*sums[first]))
    return Difference(value, *ends, _verdict(metric.better, *ends))


def _verdict(better, low, high):
    if low <= 0 <= high:
        return "undecided"
    if better is None:
        return "different"
    return "better" if (low > 0) == (better == "higher") else "worse"
