"""comparison.html: the scores of runs beside baselines and published figures, plots of the intervals, and examples."""

import numpy as np

from pgig.compare.bootstrap import LEVEL
from pgig.compare.examples import galleries_of, ranking_metric
from pgig.compare.notes import published_notes
from pgig.compare.tables import ARROWS, short
from pgig.data.pairs import pairs_hash
from pgig.report.figures import COLOURS
from pgig.report.report import Cell, Figure, Intervals, Table, report
from pgig.utils.words import counted

# Metrics beside each other in one table: more would not fit on a sheet of paper.
_COLUMNS = 5

# Points of a curve: more would not be seen.
_POINTS = 200


def write_page(path, comparison, published=(), title="Comparison", examples=4, show=False):
    """Write the page.

    Args:
        path: the HTML file.
        comparison: `pgig.compare.records.Comparison`.
        published: sequence of `pgig.compare.published.Row`.
        title: heading.
        examples: at most so many best, median and worst pairs each; 0: none.
        show: whether to show a progress bar while pictures are read.

    Returns:
        list of sentences about pictures that could not be shown.

    Raises:
        StorageError: the file cannot be written.
    """
    galleries, reasons = galleries_of(comparison, examples, show)
    notes = (*published_notes(comparison, published), *comparison.notes, *reasons)
    report(
        path,
        title,
        tables=[
            *_score_tables(comparison, published, notes),
            *_difference_tables(comparison),
            _origins(comparison),
        ],
        figures=_figures(comparison),
        images=galleries,
        subtitle=_subtitle(comparison),
    )
    return reasons


def _subtitle(comparison):
    """Protocol, data set and pairs; what the protocol says of itself."""
    first = comparison.runs[0].result
    settings = first.get("protocol_settings") or {}
    dataset = f" of {first['dataset']}" if first.get("dataset") else ""
    digest = pairs_hash(comparison.pairs)[:16]
    lead = f"Protocol {first['protocol']}, {counted(len(comparison.pairs), 'pair')}{dataset} (SHA-256 {digest}…)"
    words = (
        f"{key.capitalize()}: {str(settings[key])[:400]}."
        for key in ("source", "pictures")
        if settings.get(key)
    )
    return (lead, *words)


def _score_tables(comparison, published, notes):
    """Methods x metrics, the intervals below the scores; the notes stand below the last table."""
    tables, parts = [], _parts(comparison.metrics)
    for number, part in enumerate(parts, start=1):
        best = {key: comparison.best(key) for key in part}
        runs = tuple(
            (run.name, *(_score_cell(scores[key], index in best[key]) for key in part))
            for index, (run, scores) in enumerate(zip(comparison.runs, comparison.scores, strict=True))
        )
        baselines = tuple(
            (name, *(_score_cell(scores[key]) for key in part))
            for name, scores in comparison.baselines.items()
            if any(scores[key] for key in part)
        )
        printed = tuple(
            (_method_cell(row, part), *(_published_cell(row.figures.get(key)) for key in part))
            for row in published
            if row.figures.keys() & set(part)
        )
        groups = (f"Baselines of {comparison.runs[0].name}", baselines), ("Published", printed)
        tables.append(
            Table(
                _numbered("Scores", number, len(parts)),
                ("", *(_heading(comparison.metrics[key]) for key in part)),
                runs,
                notes if number == len(parts) else "",
                tuple((heading, rows) for heading, rows in groups if rows),
                first_stands_out=False,
            )
        )
    return tables


def _difference_tables(comparison):
    """Are the others better than the first run? Metrics without a value for each pair are left out."""
    found = [key for key in comparison.metrics if any(row[key] for row in comparison.differences)]
    tables, parts = [], _parts(found)
    for number, part in enumerate(parts, start=1):
        rows = tuple(
            (run.name, *(_difference_cell(differences[key]) for key in part))
            for run, differences in zip(comparison.runs[1:], comparison.differences, strict=True)
        )
        header = ("", *(_heading(comparison.metrics[key]) for key in part))
        note = (
            f"Score less that of {comparison.runs[0].name} over the pairs that both have, with the {LEVEL:.0%} "
            "interval of this paired difference. Undecided: the interval holds 0."
        )
        title = _numbered(f"Better than {comparison.runs[0].name}?", number, len(parts))
        tables.append(
            Table(title, header, rows, note if number == len(parts) else "", first_stands_out=False)
        )
    return tables


def _origins(comparison):
    """Where each run comes from."""
    rows = []
    for run in comparison.runs:
        digest = f"SHA-256 {run.result['pairs_sha256'][:16]}…"
        listed = run.result.get("pair_list")
        pairs = f"{listed[:60]} list\n{digest}" if isinstance(listed, str) else digest
        # The first column may break its lines anywhere.
        files = "\n".join([str(run.folder), *filter(None, [run.result.get("checkpoint")])])
        rows.append((Cell(run.name, files), run.result.get("method"), Cell(str(len(run.pairs)), pairs)))
    header = ("folder and weights", "method", "pairs")
    return Table("Runs", header, tuple(rows), first_stands_out=False)


def _figures(comparison):
    """Points and intervals of each metric over pairs; how SSIM is spread over the pairs."""
    names = [run.name for run in comparison.runs]
    panels = {}
    for key, metric in comparison.metrics.items():
        found = zip(names, (scores[key] for scores in comparison.scores), strict=True)
        points = [(name, score.value, score.low, score.high) for name, score in found if score]
        if metric.kind != "set" and points:
            panels[_heading(metric)] = points
    figures = [Intervals(f"Scores and their {LEVEL:.0%} intervals", panels)] if panels else []

    key = ranking_metric(comparison)
    if key is not None:
        metric, curves = comparison.metrics[key], {}
        for number, name in enumerate(names[: len(COLOURS)]):
            values = comparison.values(number, metric.columns[0])
            values = values[np.isfinite(values)]
            if len(values):
                shares = np.linspace(0, 1, min(_POINTS, len(values)))
                curves[name] = (np.quantile(values, shares), 100 * shares)
        note = "" if len(names) <= len(COLOURS) else f"The first {len(COLOURS)} runs."
        figures.append(
            Figure(f"{metric.title} over the pairs", curves, metric.title, "% of the pairs below", note)
        )
    return figures


def _parts(keys):
    """Metrics by the table; of about equal width."""
    keys = list(keys)
    count = -(-len(keys) // _COLUMNS)
    return [list(part) for part in np.array_split(np.array(keys, object), count)] if keys else []


def _numbered(title, number, count):
    return title if count == 1 else f"{title} ({number} of {count})"


def _heading(metric):
    return metric.title + ARROWS[metric.better].replace(" ", "\u00a0")


def _score_cell(score, best=False):
    if score is None:
        return Cell("–")
    small = f"{short(score.low)}\u00a0…\u00a0{short(score.high)}" if score.low is not None else ""
    if score.deviation is not None:
        small = f"±\u00a0{short(score.deviation)}"
    return Cell(short(score.value), small, best)


def _difference_cell(found):
    if found is None:
        return Cell("–")
    ends = f"{found.low:+.4f}\u00a0…\u00a0{found.high:+.4f}"
    return Cell(f"{found.value:+.4f}", f"{ends}\n{found.verdict}")


def _method_cell(row, part):
    """Name of a published method, and where its figures were read."""
    sources = (figure.source for key, figure in row.figures.items() if key in part)
    return Cell(row.method, "; ".join(dict.fromkeys(sources)))


def _published_cell(figure):
    if figure is None:
        return Cell("–")
    return Cell(figure.text if figure.status == "R" else f"{figure.text} {figure.status}")
