"""Examples of pairs for the page: their pictures read from the folders of the runs, with their scores."""

from pathlib import Path

import numpy as np

from pgig.compare.compare import plain_names
from pgig.compare.tables import short
from pgig.errors import DataError, PgigError
from pgig.layouts.listing import LAYOUTS, list_pairs
from pgig.report.report import Examples, ranked_examples
from pgig.utils.progress import progress_bar

# Scores below a picture.
_CAPTIONS = 6

# Entries of `pictures` in scores.json.
_PICTURES = ("folder", "layout", "reference", "pairs_file")


def galleries_of(comparison, count, show=False):
    """Galleries of the best, median and worst pairs.

    Args:
        comparison: `pgig.compare.records.Comparison`.
        count: at most so many pairs in each; 0: none.
        show: whether to show a progress bar while pictures are read.

    Returns:
        list of `pgig.report.report.Examples`, and a list of sentences about pictures that could not be shown.
    """
    key = ranking_metric(comparison)
    if key is None or not count:
        return [], []
    readers, reasons = _readers(comparison)
    if not any(readers):
        return [], reasons
    metric = comparison.metrics[key]
    having = [number for number, scores in enumerate(comparison.scores) if scores[key]]
    mean = np.mean([comparison.values(number, metric.columns[0]) for number in having], axis=0)
    chosen = ranked_examples(-mean if metric.better == "lower" else mean, count)
    bar = progress_bar(desc="Examples", unit="pair", total=sum(map(len, chosen.values())), show=show)
    galleries = []
    with bar:
        for kind, numbers in chosen.items():
            rows = []
            for number in numbers:
                rows.append(_example(comparison, readers, number, key, mean[number], reasons))
                bar.update()
            if rows:
                columns = ("source", "target", *(run.name for run in comparison.runs))
                if all(cells[0][1] is None for _, cells in rows):
                    columns, rows = columns[1:], [(caption, cells[1:]) for caption, cells in rows]
                title = f"{kind.capitalize()} pairs by {metric.title}, mean of the runs"
                galleries.append(
                    Examples(title, columns, tuple(rows), "All scores of all pairs: comparison-pairs.csv.")
                )
    return galleries, list(dict.fromkeys(reasons))


def _example(comparison, readers, number, key, mean, reasons):
    """Caption and pictures of one pair; what cannot be read is told in `reasons`."""
    pictures, source, target = [], None, None
    for index, reader in enumerate(readers):
        pair = None
        try:
            pair = reader(number) if reader else None
        except PgigError as error:
            reasons.append(f"{comparison.runs[index].name}: a picture is not shown. {error}")
        if pair is not None:
            source = pair.source if source is None else source
            target = pair.target if target is None else target
        pictures.append((_pair_caption(comparison, index, number), pair.generated if pair else None))
    names = [" ".join(name.split()) for name in comparison.pairs[number]]
    caption = f"{' → '.join(names)}, {comparison.metrics[key].title} {short(mean)}"
    return caption, (("", source), ("", target), *pictures)


def _pair_caption(comparison, run, number):
    """The first scores of a run for a pair, a line each."""
    parts = []
    for key, metric in comparison.metrics.items():
        if comparison.scores[run][key] and metric.kind == "pair":
            value = comparison.values(run, metric.columns[0])[number]
            parts.append(f"{metric.title} {value:.3f}" if np.isfinite(value) else f"{metric.title} –")
        elif comparison.scores[run][key] and metric.kind == "ratio":
            hits, tries = (comparison.values(run, column)[number] for column in metric.columns)
            parts.append(f"{metric.title} {hits:g}/{tries:g}")
    return "\n".join(parts[:_CAPTIONS])


def _readers(comparison):
    """For each run a function from the number of a pair to its pictures, or None; why it is None."""
    readers, reasons = [], []
    for run, rows in zip(comparison.runs, comparison.rows, strict=True):
        try:
            readers.append(_reader(run, rows))
        except PgigError as error:
            readers.append(None)
            reasons.append(f"{run.name}: no pictures are shown. {error}")
    return readers, reasons


def _reader(run, rows):
    # Files of earlier versions do not say where the pictures are: beside them.
    told = run.result.get("pictures") or {"folder": str(run.folder), "layout": "triptych"}
    folder, layout, reference, pairs_file = (told.get(key) for key in _PICTURES)
    if folder is None or layout not in LAYOUTS:
        raise DataError("Its scores.json does not say where they are: score them again.")
    if not Path(folder).is_dir() and Path(folder).name == run.folder.name:
        # The run was moved as a whole.
        folder = str(run.folder)
    found = list_pairs(folder, layout, reference=reference, pairs_file=pairs_file)
    places = {plain_names(pair): number for number, pair in reversed(list(enumerate(found.names)))}

    def read(number):
        pair = run.pairs[rows[number]]
        place = places.get(plain_names(pair))
        if place is None:
            raise DataError(f"There is no picture of {' and '.join(pair)} in {folder}: score them again.")
        return found.read(place)

    return read


def ranking_metric(comparison):
    """Key of SSIM, else of the first metric that has a value for each pair; None where there is none."""
    found = [
        key
        for key, metric in comparison.metrics.items()
        if metric.kind == "pair" and any(scores[key] for scores in comparison.scores)
    ]
    return "ssim" if "ssim" in found else next(iter(found), None)
