"""Reading `scores.csv`, the scores of each pair, with the checks of text that `scores.json` goes through as well."""

import csv
import io
import math
import os

import numpy as np

from pgig.errors import DataError

# Far above what 12,000 pairs need; a larger file is no file of ours.
_LIMIT = 64 << 20


def read_table(path):
    """Read a scores.csv.

    Args:
        path: `pathlib.Path` of the file.

    Returns:
        tuple of (source name, target name), and a dictionary name -> (N,) float64, NaN where undefined.

    Raises:
        DataError: the file is missing, damaged or not of this form.
    """
    text = bounded_text(path, _LIMIT)
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(rows, [])
        if header[:2] != ["from", "to"] or len(set(header)) != len(header):
            raise DataError(
                f"{path} begins with {','.join(header)[:60]!r}, but 'from,to' and columns of different names were "
                "expected: it is damaged; score the pictures again."
            )
        names = [text_line(name, f"{path}: a column's name") for name in header[2:]]
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


def bounded_text(path, limit):
    """Text of a file of bounded size.

    Args:
        path: `pathlib.Path` of the file.
        limit: largest number of bytes.

    Returns:
        str.

    Raises:
        DataError: the file cannot be read, is larger, or is not UTF-8.
    """
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


def text_line(value, where, limit=300):
    """A line of text that a terminal can show.

    Args:
        value: what a file holds.
        where: file and place, for the message.
        limit: largest number of letters.

    Returns:
        `value`.

    Raises:
        DataError: it is something else.
    """
    if not isinstance(value, str) or not value.isprintable() or len(value) > limit:
        raise DataError(
            f"{where} holds {str(value)[:40]!r}, but a line of text was expected: the file is damaged."
        )
    return value
