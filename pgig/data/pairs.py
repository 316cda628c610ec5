"""Who goes with whom: pair lists, and the rule that makes them from annotations."""

import csv
import hashlib
import io
import re
from itertools import permutations

import numpy as np

from pgig.errors import DataError
from pgig.pose.check import is_valid
from pgig.pose.files import read_annotations
from pgig.utils.files import write_text

# Names of Market-1501's distractors (no person, or a bad detection) begin so.
DISTRACTORS = ("-1", "0000")

# A name of DeepFashion's lists, up to the number of a piece of clothing and of its colour. Categories may hold `_`.
_LISTED = re.compile(r"fashion(?:WO)?MEN.+?id[0-9]{10}(?=_)")


def read_pairs(path):
    """Read a pair list: a comma file with the header `from,to`.

    Args:
        path: the file.

    Returns:
        list of (source name, target name), in file order.

    Raises:
        DataError: the file cannot be read or a line is not a pair; the line is named.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            text = file.read()
    except OSError as error:
        raise DataError(
            f"The pair list {path} cannot be read ({error.strerror}): create_pairs_dataset.py makes it."
        ) from None
    except UnicodeDecodeError:
        raise DataError(
            f"The pair list {path} is not UTF-8 text: it must be a comma file, from,to."
        ) from None

    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    pairs, header = [], None
    try:
        for row in rows:
            fields = [field.strip() for field in row]
            if not any(fields):
                continue
            if header is None:
                header = fields
                if header != ["from", "to"]:
                    raise DataError(
                        f"{path} begins with {','.join(row)[:80]!r}, but a pair list begins with 'from,to'."
                    )
            elif len(fields) != 2 or not all(fields):
                raise DataError(
                    f"{path}, line {rows.line_num}: {','.join(row)[:80]!r} is no pair of two names."
                )
            else:
                pairs.append(tuple(fields))
    except csv.Error as error:
        raise DataError(f"{path}, line {rows.line_num} is not comma-separated text: {error}.") from None
    if header is None:
        raise DataError(f"{path} is empty, but a pair list begins with 'from,to'.")
    return pairs


def write_pairs(path, pairs):
    """Write a pair list.

    Args:
        path: the file.
        pairs: sequence of (source name, target name).
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("from", "to"))
    writer.writerows(pairs)
    write_text(path, text.getvalue())


def identity(name):
    """The person in a picture: the part of its file name before the first `_`."""
    return name.partition("_")[0]


def person(name):
    """The person, as pairs are made: `identity`, but all before the last `_` of DeepFashion's list names."""
    listed = _LISTED.match(name)
    return listed[0] if listed else identity(name)


def make_pairs(names, keypoints):
    """All ordered pairs of two pictures of one person, both with a valid pose.

    Args:
        names: N file names.
        keypoints: (N, 18, 3) float32 of (y, x, visible).

    Returns:
        list of (source name, target name): people in order of first appearance, the pairs of each as
        `itertools.permutations` gives them.
    """
    usable = [name for name, valid in zip(names, is_valid(keypoints), strict=True) if valid]
    return pairs_of_people([name for name in usable if not name.startswith(DISTRACTORS)], person)


def pairs_of_people(names, who=identity):
    """All ordered pairs of two pictures of one person, in the order of `make_pairs`.

    Args:
        names: file names.
        who: function of a name: the person.
    """
    people = {}
    for name in names:
        people.setdefault(who(name), []).append(name)
    return [pair for pictures in people.values() for pair in permutations(pictures, 2)]


def sample_pairs(pairs, count):
    """At most `count` pairs: the rows of pandas' `sample(random_state=0)`, in its order."""
    if not pairs:
        return []
    picked = np.random.RandomState(0).choice(len(pairs), min(count, len(pairs)), replace=False)
    return [pairs[index] for index in picked]


def create_pairs(paths, images_for_test=12000):
    """Write the training and the test pair lists of a data set (`create_pairs_dataset.py`).

    Args:
        paths: `pgig.config.DataPaths`.
        images_for_test: at most that many test pairs are kept.

    Raises:
        DataError: an annotation table cannot be read; no list is written then.
    """
    files = {split: getattr(paths, f"annotations_file_{split}") for split in ("train", "test")}
    tables = {split: read_annotations(path) for split, path in files.items()}
    for split, table in tables.items():
        print(f"Compute pair dataset for {split}...")
        pairs = make_pairs(table.names, table.keypoints)
        if split == "test":
            pairs = sample_pairs(pairs, images_for_test)
        write_pairs(getattr(paths, f"pairs_file_{split}"), pairs)
        print(f"Number of pairs: {len(pairs)}")


def pairs_hash(names):
    """SHA-256 of a list of pairs in its order: of the lines `<from>,<to>` with a newline after each."""
    return hashlib.sha256("".join(f"{source},{target}\n" for source, target in names).encode()).hexdigest()
