"""A comparison as files: comparison.csv, comparison-pairs.csv and comparison.json."""

import csv
import io
import json
from dataclasses import asdict

import numpy as np

from pgig.compare.bootstrap import LEVEL
from pgig.compare.notes import published_notes
from pgig.compare.published import STATUSES
from pgig.data.pairs import pairs_hash
from pgig.utils.files import write_text


def methods_csv(comparison, published=()):
    """comparison.csv: one row for each run, baseline and published method.

    The columns of a metric: its score; `_low` and `_high`, its interval; `_deviation`, of an inception score;
    `_difference` (with `_low` and `_high`), the paired difference to the first run; `_status`, of a published figure.

    Args:
        comparison: `pgig.compare.records.Comparison`.
        published: sequence of `pgig.compare.published.Row`.

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
        comparison: `pgig.compare.records.Comparison`.

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
        comparison: `pgig.compare.records.Comparison`.
        published: sequence of `pgig.compare.published.Row`.

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


def _named(key, record, parts):
    """Columns of a `Score` or `Difference`; digits as Python writes them, nothing where there is nothing."""
    found = {part: getattr(record, part, None) for part in parts}
    names = {part: key if part == "value" else f"{key}_{part}" for part in parts}
    return {names[part]: repr(value) for part, value in found.items() if value is not None}
