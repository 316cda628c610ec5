"""Comma files that say which generated picture belongs to which real one."""

import csv
import io
from dataclasses import dataclass, replace
from pathlib import Path

from pgig.errors import DataError

# The list in a folder of numbered pictures that says whose they are.
FOLDER_PAIRS = "pairs.csv"

# The published test lists have less than a megabyte.
_MOST_BYTES = 2**26


@dataclass(frozen=True)
class Row:
    """Names or paths of the pictures of a pair; what the table has no column for is empty."""

    source: str
    target: str
    generated: str


@dataclass(frozen=True)
class Table:
    """A comma file that was read.

    Attributes:
        path: `pathlib.Path` of the file.
        rows: list of `Row`, not empty, in file order, each once.
        lists_pictures: whether it has the column `generated`; else it is a list of names `from,to`.
    """

    path: Path
    rows: list
    lists_pictures: bool


def read_table(path):
    """Read a table of pairs.

    Args:
        path: comma file in UTF-8 whose header holds `from,to`, `from,to,generated` or `real_target,generated`;
            other columns are passed over.

    Returns:
        `Table`.

    Raises:
        DataError: the file cannot be read, has another header, a line lacks a name, or a pair stands there twice.
    """
    path = Path(path)
    rows = csv.reader(io.StringIO(_text(path), newline=""), strict=True)
    found, header, target = {}, None, None
    try:
        for fields in rows:
            fields = [text.strip() for text in fields]
            if not any(fields):
                continue
            if header is None:
                header, target = fields, _target_column(path, fields)
                continue
            if len(fields) != len(header):
                raise DataError(
                    f"{path}, line {rows.line_num} has {len(fields)} fields, but the header has {len(header)}: "
                    "correct the line."
                )
            values = dict(zip(header, fields, strict=True))
            row = Row(values.get("from", ""), values[target], values.get("generated", ""))
            needed = [key for key in ("from", target, "generated") if key in values]
            if not all(values[key] for key in needed) or any("\0" in values[key] for key in needed):
                raise DataError(f"{path}, line {rows.line_num} lacks a name: fill {', '.join(needed)}.")
            if row in found:
                raise DataError(
                    f"{path}, line {rows.line_num} repeats line {found[row]}: each pair must stand there once."
                )
            found[row] = rows.line_num
    except csv.Error as error:
        raise DataError(f"{path}, line {rows.line_num} is not comma-separated text ({error}): correct it.") from None
    if not found:
        raise DataError(f"{path} lists no pair: give a comma file with a header and a line for each pair.")
    return Table(path, list(found), "generated" in header)


def read_folder_pairs(folder):
    """What `pairs.csv` in a folder of numbered pictures says.

    Args:
        folder: `pathlib.Path` of the folder.

    Returns:
        {path of the generated picture: (source name, target name)} in the order of the list; None where there is no
        such file.

    Raises:
        DataError: the file is none with columns from,to,generated, or lists a picture or a pair twice.
    """
    path = folder / FOLDER_PAIRS
    if not path.is_file():
        return None
    table = read_table(path)
    pairs = {folder / row.generated: (row.source, row.target) for row in table.rows}
    if not table.lists_pictures or not all(source for source, _ in pairs.values()):
        raise DataError(
            f"{path} must have the columns from,to,generated, since it lies among numbered pictures: move it elsewhere."
        )
    if len(pairs) < len(table.rows) or len(set(pairs.values())) < len(pairs):
        raise DataError(f"{path} lists a picture or a pair twice: each must stand there once.")
    return pairs


def whose(pairs, folder):
    """Pairs of numbered pictures under the names that `pairs.csv` in their folder gives them, if it is there.

    Args:
        pairs: list of `pgig.layouts.finders.Pair`.
        folder: `pathlib.Path`.

    Raises:
        DataError: the file lists other pictures than those; see also `read_folder_pairs`.
    """
    names = read_folder_pairs(folder)
    if names is None:
        return pairs
    paths = [pair.generated.path for pair in pairs]
    strange = next((path for path in paths if path not in names), None)
    if strange or len(names) > len(paths):
        problem = f"does not say whose picture {strange} is" if strange else f"lists {len(names)}"
        raise DataError(
            f"{folder / FOLDER_PAIRS} {problem}, and {paths[0].parent} holds {len(paths)}: generate the pictures again."
        )
    rows = (names[path] for path in paths)
    return [replace(pair, source_name=row[0], target_name=row[1]) for pair, row in zip(pairs, rows, strict=True)]


def _text(path):
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise DataError(f"{path} has more than {_MOST_BYTES} bytes, too many for a table of pairs: give another.")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(f"The table of pairs {path} cannot be read ({error.strerror}): give another.") from None
    except UnicodeDecodeError:
        raise DataError(f"The table of pairs {path} is not UTF-8 text: save it as such.") from None


def _target_column(path, header):
    """The column of the real targets, of a header that is one of those known."""
    if len(set(header)) == len(header):
        if {"from", "to"} <= set(header) and "real_target" not in header:
            return "to"
        if {"real_target", "generated"} <= set(header) and "to" not in header:
            return "real_target"
    raise DataError(
        f"{path} begins with {','.join(header)[:80]!r}, but a table of pairs has the columns from,to or "
        "from,to,generated or real_target,generated: correct the header."
    )
