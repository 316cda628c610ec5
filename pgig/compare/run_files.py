"""Reading the scores that an earlier test left behind: `scores.json` and `scores.csv` of one folder.

The files may come from anywhere, so everything in them is checked before it is used, and what is wrong is said in one
sentence.
"""

import csv
import io
import json
import math
import os
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pgig.data.pairs import pairs_hash
from pgig.errors import DataError

KINDS = ("pair", "ratio", "set")

# Far above what 12,000 pairs or 50 metrics need; a larger file is no file of ours.
_JSON_LIMIT, _CSV_LIMIT = 16 << 20, 64 << 20
_METRIC_LIMIT, _TEXT_LIMIT = 100, 300
_DEPTH_LIMIT = 100


@dataclass(frozen=True)
class Metric:
    """What a metric of a run is.

    Attributes:
        key: its name in the files.
        title: its name in tables.
        better: "higher", "lower" or None.
        kind: "pair" (mean over pairs), "ratio" (quotient of two sums over pairs) or "set" (of all pictures at once).
        columns: its columns in scores.csv: one, two, or none.
    """

    key: str
    title: str
    better: str | None
    kind: str
    columns: tuple


@dataclass(frozen=True)
class Run:
    """The scores of one run.

    Attributes:
        name: how tables call it.
        folder: where its files lie.
        result: what scores.json holds, a dictionary.
        metrics: key -> `Metric`, in the order of the file.
        values: key -> (score, standard deviation or None); None for the score where it is undefined.
        baselines: name -> {key: (score, deviation)}.
        pairs: tuple of (source name, target name).
        columns: name -> (N,) float64, NaN where undefined.
    """

    name: str
    folder: Path
    result: dict
    metrics: dict
    values: dict
    baselines: dict
    pairs: tuple
    columns: dict


# Files of earlier versions do not describe their metrics.
_FIRST_METRICS = (
    Metric("ssim", "SSIM", "higher", "pair", ("ssim",)),
    Metric("masked_ssim", "mask SSIM", "higher", "pair", ("masked_ssim",)),
    Metric("l1", "L1", "lower", "pair", ("l1",)),
    Metric("inception_score", "IS", "higher", "set", ()),
    Metric("masked_inception_score", "mask IS", "higher", "set", ()),
)


def read_run(path, name):
    """Read one run.

    Args:
        path: folder of scores.json and scores.csv, or the path of a scores.json, beside which the table lies.
        name: name of the run in tables.

    Returns:
        `Run`.

    Raises:
        DataError: a file is missing, damaged or not of this form, or the two do not belong together.
    """
    path = Path(path)
    path = path / "scores.json" if path.is_dir() else path
    table = path.with_suffix(".csv")
    result = _parse_json(_read(path, _JSON_LIMIT), path)
    metrics = _metrics(result, path)
    values = {key: _value(result.get(key), f"{path}: {key}") for key in metrics}
    baselines = _baselines(result, metrics, path)
    for key in ("protocol", "dataset", "method", "checkpoint"):
        if result.get(key) is not None:
            _text(result[key], f"{path}: {key}")
    if not isinstance(result.get("protocol"), str):
        raise DataError(
            f"{path} names no protocol: it is no scores.json of pgig; make one with `pgig evaluate`."
        )
    for note in _of_type(result.get("notes", []), list, f"{path}: notes"):
        _text(note, f"{path}: notes", limit=2000)
    for key in ("protocol_settings", "reference_set", "pictures"):
        _of_type(result.get(key) or {}, dict, f"{path}: {key}")
    for word in (result.get("pictures") or {}).values():
        if word is not None:
            _text(word, f"{path}: pictures", limit=4096)

    pairs, columns = _parse_csv(_read(table, _CSV_LIMIT), table)
    for key, metric in metrics.items():
        missing = [column for column in metric.columns if column not in columns]
        # What could not be computed has no column.
        if metric.kind != "set" and missing and values[key][0] is not None:
            raise DataError(
                f"{table} has no column {missing[0]!r}, which {path.name} names: score the pictures again."
            )
    count = result.get("pairs")
    if count != len(pairs):
        raise DataError(
            f"{path} speaks of {str(count)[:40]} pairs and {table.name} has {len(pairs)}: they are not of one test; "
            "score the pictures again."
        )
    if result.get("pairs_sha256") != pairs_hash(pairs):
        raise DataError(f"{table} lists other pairs than {path.name} was made of: score the pictures again.")
    return Run(name, path.parent, result, metrics, values, baselines, pairs, columns)


def _read(path, limit):
    """Text of a file of bounded size."""
    try:
        # A pipe or a device would never end.
        if path.exists() and not path.is_file():
            raise DataError(f"{path} is no file: name a folder that holds scores.json and scores.csv.")
        if os.stat(path).st_size > limit:
            raise DataError(f"{path} is larger than {limit >> 20} MiB: it is no file of scores.")
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({error.strerror}): name a folder that holds scores.json and scores.csv."
        ) from None
    except (UnicodeDecodeError, ValueError):
        raise DataError(f"{path} is not UTF-8 text: it is damaged; score the pictures again.") from None


def _parse_json(text, path):
    def refuse(word):
        raise ValueError(f"{word} is no number")

    try:
        result = json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        what = str(error)[:100]
        raise DataError(f"{path} is not JSON ({what}): it is damaged; score the pictures again.") from None
    if _depth(result) > _DEPTH_LIMIT:
        raise DataError(f"{path} is nested more than {_DEPTH_LIMIT} deep: it is no file of scores.")
    return _of_type(result, dict, str(path))


def _depth(value):
    """How deep lists and dictionaries are nested: writing a deep one back would end in a traceback."""
    level, depth = [value], 0
    while level and depth <= _DEPTH_LIMIT:
        inner = [
            item.values() if isinstance(item, dict) else item
            for item in level
            if isinstance(item, dict | list)
        ]
        level, depth = [item for items in inner for item in items], depth + 1
    return depth


def _metrics(result, path):
    """The metrics that the file describes; those of old files are known."""
    if "metrics" not in result:
        return {metric.key: metric for metric in _FIRST_METRICS if metric.key in result}
    described = _of_type(result["metrics"], dict, f"{path}: metrics")
    if len(described) > _METRIC_LIMIT:
        raise DataError(
            f"{path} describes {len(described)} metrics: at most {_METRIC_LIMIT} can be compared."
        )
    metrics = {}
    for key, entry in described.items():
        where = f"{path}: the metric {key[:40]!r}"
        if not re.fullmatch(r"[A-Za-z0-9_.-]{1,60}", key):
            raise DataError(f"{where} has no name of letters, digits and underscores: the file is damaged.")
        entry = _of_type(entry, dict, where)
        kind, better = entry.get("kind"), entry.get("better")
        columns = _of_type(entry.get("columns", []), list, where)
        sizes = {"pair": 1, "ratio": 2, "set": len(columns)}
        if kind not in KINDS or better not in ("higher", "lower", None) or len(columns) != sizes[kind]:
            raise DataError(
                f"{where} needs a kind (pair, ratio, set), better (higher, lower, null) and one column, or two for a "
                "ratio: the file is damaged; score the pictures again."
            )
        names = tuple(_text(column, where) for column in columns)
        metrics[key] = Metric(key, _text(entry.get("title", key), where), better, kind, names)
    return metrics


def _baselines(result, metrics, path):
    baselines = {}
    described = _of_type(result.get("baselines") or {}, dict, f"{path}: baselines")
    for name, scores in list(described.items())[:_METRIC_LIMIT]:
        where = f"{path}: the baseline {name[:40]!r}"
        scores = _of_type(scores, dict, where)
        baselines[_text(name, where)] = {key: _value(scores.get(key), where) for key in metrics}
    return baselines


def _value(value, where):
    """(score, deviation) of a number, of [mean, deviation], or of nothing."""
    parts = value if isinstance(value, list) else [value, None]
    if len(parts) == 2 and all(part is None or _is_number(part) for part in parts):
        return tuple(None if part is None else float(part) for part in parts)
    raise DataError(f"{where} is {str(value)[:40]!r}, but a number, [mean, deviation] or null was expected.")


def _is_number(value):
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:
        return False


def _of_type(value, kind, where):
    if not isinstance(value, kind):
        words = {dict: "an object {...}", list: "a list [...]"}
        raise DataError(
            f"{where} is {str(value)[:40]!r}, but {words[kind]} was expected: the file is damaged."
        )
    return value


def _text(value, where, limit=_TEXT_LIMIT):
    """A line of text that a terminal can show."""
    if not isinstance(value, str) or not value.isprintable() or len(value) > limit:
        raise DataError(
            f"{where} holds {str(value)[:40]!r}, but a line of text was expected: the file is damaged."
        )
    return value


def _parse_csv(text, path):
    """The pairs, and a dictionary of the columns."""
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(rows, [])
        if header[:2] != ["from", "to"] or len(set(header)) != len(header):
            raise DataError(
                f"{path} begins with {','.join(header)[:60]!r}, but 'from,to' and columns of different names were "
                "expected: it is damaged; score the pictures again."
            )
        names = [_text(name, f"{path}: a column's name") for name in header[2:]]
        pairs, values = [], []
        for row in rows:
            if len(row) != len(header):
                raise DataError(
                    f"{path}, line {rows.line_num} has {len(row)} fields, but {len(header)} are expected."
                )
            pairs.append((row[0], row[1]))
            values.append([_number(cell, path, rows.line_num) for cell in row[2:]])
    except csv.Error as error:
        raise DataError(f"{path}, line {rows.line_num} is not comma-separated text: {error}.") from None
    if not pairs:
        raise DataError(f"{path} lists no pair: there is nothing to compare.")
    array = np.array(values, np.float64).reshape(len(pairs), len(names))
    return tuple(pairs), {name: array[:, number].copy() for number, name in enumerate(names)}


def _number(cell, path, line):
    """The number in a cell; NaN for an empty one."""
    if not cell:
        return math.nan
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    # Python takes 1_0 for ten.
    if not math.isfinite(value) or "_" in cell:
        raise DataError(f"{path}, line {line}: {cell[:40]!r} is no number: the file is damaged.")
    return value
