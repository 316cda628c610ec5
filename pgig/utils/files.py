"""Writing files so that a crash never leaves half of one: a temporary neighbour, then a rename."""

import contextlib
import errno
import glob
import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from pgig.errors import StorageError

_SPACE_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_PREFIX = ".writing-"


@contextlib.contextmanager
def storage_errors(path):
    """Turn an operating-system error while writing `path` into a `StorageError` of one sentence."""
    try:
        yield
    except OSError as error:
        folder = Path(path).absolute().parent
        if error.errno in _SPACE_ERRORS:
            raise StorageError(
                f"No space is left on the device while writing {path}: nothing half-written was kept; "
                f"free some space in {folder} and start the same command again."
            ) from error
        raise StorageError(
            f"{path} cannot be written ({error.strerror or error}): choose a folder that you may write to."
        ) from error


@contextlib.contextmanager
def atomic_path(path):
    """Give a temporary neighbour of `path` to write to; rename it to `path` only if the block succeeds.

    Args:
        path: final path of the file. Missing parent folders are made.

    Yields:
        `pathlib.Path` of the temporary file, with the same suffix as `path`.

    Raises:
        StorageError: the disk is full or the folder cannot be written.
    """
    path = Path(path)
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f"{_PREFIX}{path.stem}-", suffix=path.suffix, dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            _flush(temporary)
            os.chmod(temporary, 0o666 & ~_umask())
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_folder(path):
    """Give a temporary neighbour folder; rename it to `path` (replacing it) only if the block succeeds."""
    path = Path(path)
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{path.name}-", dir=path.parent))
        try:
            yield temporary
            for file in temporary.rglob("*"):
                if file.is_file():
                    _flush(file)
            os.chmod(temporary, 0o777 & ~_umask())
            if path.exists():
                shutil.rmtree(path)
            os.replace(temporary, path)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def require_folder(path):
    """Make a folder, if it is missing, and make sure that files can be written into it.

    Raises:
        StorageError: they cannot.
    """
    with storage_errors(Path(path) / "..."):
        Path(path).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(prefix=_PREFIX, dir=path):
            pass


def sweep(folder, name=""):
    """Remove what killed programs left half-written in a folder: the neighbours of `name`, or of any name."""
    for left in Path(folder).glob(f"{_PREFIX}{glob.escape(name)}*"):
        shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink(missing_ok=True)


def write_text(path, text):
    """Write `text` as UTF-8 to `path`, atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def sha256(path):
    """Hexadecimal SHA-256 of the file `path`."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush(path):
    """Wait until a file is on the disk."""
    with open(path, "rb+") as file:
        os.fsync(file.fileno())


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask
