"""One program at a time in a folder. The lock is on the folder itself: it leaves no file and dies with its holder."""

import contextlib
import os
from pathlib import Path

from pgig.utils.files import storage_errors

try:
    import fcntl
except ImportError:  # Windows has no such locks.
    fcntl = None


@contextlib.contextmanager
def alone_in(folder, when_taken):
    """Hold a folder, which is made if missing; gives whether it is held: Windows has no such locks.

    Args:
        folder: the folder.
        when_taken: called when another program holds it; when it returns, that program is waited for.

    Raises:
        StorageError: the folder cannot be made.
    """
    if fcntl is None:
        yield False
        return
    with storage_errors(folder):
        Path(folder).mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            when_taken()
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield True
    finally:
        os.close(handle)
