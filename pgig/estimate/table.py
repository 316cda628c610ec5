"""An annotation table that grows row by row, and that a killed program can go on with.

A row is written and handed to the operating system before the next picture is looked at, so that a killed program loses
the row in work and nothing else. What is left of a half-written row is removed at the next start. Beside the table lies
a small file that says what its rows were made with: rows of different estimators are not comparable and are not mixed.
"""

import codecs
import json
import os
from pathlib import Path

from pgig.errors import DataError
from pgig.pose.files import HEADER, format_row, parse_row, read_annotations
from pgig.utils.files import storage_errors, write_text

MARK_SUFFIX = ".made-with.json"

# Rows between two waits for the disk: a power failure may cost that many, a killed program none.
_ROWS_A_SYNC = 64


class GrowingTable:
    """An annotation table to append to; a context manager.

    Args:
        path: path of the table; it is begun where it is missing. Parent folders are made.
        made_with: {name: plain value}: what decides on the joints, for instance estimator and threshold.
        mix: whether to append to a table that was made with something else, or of which nobody knows.

    Entering it raises a `DataError` where the table was made with something else, and `mix` is False.

    Attributes:
        names: set of the names that have a row already.

    Raises:
        DataError: the table is damaged.
        StorageError: it cannot be written.
    """

    def __init__(self, path, made_with, mix=False):
        self.path, self._made_with, self._mix = Path(path), made_with, mix
        self.names = set()
        self._file, self._unsynced = None, 0
        if self.path.exists():
            _drop_half_row(self.path)
            self.names = set(read_annotations(self.path).names)
        else:
            write_text(self.path, HEADER + "\n")
        if not self.names:
            write_text(mark_of(self.path), json.dumps(made_with, indent=1, sort_keys=True) + "\n")

    def __enter__(self):
        if self.names and not self._mix:
            _require_same(self.path, self._made_with)
        with storage_errors(self.path):
            self._file = open(self.path, "a", encoding="utf-8")
        return self

    def __exit__(self, *exception):
        with storage_errors(self.path), self._file:
            os.fsync(self._file.fileno())

    def append(self, name, keypoints):
        """Add a row.

        Args:
            name: file name of the picture, of which `fault_of_name` says nothing.
            keypoints: (18, 3) y, x, visible; coordinates are rounded to whole pixels.

        Raises:
            StorageError: the disk is full.
        """
        with storage_errors(self.path):
            self._file.write(format_row(name, keypoints) + "\n")
            self._file.flush()
            self._unsynced += 1
            if self._unsynced == _ROWS_A_SYNC:
                os.fsync(self._file.fileno())
                self._unsynced = 0
        self.names.add(name)


def mark_of(path):
    """Path of the file that says what the rows of a table were made with."""
    path = Path(path)
    return path.with_name(path.name + MARK_SUFFIX)


def fault_of_name(name):
    """Why a file name cannot stand in an annotation table, as a clause, or None."""
    if ":" in name or "\n" in name or "\r" in name or name != name.strip():
        return "its name has a colon, a line break, or a blank at an end, which the table cannot hold: rename it"
    try:
        name.encode()
    except UnicodeEncodeError:
        return "its name is not Unicode text: rename it"
    return None


def _drop_half_row(path):
    """Remove a last line that was left unfinished; one that only lacks its line break gets it."""
    with storage_errors(path), open(path, "rb+") as file:
        content = file.read()
        start = content.rfind(b"\n") + 1
        last = content[start:]
        if last.removeprefix(codecs.BOM_UTF8).strip() == HEADER.encode() or _is_row(last):
            file.write(b"\n")
        elif start:
            file.truncate(start)


def _is_row(line):
    try:
        parse_row(line.decode())
    except (DataError, UnicodeDecodeError):
        return False
    return True


def _require_same(path, made_with):
    mark = mark_of(path)
    try:
        earlier = json.loads(mark.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        earlier = None
    # As it comes back from a file: a tuple is a list there.
    made_with = json.loads(json.dumps(made_with))
    if earlier == made_with:
        return
    ways = "give another table, remove this one to begin anew, or add --mix to append nevertheless"
    if not (isinstance(earlier, dict) and earlier):
        raise DataError(f"{path} holds rows, but not how they were made ({mark.name} is missing or damaged): {ways}.")
    key = next(key for key in (*made_with, *earlier) if earlier.get(key) != made_with.get(key))
    raise DataError(
        f"{path} was made with {key} {earlier.get(key)}, now it is {made_with.get(key)}, and rows of both would not be "
        f"comparable: {ways}."
    )
