"""Data sets in object stores: copy them here once, then read local files.

fsspec (`pip install "pgig[io]"`) and its drivers do the reading, on every back end. TensorFlow I/O, which
used to bring the same schemes to TensorFlow, is recognised and never needed.
"""

import contextlib
import errno
import functools
import hashlib
import importlib
import sys
import warnings
from pathlib import Path, PurePosixPath

from pgig.errors import DataError, MissingPackageError
from pgig.utils.files import atomic_folder

# Errors of drivers that are no OSError; looked up only in modules that are loaded.
_DRIVER_ERRORS = (("aiohttp", "ClientError"), ("botocore.exceptions", "BotoCoreError"))


@functools.cache
def tensorflow_io_schemes():
    """URL schemes that TensorFlow I/O really adds to TensorFlow's file system, for instance `{"s3", "az"}`.

    With TensorFlow 2.18 and later its import succeeds and adds nothing: only the registry tells. (With 2.16
    and 2.17 a process that has touched `s3://` aborts at its end, so `fetch` is the better way there too.)

    Returns:
        set of text; empty without TensorFlow, without TensorFlow I/O, or when the two do not fit.
    """
    # By name and at the time of the call: JAX and torch use this module too, where no TensorFlow exists.
    try:
        registered = importlib.import_module("tensorflow").io.gfile.get_registered_schemes
    except ImportError:
        return set()
    before = set(registered())
    with warnings.catch_warnings(), contextlib.suppress(ImportError, NotImplementedError, OSError):
        warnings.simplefilter("ignore")
        importlib.import_module("tensorflow_io")
    return set(registered()) - before


def fetch(url, folder):
    """Copy the file or folder at `url` to the local cache `folder`, unless it is there already.

    Args:
        url: `s3://bucket/market-dataset`, `https://.../pairs.csv`; text without `://` is returned as a path.
        folder: the cache. Delete it to fetch anew: a copy is not compared with its origin.

    Returns:
        `pathlib.Path` of the local file or folder, whose name is that of the original.

    Raises:
        MissingPackageError: fsspec or the driver of the store is not installed.
        DataError: there is nothing at `url`, or it cannot be read.
        StorageError: the cache cannot be written.
    """
    if "://" not in str(url):
        return Path(url)
    try:
        store, root = importlib.import_module("fsspec").core.url_to_fs(url)
    except ImportError as error:
        hint = 'pip install "pgig[io]", and the driver if one is named'
        raise MissingPackageError(f"{url} cannot be opened ({error}): {hint}.") from None
    except ValueError as error:
        raise DataError(f"{url} cannot be opened ({error}): check its scheme.") from None
    cache = Path(folder) / hashlib.sha256(url.encode()).hexdigest()[:12]
    copy = PurePosixPath(root).name or "data"
    if not cache.exists():
        # The entry appears as a whole, so an interrupted copy is never taken for a data set.
        with atomic_folder(cache) as temporary, _remote_errors(url):
            _copy(store, root, temporary / copy, url)
    return cache / copy


def _copy(store, root, target, url):
    # Over HTTP everything is a file: asking for more would download it to look for links.
    is_folder = not url.startswith(("http://", "https://")) and store.isdir(root)
    for source in store.find(root) if is_folder else [root]:
        inside = PurePosixPath(source).relative_to(root) if is_folder else PurePosixPath()
        if ".." in inside.parts:
            raise DataError(f"{url} holds {inside}, which points out of the folder: nothing was copied.")
        (target / inside).parent.mkdir(parents=True, exist_ok=True)
        store.get_file(source, str(target / inside))


@contextlib.contextmanager
def _remote_errors(url):
    drivers = tuple(getattr(sys.modules[name], kind) for name, kind in _DRIVER_ERRORS if name in sys.modules)
    try:
        yield
    except FileNotFoundError:
        raise DataError(f"There is nothing at {url}: check the address.") from None
    except (OSError, *drivers) as error:
        if getattr(error, "errno", None) == errno.ENOSPC:
            raise  # the local disk, which `atomic_folder` reports
        raise DataError(f"{url} cannot be read ({error}): check the address and your rights.") from None
