"""Reading the scores that an earlier test left behind: `scores.json` and `scores.csv` of one folder.

The files may come from anywhere, so everything in them is checked before it is used, and what is wrong is said in one
sentence.
"""

import json
import math
import re
from pathlib import Path

from pgig.compare.records import Metric, Run
from pgig.compare.scores_csv import bounded_text, read_table, text_line
from pgig.data.pairs import pairs_hash
from pgig.errors import DataError

KINDS = ("pair", "ratio", "set")

# Far above what 50 metrics need; a larger file is no file of ours.
_JSON_LIMIT = 16 << 20
_METRIC_LIMIT = 100
_DEPTH_LIMIT = 100

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
    result = _parse_json(bounded_text(path, _JSON_LIMIT), path)
    metrics = _metrics(result, path)
    values = {key: _value(result.get(key), f"{path}: {key}") for key in metrics}
    baselines = _baselines(result, metrics, path)
    for key in ("protocol", "dataset", "method", "checkpoint"):
        if result.get(key) is not None:
            text_line(result[key], f"{path}: {key}")
    if not isinstance(result.get("protocol"), str):
        raise DataError(
            f"{path} names no protocol: it is no scores.json of pgig; make one with `pgig evaluate`."
        )
    for note in _of_type(result.get("notes", []), list, f"{path}: notes"):
        text_line(note, f"{path}: notes", limit=2000)
    for key in ("protocol_settings", "reference_set", "pictures"):
        _of_type(result.get(key) or {}, dict, f"{path}: {key}")
    for word in (result.get("pictures") or {}).values():
        if word is not None:
            text_line(word, f"{path}: pictures", limit=4096)

    pairs, columns = read_table(table)
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
        names = tuple(text_line(column, where) for column in columns)
        metrics[key] = Metric(key, text_line(entry.get("title", key), where), better, kind, names)
    return metrics


def _baselines(result, metrics, path):
    baselines = {}
    described = _of_type(result.get("baselines") or {}, dict, f"{path}: baselines")
    for name, scores in list(described.items())[:_METRIC_LIMIT]:
        where = f"{path}: the baseline {name[:40]!r}"
        scores = _of_type(scores, dict, where)
        baselines[text_line(name, where)] = {key: _value(scores.get(key), where) for key in metrics}
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
