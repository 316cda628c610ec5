"""Which photos a folder holds, whose they are, and what their pictures in a data set are called."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from pgig.data.pairs import DISTRACTORS
from pgig.data.photos import list_photos
from pgig.errors import DataError, OptionsError

# The value of `--identity` that means sub-folders, and is no pattern.
BY_FOLDER = "folder"

# Of a person and of a photo, that many characters go into a name: a file name may have 255 bytes.
_LONGEST = 40


@dataclass(frozen=True)
class Photo:
    """A photo of a folder.

    Attributes:
        path: `pathlib.Path` of the file.
        shown: how the user knows it: its path within the folder.
        person: whose it is, as the folder or the file name says.
        name: file name of its picture in the data set, `<person>_<photo>.png`.
        digest: SHA-256 of the file, hexadecimal.
    """

    path: Path
    shown: str
    person: str
    name: str
    digest: str


def find_photos(folder, identity=BY_FOLDER):
    """The photos of a folder and of all folders within it.

    Args:
        folder: path of the folder.
        identity: "folder": a person is a sub-folder, or all of a folder without any. Else a regular expression with one
            group, looked for in the file names: the group is the person.

    Returns:
        list of `Photo`, sorted by path, and {path within the folder: clause} of those left out.

    Raises:
        OptionsError: the expression is none, or has not one group.
        DataError: there are no photos, or none of them belongs to anybody.
    """
    folder = Path(folder)
    pattern = None if identity == BY_FOLDER else _pattern(identity)
    paths = list_photos(folder, recursive=True)
    if not paths:
        raise DataError(f"{folder} holds no photos: give a folder of pictures, with a sub-folder for each person.")
    whose, left_out = {}, {}
    nested = any(path.parent != folder for path in paths)
    for path in paths:
        inside = path.relative_to(folder)
        if pattern is None:
            person = inside.parts[0] if len(inside.parts) > 1 else "" if nested else folder.resolve().name
            why = "it lies in no sub-folder that says whose it is"
        else:
            match = pattern.search(path.name)
            person, why = match and match[1] or "", f"--identity {identity} finds nobody in its name"
        if person.strip():
            whose[path] = person
        else:
            left_out[inside.as_posix()] = why
    if not whose:
        shown, why = next(iter(left_out.items()))
        raise DataError(f"None of the {len(paths)} photos of {folder} belongs to anybody. {shown}: {why}.")
    return _named(folder, whose, identity == BY_FOLDER, left_out), left_out


def _pattern(text):
    try:
        pattern = re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise OptionsError(f"--identity {text!r} is no regular expression ({error}).") from None
    if pattern.groups != 1:
        raise OptionsError(
            f"--identity {text!r} has {pattern.groups} groups: put the part of a file name that says whose the photo "
            r"is, and nothing else, in parentheses, for example '^(\d+)_'."
        )
    return pattern


def _named(folder, whose, by_folder, left_out):
    """`Photo` of each path; photos whose file came before join `left_out`."""
    people = {}
    for person in whose.values():
        if person not in people:
            people[person] = _unused(_label(person), people.values())
    photos, first, names = [], {}, {person: set() for person in people}
    for path, person in whose.items():
        inside = path.relative_to(folder)
        shown, digest = inside.as_posix(), _digest(path)
        if digest in first:
            left_out[shown] = f"it is the same file as {first[digest]}"
            continue
        first[digest] = shown
        parts = inside.with_suffix("").parts
        part = _unused(_plain("-".join(parts[1:] if by_folder and len(parts) > 1 else parts)), names[person])
        names[person].add(part)
        photos.append(Photo(path, shown, person, f"{people[person]}_{part}.png", digest))
    return photos


def _label(person):
    """A person's name as the part of a file name before its first `_`, none that means nobody."""
    label = _plain(person)
    return f"p{label}" if label.startswith(DISTRACTORS) else label


def _plain(text):
    """Letters, digits and hyphens; never empty."""
    return re.sub(r"[\W_]+", "-", text).strip("-")[:_LONGEST].rstrip("-") or "x"


def _unused(text, used):
    """The text, or with a number the first that is not used; some file systems do not tell capitals."""
    used = {one.casefold() for one in used}
    number, candidate = 1, text
    while candidate.casefold() in used:
        number += 1
        candidate = f"{text}-{number}"
    return candidate


def _digest(path):
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        # Whoever reads the photo will say what is wrong with it; until then it is a file of its own.
        return hashlib.sha256(str(path).encode(errors="replace")).hexdigest()
