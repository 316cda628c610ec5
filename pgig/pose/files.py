"""Annotation tables: a line per picture, `name:keypoints_y:keypoints_x`, as pose-gan and its heirs write it.

The two fields after the name are JSON lists of 18 integers, in pixels of the picture as stored; -1 marks a
missing joint. Some programs write a blank after each colon and some do not; both are read.
"""

import json
from dataclasses import dataclass

import numpy as np

from pgig.errors import DataError
from pgig.pose.joints import MISSING, NAMES
from pgig.utils.files import write_text

HEADER = "name:keypoints_y:keypoints_x"

# A coordinate beyond this is no pixel of any picture, and float32 could not hold it exactly.
_LARGEST = 2**24


@dataclass(frozen=True, eq=False)
class AnnotationTable:
    """The pictures of an annotation file and their poses, in file order.

    Attributes:
        names: list of N file names, all different.
        keypoints: (N, 18, 3) float32: y and x in pixels, visible 0 or 1. A missing joint is (-1, -1, 0).
    """

    names: list
    keypoints: np.ndarray

    def __len__(self):
        return len(self.names)


def read_annotations(path):
    """Read an annotation table, strictly.

    Args:
        path: path of the file.

    Returns:
        `AnnotationTable`; empty when the file holds only the header.

    Raises:
        DataError: the file is missing, empty, not UTF-8, or a line does not have the format; the message
            names the file and the line.
    """
    lines = _read_text(path).split("\n")
    if lines[0].strip() != HEADER:
        raise DataError(
            f"{path}, line 1: found {_quote(lines[0])}, but an annotation table begins with the header "
            f"{HEADER}; add that line or give the right file."
        )

    first_line, coordinates = {}, []
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        try:
            name, row = parse_row(line)
        except DataError as error:
            raise DataError(f"{path}, line {number}: {error}") from None
        if name in first_line:
            raise DataError(
                f"{path}, line {number}: the name {_quote(name)} was already on line {first_line[name]}; "
                f"keep one row per picture."
            )
        first_line[name] = number
        coordinates.append(row)

    # (N, 2, 18) as stored -> (N, 18, 2): rows first, one joint after the other.
    coordinates = np.array(coordinates, np.int64).reshape(-1, 2, len(NAMES)).transpose(0, 2, 1)
    return AnnotationTable(list(first_line), add_visibility(coordinates))


def write_annotations(path, names, keypoints, blank=True):
    """Write an annotation table, atomically.

    Args:
        path: path of the file.
        names: N file names.
        keypoints: (N, 18, 3) y, x, visible; coordinates are rounded to whole pixels.
        blank: whether a blank follows each colon.
    """
    rows = [format_row(name, pose, blank) for name, pose in zip(names, keypoints, strict=True)]
    write_text(path, "\n".join([HEADER, *rows, ""]))


def format_row(name, keypoints, blank=True):
    """One line of an annotation table, without the line break.

    Args:
        name: file name of the picture.
        keypoints: (18, 3) y, x, visible.
        blank: whether a blank follows each colon.
    """
    keypoints = np.asarray(keypoints)
    visible = keypoints[:, 2:] > 0
    rows, columns = np.where(visible, np.rint(keypoints[:, :2]), MISSING).astype(int).T.tolist()
    return (": " if blank else ":").join([name, json.dumps(rows), json.dumps(columns)])


def parse_row(line):
    """Split one line of an annotation table.

    Args:
        line: text of the line.

    Returns:
        The name, and two lists of 18 integers: rows and columns as they stand in the file.

    Raises:
        DataError: the line does not have the format; the message names neither file nor line.
    """
    fields = [field.strip() for field in line.split(":")]
    if len(fields) != 3 or not fields[0]:
        raise DataError(
            f"found {len(fields)} field(s) separated by ':' in {_quote(line)}, expected three ({HEADER}); "
            f"mend or remove the line."
        )
    return fields[0], [_parse_list(field) for field in fields[1:]]


def add_visibility(coordinates):
    """Turn the file border's -1 into a visibility flag.

    Args:
        coordinates: (..., 18, 2) y, x; a joint is missing when either number is -1.

    Returns:
        (..., 18, 3) float32 y, x, visible; a missing joint is (-1, -1, 0).
    """
    coordinates = np.asarray(coordinates)
    visible = (coordinates != MISSING).all(-1, keepdims=True)
    return np.concatenate([np.where(visible, coordinates, MISSING), visible], -1).astype(np.float32)


def _parse_list(text):
    # json.loads also fails on numbers of thousands of digits and on brackets nested without end.
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        values = None
    whole = isinstance(values, list) and all(type(v) is int and abs(v) <= _LARGEST for v in values)
    if not whole or len(values) != len(NAMES):
        raise DataError(
            f"found {_quote(text)} where a JSON list of {len(NAMES)} integers (pixels, {MISSING} = missing) "
            f"is expected; mend or remove the line."
        )
    return values


def _read_text(path):
    try:
        with open(path, "rb") as file:
            text = file.read().decode("utf-8-sig")
    except OSError as error:
        raise DataError(
            f"The annotation table {path} cannot be read ({error.strerror}): give an existing file."
        ) from error
    except UnicodeDecodeError as error:
        raise DataError(
            f"The annotation table {path} is not UTF-8 text (byte {error.start}): it is damaged or another "
            f"kind of file; save it as UTF-8 or give the right file."
        ) from error
    if not text.strip():
        raise DataError(f"The annotation table {path} is empty: it should at least hold the header {HEADER}.")
    return text


def _quote(text, limit=60):
    text = text.strip()
    return repr(text if len(text) <= limit else text[: limit - 3] + "...")
