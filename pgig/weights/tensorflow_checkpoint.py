"""Checkpoints of TensorFlow (`model.ckpt-N.index`, `model.ckpt-N.data-00000-of-00001`) without TensorFlow.

The index is a sorted table from the name of a variable to a protocol buffer that says its type, its shape, in which
data file its bytes stand, and their checksum (TensorFlow's `core/protobuf/tensor_bundle.proto`); the empty name holds
a header. The data files hold the values of all variables one after the other, and nothing else.
"""

import glob
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from google.protobuf.message import DecodeError

from pgig.errors import WeightsError
from pgig.utils.checksums import masked_crc
from pgig.utils.protobuf import message_classes
from pgig.weights.sorted_table import MAGIC, entries

_MESSAGES = message_classes(
    {
        "Version": {"producer": "1 int32", "min_consumer": "2 int32"},
        "Header": {"num_shards": "1 int32", "endianness": "2 int32", "version": "3 Version"},
        "Dimension": {"size": "1 int64"},
        "Shape": {"dim": "2 repeated Dimension", "unknown_rank": "3 bool"},
        "Slice": {},
        "Entry": {
            "dtype": "1 int32",
            "shape": "2 Shape",
            "shard_id": "3 int32",
            "offset": "4 int64",
            "size": "5 int64",
            "crc32c": "6 fixed32",
            "slices": "7 repeated Slice",
        },
    }
)
# The version of the format that TensorFlow has written from the start.
_VERSION = 1

# TensorFlow's numbers of the types that are read.
_TYPES = {1: "f4", 2: "f8", 3: "i4", 9: "i8", 19: "f2"}

# An entry of the index takes some sixty bytes. Values: as many as are read of one tensor of other files.
_MOST_INDEX_BYTES = 2**26
_MOST_ENTRY_BYTES = 2**16
_MOST_VALUES = 2**29
_MOST_AXES = 16

_FILE = re.compile(r"(.+)\.(?:index|data-\d{5}-of-\d{5})", re.DOTALL)
# Pieces of variables that are stored in slices begin with this byte, names of variables never do.
_PIECE = b"\0"


@dataclass(frozen=True)
class _Entry:
    """Where a variable stands: type in numpy, shape, data file, first byte, number of bytes, checksum of these."""

    dtype: np.dtype
    shape: tuple
    file: Path
    offset: int
    size: int
    crc: int


class Checkpoint(Mapping):
    """The variables of a checkpoint by name; each is read from the disk when it is asked for, and not kept.

    `checkpoint[name]` raises WeightsError where the values are damaged, or are no numbers or stored in slices.

    Attributes:
        shapes: {name: shape}, in order of names.
    """

    def __init__(self, entries):
        """Args: entries: {name: `_Entry`, or (shape, sentence saying why the variable is not read)}."""
        self._entries = entries
        self.shapes = {name: entry.shape if isinstance(entry, _Entry) else entry[0] for name, entry in entries.items()}

    def __getitem__(self, name):
        entry = self._entries[name]
        if not isinstance(entry, _Entry):
            raise WeightsError(entry[1])
        try:
            with open(entry.file, "rb") as file:
                file.seek(entry.offset)
                data = file.read(entry.size)
        except OSError as error:
            raise WeightsError(f"{entry.file} cannot be read ({error.strerror}): make it readable.") from None
        if len(data) != entry.size or masked_crc(data) != entry.crc:
            raise WeightsError(f"{entry.file} is damaged in the values of {_shown(name)}: take another copy.")
        array = np.frombuffer(data, entry.dtype).reshape(entry.shape)
        return array.astype(array.dtype.newbyteorder("="), copy=False)

    def __contains__(self, name):
        return name in self._entries

    def __iter__(self):
        return iter(self._entries)

    def __len__(self):
        return len(self._entries)


def is_checkpoint(path):
    """Whether a path names a checkpoint of TensorFlow: by its files, by its name, or a file of the first version."""
    path = Path(path)
    files = path.parent.glob(f"{glob.escape(path.name)}.data-?????-of-?????")
    return bool(_FILE.fullmatch(path.name)) or _index(path).is_file() or any(files) or _is_table(path)


def read_checkpoint(path):
    """Open a checkpoint.

    Args:
        path: common start of its files' names (`model.ckpt-N`), or one of these files.

    Returns:
        `Checkpoint`, of which nothing but names and shapes has been read.

    Raises:
        WeightsError: a file is missing, cut short or damaged, or of the first version of the format (one file).
    """
    path = _prefix(path)
    index = _index(path)
    try:
        if not index.is_file() and _is_table(path):
            raise WeightsError(
                f"{path} is a checkpoint of the first version (one file), which is not read: convert it with "
                "TensorFlow, whose tf.train.load_checkpoint reads it and whose tf.raw_ops.SaveV2 writes the second."
            )
        if index.stat().st_size > _MOST_INDEX_BYTES:
            raise ValueError(f"it has {index.stat().st_size} bytes, and at most {_MOST_INDEX_BYTES} are read")
        return Checkpoint(_entries(path, index.read_bytes()))
    except FileNotFoundError:
        raise WeightsError(
            f"The index {index} of the TensorFlow checkpoint does not exist: check the path, and keep the .index "
            "file beside the .data files."
        ) from None
    except OSError as error:
        raise WeightsError(f"{index} cannot be read ({error.strerror}): make it readable.") from None
    except (DecodeError, ValueError) as error:
        reason = "it holds no such messages" if isinstance(error, DecodeError) else error
        raise WeightsError(
            f"{index} cannot be read as the index of a TensorFlow checkpoint ({reason}): take another copy."
        ) from None


def index_of(path):
    """Path of a checkpoint's index; `path` as for `read_checkpoint`."""
    return _index(_prefix(path))


def _prefix(path):
    path = Path(path)
    match = _FILE.fullmatch(path.name)
    return path.with_name(match[1]) if match else path


def _index(prefix):
    return Path(f"{prefix}.index")


def _shown(name):
    return repr(name[:80])


def _is_table(path):
    """Whether a file ends like a sorted table."""
    try:
        with open(path, "rb") as file:
            file.seek(-len(MAGIC), 2)
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def _entries(prefix, data):
    """{name: entry} of an index, each entry compared with the data files."""
    pairs = entries(data)
    key, value = next(pairs, (None, None))
    if key != b"":
        raise ValueError("it has no header")
    header = _MESSAGES["Header"].FromString(value)
    if header.version.min_consumer > _VERSION or header.endianness not in (0, 1):
        raise ValueError("it was written for a later reader")
    found, sizes = {}, {}
    for key, value in pairs:
        if not key.startswith(_PIECE):
            name = key.decode()
            if len(value) > _MOST_ENTRY_BYTES:
                raise ValueError(f"{_shown(name)} has an entry of {len(value)} bytes")
            found[name] = _entry(name, _MESSAGES["Entry"].FromString(value), header, prefix, sizes)
    return found


def _entry(name, message, header, prefix, sizes):
    """`_Entry` of a variable, or its shape and the reason why it is not read.

    Args:
        sizes: {data file: its size} of those seen before; others are added.
    """
    shape = tuple(dimension.size for dimension in message.shape.dim)
    if message.shape.unknown_rank or len(shape) > _MOST_AXES or min(shape, default=0) < 0:
        raise ValueError(f"{_shown(name)} has an impossible shape")
    if message.slices:
        return shape, f"The variable {_shown(name)} of {prefix} is stored in slices: save it as a whole."
    if message.dtype not in _TYPES:
        return shape, (
            f"The variable {_shown(name)} of {prefix} has TensorFlow's type {message.dtype}, but whole numbers and "
            "floating-point numbers were expected: give the checkpoint of the right network."
        )
    dtype = np.dtype("<>"[header.endianness] + _TYPES[message.dtype])
    values = math.prod(shape)
    if values > _MOST_VALUES or values * dtype.itemsize != message.size or message.offset < 0:
        raise ValueError(f"{_shown(name)} has {message.size} bytes for the shape {shape}")
    if not 0 <= message.shard_id < header.num_shards:
        raise ValueError(f"{_shown(name)} stands in data file {message.shard_id} of {header.num_shards}")

    file = Path(f"{prefix}.data-{message.shard_id:05d}-of-{header.num_shards:05d}")
    if file not in sizes:
        if not file.is_file():
            raise WeightsError(f"The data file {file} does not exist: keep all files of the checkpoint in one folder.")
        sizes[file] = file.stat().st_size
    if message.offset + message.size > sizes[file]:
        raise WeightsError(f"{file} is cut short: it ends within the values of {_shown(name)}; take another copy.")
    return _Entry(dtype, shape, file, message.offset, message.size, message.crc32c)
