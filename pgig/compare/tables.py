"""A comparison as text: lines for the terminal, comparison.csv, comparison-pairs.csv and comparison.json."""

import csv
import io
import json
from dataclasses import asdict

import numpy as np

from pgig.compare.bootstrap import LEVEL
from pgig.compare.published import STATUSES
from pgig.data.pairs import pairs_hash
from pgig.utils.files import write_text

ARROWS = {"higher": " ↑", "lower": " ↓", None: ""}


def short(value):
    """A score with four digits after the point, less where there are more before it.

    Args:
        value: float or None.

    Returns:
        str, a dash for None.

    Example:
        >>> short(0.25), short(18.457), short(None)
        ('0.2500', '18.457', '–')
    """
    if value is None:
        return "–"
    return f"{value:.{4 if abs(value) < 10 else 3 if abs(value) < 100 else 2}f}"


def terminal_table(comparison, published=(), width=100):
    """The scores as lines of text: a line of scores and a line of intervals for each run, the best marked with `*`.

    Args:
        comparison: `pgig.compare.compare.Comparison`.
        published: sequence of `pgig.compare.published.Row`.
        width: letters in a line; metrics that find no room stand in a table below.

    Returns:
        str, without a newline at the end.
    """
    columns = [("", *_methods(comparison, published))]
    columns += [
        (_heading(metric), *_column(comparison, published, key)) for key, metric in comparison.metrics.items()
    ]
    # The titles of the differences are longer than names and have the line for themselves.
    first = max(len(text) for text, *others in zip(*columns, strict=True) if any(others))
    blocks = [[]]
    for column in columns[1:]:
        used = first + sum(2 + max(map(len, other)) for other in [*blocks[-1], column])
        if blocks[-1] and used > width:
            blocks.append([])
        blocks[-1].append(column)
    return "\n\n".join(_text([columns[0], *block], first) for block in blocks)


def published_notes(comparison, published):
    """Sentences that must stand with the published figures.

    Args:
        comparison, published: see `terminal_table`.

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


def methods_csv(comparison, published=()):
    """comparison.csv: one row for each run, baseline and published method.

    The columns of a metric: its score; `_low` and `_high`, its interval; `_deviation`, of an inception score;
    `_difference` (with `_low` and `_high`), the paired difference to the first run; `_status`, of a published figure.

    Args:
        comparison, published: see `terminal_table`.

    Returns:
        str.
    """
    rows = []
    for number, (run, scores) in enumerate(zip(comparison.runs, comparison.scores, strict=True)):
        row = {"method": run.name, "kind": "run"}
        for key, score in scores.items():
            row |= _named(key, score, ("value", "low", "high", "deviation"))
            if number:
                difference = comparison.differences[number - 1][key]
                row |= _named(f"{key}_difference", difference, ("value", "low", "high"))
        rows.append(row)
    for name, scores in comparison.baselines.items():
        row = {"method": name, "kind": "baseline"}
        for key, score in scores.items():
            row |= _named(key, score, ("value", "deviation"))
        rows.append(row)
    for line in published:
        row = {"method": line.method, "kind": "published"}
        for key, figure in line.figures.items():
            if key in comparison.metrics:
                row |= {key: figure.text, f"{key}_status": figure.status}
        if len(row) > 2:
            rows.append(row)
    parts = (
        "",
        "_low",
        "_high",
        "_deviation",
        "_difference",
        "_difference_low",
        "_difference_high",
        "_status",
    )
    names = ["method", "kind", *(key + part for key in comparison.metrics for part in parts)]
    used = {name for row in rows for name in row}
    text = io.StringIO()
    writer = csv.DictWriter(text, [name for name in names if name in used], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def pairs_csv(comparison):
    """comparison-pairs.csv: one row for each common pair; the columns of all runs beside each other.

    Args:
        comparison: `pgig.compare.compare.Comparison`.

    Returns:
        str; the columns are called `<column> <run>`.
    """
    names = list(dict.fromkeys(column for run in comparison.runs for column in run.columns))
    columns = {
        f"{name} {run.name}": comparison.values(number, name).tolist()
        for name in names
        for number, run in enumerate(comparison.runs)
        if name in run.columns
    }
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["from", "to", *columns])
    for pair, *values in zip(comparison.pairs, *columns.values(), strict=True):
        writer.writerow([*pair, *("" if np.isnan(value) else repr(value) for value in values)])
    return text.getvalue()


def as_dictionary(comparison, published=()):
    """All that was found, ready for JSON.

    Args:
        comparison, published: see `terminal_table`.

    Returns:
        dict: `protocol`, `protocol_settings`, `dataset`, `pairs`, `pairs_sha256`, `level`, `samples`, `seed`,
            `metrics`, `runs` (each with `scores` and `difference_to_first`), `baselines`, `published`, `notes`.
    """
    first = comparison.runs[0].result
    runs = []
    for number, (run, scores) in enumerate(zip(comparison.runs, comparison.scores, strict=True)):
        entry = {
            "name": run.name,
            "folder": str(run.folder),
            **{
                key: run.result.get(key)
                for key in ("method", "checkpoint", "pairs", "pairs_sha256", "versions")
            },
            "scores": {key: asdict(score) if score else None for key, score in scores.items()},
        }
        if number:
            differences = comparison.differences[number - 1].items()
            entry["difference_to_first"] = {
                key: asdict(found) if found else None for key, found in differences
            }
        runs.append(entry)
    return {
        "protocol": first["protocol"],
        "protocol_settings": first.get("protocol_settings"),
        "dataset": first.get("dataset"),
        "pairs": len(comparison.pairs),
        "pairs_sha256": pairs_hash(comparison.pairs),
        "level": LEVEL,
        "samples": comparison.samples,
        "seed": comparison.seed,
        "metrics": {key: asdict(metric) for key, metric in comparison.metrics.items()},
        "runs": runs,
        "baselines": {
            name: {key: score.value if score else None for key, score in scores.items()}
            for name, scores in comparison.baselines.items()
        },
        "published": [
            {"method": row.method, "figures": {key: asdict(figure) for key, figure in row.figures.items()}}
            for row in published
        ],
        "published_statuses": STATUSES,
        "notes": [*published_notes(comparison, published), *comparison.notes],
    }


def write_files(folder, comparison, published=()):
    """Write comparison.csv, comparison-pairs.csv and comparison.json into a folder.

    Raises:
        StorageError: they cannot be written.
    """
    write_text(f"{folder}/comparison.csv", methods_csv(comparison, published))
    write_text(f"{folder}/comparison-pairs.csv", pairs_csv(comparison))
    text = json.dumps(as_dictionary(comparison, published), indent=2, ensure_ascii=False)
    write_text(f"{folder}/comparison.json", text + "\n")


def _methods(comparison, published):
    """The first column of the terminal's table."""
    for run in comparison.runs:
        yield from (run.name, "")
    yield from (f"({name})" for name in comparison.baselines)
    yield from (f"[{row.method}]" for row in published)
    for run in comparison.runs[1:]:
        yield from (f"{run.name} - {comparison.runs[0].name}:", "", "", "")


def _column(comparison, published, key):
    """A column of the terminal's table; a letter after each score is its mark."""
    best = comparison.best(key)
    for number, scores in enumerate(comparison.scores):
        yield _value(scores[key]) + ("*" if number in best else " ")
        yield _ends(scores[key])
    yield from (_value(scores[key]) + " " for scores in comparison.baselines.values())
    for row in published:
        figure = row.figures.get(key)
        yield f"{figure.text}{' ' if figure.status == 'R' else figure.status}" if figure else "– "
    for differences in comparison.differences:
        found = differences[key]
        yield ""
        if found is None:
            yield from ("– ", "", "")
        else:
            yield from (f"{found.value:+.4f} ", f"{found.low:+.4f}..{found.high:+.4f} ", f"{found.verdict} ")


def _heading(metric):
    return metric.title + ARROWS[metric.better] + " "


def _text(columns, first):
    """Lines of a table; rows that say nothing about these columns are left out."""
    widths = [max(map(len, column)) + 2 for column in columns[1:]]
    lines = []
    for name, *cells in zip(*columns, strict=True):
        if name.startswith(("[", "(")) and not any(cell.strip(" –") for cell in cells):
            continue
        if name or any(cells):
            padded = (cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
            lines.append((name.ljust(first) + "".join(padded)).rstrip())
    return "\n".join(lines)


def _value(score):
    return short(score.value if score else None)


def _ends(score):
    """The second line of a score: interval, or deviation."""
    if score is None:
        return ""
    if score.low is not None:
        return f"{short(score.low)}..{short(score.high)} "
    return "" if score.deviation is None else f"±{short(score.deviation)} "


def _named(key, record, parts):
    """Columns of a `Score` or `Difference`; digits as Python writes them, nothing where there is nothing."""
    found = {part: getattr(record, part, None) for part in parts}
    names = {part: key if part == "value" else f"{key}_{part}" for part in parts}
    return {names[part]: repr(value) for part, value in found.items() if value is not None}
