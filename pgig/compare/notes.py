"""The sentences that must stand with the scores of a comparison, and with the published figures beside them."""

import numpy as np

from pgig.compare.bootstrap import LEVEL
from pgig.compare.published import STATUSES
from pgig.compare.records import has_one_reference

# Measured on simulated scores, plain and skewed: 88 to 90% at 10 pairs, 92 to 93% at 30, 94% at 80.
_FEW_PAIRS = 50


def notes_of(comparison):
    """What a reader must know beside the numbers.

    Args:
        comparison: `pgig.compare.records.Comparison`.

    Returns:
        iterator over sentences.
    """
    runs, metrics = comparison.runs, comparison.metrics.values()
    if any(metric.kind != "set" for metric in metrics):
        yield (
            f"Intervals: {LEVEL:.0%}, percentile bootstrap, {comparison.samples} draws of the "
            f"{len(comparison.pairs)} pairs with seed {comparison.seed}. Pairs that share a picture or a person are "
            "not independent, so the intervals are rather too narrow than too wide."
        )
        if len(comparison.pairs) < _FEW_PAIRS:
            yield (
                f"With fewer than {_FEW_PAIRS} pairs a percentile interval holds the true score in about 90% of the "
                "cases only."
            )
        titles = ", ".join(_titles_without_remainder(comparison))
        if titles:
            yield (
                "The protocol counts whole batches only and leaves the last pairs out of the scores, but not out of "
                f"the intervals and paired differences: {titles}."
            )
    if not comparison.same_pairs:
        counts = ", ".join(f"{run.name} {len(run.pairs)}" for run in runs)
        yield (
            f"The runs have different pairs ({counts}): scores are of the {len(comparison.pairs)} pairs that all have, "
            "and there are no scores of whole sets and no baselines."
        )
    if not has_one_reference(runs):
        titles = [
            m.title for m in metrics if m.kind == "set" and any(run.is_distance(m.key) for run in runs)
        ]
        if titles:
            yield f"The runs were compared with different reference sets, so there is no {', '.join(titles)}."
    if any(metric.kind == "set" for metric in metrics):
        titles = ", ".join(metric.title for metric in metrics if metric.kind == "set")
        yield f"Scores of the whole set of pictures have no interval over pairs: {titles}."
    if any(score and score.deviation is not None for row in comparison.scores for score in row.values()):
        yield "± is the standard deviation over the parts of an inception score, not an interval."
        if len({run.result["pairs_sha256"] for run in runs}) > 1:
            yield "The runs list their pairs in different orders, on which an inception score depends a little."
    for number, run in enumerate(runs):
        for metric in run.metrics.values():
            if metric.kind == "pair" and comparison.scores[number][metric.key]:
                undefined = int(np.isnan(comparison.values(number, metric.columns[0])).sum())
                if undefined and undefined < len(comparison.pairs):
                    yield f"{run.name}: {metric.title} is undefined for {undefined} of the pairs."
    told = {}
    for run in runs:
        for note in run.result.get("notes", []):
            told.setdefault(note, []).append(run.name)
    for note, names in told.items():
        yield note if len(names) == len(runs) else f"{', '.join(names)}: {note}"


def published_notes(comparison, published):
    """Sentences that must stand with the published figures.

    Args:
        comparison: `pgig.compare.records.Comparison`.
        published: sequence of `pgig.compare.published.Row`.

    Returns:
        list of str, empty where no published figure is shown.
    """
    shown = [row for row in published if row.figures.keys() & comparison.metrics.keys()]
    if not shown:
        return []
    statuses = {
        row.figures[key].status for row in shown for key in row.figures.keys() & comparison.metrics.keys()
    }
    notes = [
        f"Published figures marked {status}: {STATUSES[status]}." for status in "SQ" if status in statuses
    ]
    notes += dict.fromkeys(row.note for row in shown)
    if (
        not all(str(run.result.get("pair_list")).startswith("published") for run in comparison.runs)
        or not comparison.same_pairs
    ):
        notes.append(
            "The scored pairs are not those of a published list: take the published figures as a guide only."
        )
    return notes


def _titles_without_remainder(comparison):
    """Titles of the metrics over pairs whose scores leave out pairs of which their intervals are."""
    if not comparison.same_pairs:
        # Then every score is computed anew, of all common pairs.
        return
    batches = [_batches(run) for run in comparison.runs]
    for key, metric in comparison.metrics.items():
        dropped = any(
            scores[key] and len(comparison.pairs) % min(found.get(key, 1), len(comparison.pairs))
            for found, scores in zip(batches, comparison.scores, strict=True)
        )
        if metric.kind != "set" and dropped:
            yield metric.title


def _batches(run):
    """key -> `drop_remainder` of its protocol; the file may hold anything."""
    described = (run.result.get("protocol_settings") or {}).get("metrics")
    found = {}
    for entry in described if isinstance(described, list) else ():
        if not isinstance(entry, dict):
            continue
        key, batch = entry.get("key"), entry.get("drop_remainder")
        if isinstance(key, str) and isinstance(batch, int) and batch > 0:
            found[key] = batch
    return found
