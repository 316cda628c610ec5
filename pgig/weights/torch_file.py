"""State files of PyTorch (`.pth`, `.pt`) as numpy arrays, without PyTorch and without running code.

Two layouts. Since PyTorch 1.6: a zip archive without compression with a pickle `<folder>/data.pkl`, and each
storage in `<folder>/data/<key>`. Before: three pickles (magic number, version, remarks on the machine), the
pickle itself, a pickled list of storage keys, then each storage as a count of values and its bytes.
"""

import io
import math
import struct
import zipfile

import numpy as np
from numpy.lib.stride_tricks import as_strided

from pgig.errors import WeightsError
from pgig.weights.restricted import DAMAGE, Built, Name, Refused, flatten, read_bytes, sentence, table, unpickle

_KIND = "a state file of PyTorch"
_ZIP_START = b"PK\x03\x04"
_MAGIC = 0x1950A86A20F9469CFC6C
_MAGIC_START = b"\x80\x02\x8a\x0a" + _MAGIC.to_bytes(10, "little")

# The upper half of a float32 is a bfloat16.
_BFLOAT16 = "bfloat16"
_STORAGES = {
    "FloatStorage": "f4",
    "DoubleStorage": "f8",
    "HalfStorage": "f2",
    "BFloat16Storage": _BFLOAT16,
    "LongStorage": "i8",
    "IntStorage": "i4",
    "ShortStorage": "i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
    "BoolStorage": "b1",
}
_MOST_VALUES = 2**29
_MOST_AXES = 16


def read_torch(path):
    """Tensors of a state file.

    Args:
        path: a file of `torch.save`, of either layout, whose pickle holds a table of tensors, or tables within
            tables.

    Returns:
        {name: array} in file order; the name joins the keys from outside inwards with ".". Half precision of
        either kind is returned as float32, other types as they are. Tensors that share a storage in the file
        share memory. What is no tensor is left out.

    Raises:
        WeightsError: the file is missing, damaged, holds no tensor, or holds anything but plain values and
            tensors.
    """
    data = read_bytes(path, _KIND)
    try:
        arrays = _read_zip(data) if data.startswith(_ZIP_START) else _read_legacy(data)
    # The last two are zipfile's for methods that it does not know and for members with a password.
    except (*DAMAGE, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise WeightsError(sentence(path, _KIND, error)) from None
    if not arrays:
        raise WeightsError(f"{path} holds no tensor: give a file that was saved from a state_dict.")
    return arrays


def is_torch_file(path):
    """Whether a file begins like one of `torch.save`.

    Raises:
        WeightsError: it is missing or unreadable.
    """
    return read_bytes(path, _KIND, len(_MAGIC_START)).startswith((_ZIP_START, _MAGIC_START))


# Storages and tensors as the pickle describes them; the values come from another part of the file.
class _Storage:
    """Where the values are: key, type, number of values in the whole storage, first value of a part of it."""

    def __init__(self, key, dtype, count, start):
        self.key, self.dtype, self.count, self.start = key, dtype, count, start
        self.item_bytes = 2 if dtype == _BFLOAT16 else np.dtype(dtype).itemsize
        self.bytes = count * self.item_bytes


class _Tensor(Built):
    """`_rebuild_tensor(storage, offset, shape, strides)` and its second version, which appends two remarks."""

    def __init__(self, storage, offset, shape, strides, *_):
        if not isinstance(storage, _Storage) or len(shape) != len(strides) or len(shape) > _MOST_AXES:
            raise ValueError("a tensor whose parts do not fit together")
        if not all(_is_size(number) for number in (offset, *shape, *strides)):
            raise ValueError("a tensor with a negative size")
        if math.prod(max(size, 1) for size in shape) > _MOST_VALUES:
            raise Refused(f"a tensor of the shape {tuple(shape)}")
        self.storage, self.shape, self.strides = storage, tuple(shape), tuple(strides)
        self.offset = storage.start + offset

    def array(self, values):
        """The tensor as a view of its storage's values."""
        if 0 in self.shape:
            return np.zeros(self.shape, values.dtype)
        last = self.offset + sum((n - 1) * step for n, step in zip(self.shape, self.strides, strict=True))
        if last >= len(values):
            raise ValueError(f"a tensor that ends at value {last} of a storage of {len(values)}")
        # A stride along an axis of length one is never used and may be any number.
        steps = [step * values.itemsize if n > 1 else 0 for n, step in zip(self.shape, self.strides, strict=True)]
        return as_strided(values[self.offset :], self.shape, steps)


class _Parameter(Built):
    """`torch.nn.Parameter`, pickled as an object in PyTorch's first year: its tensor comes alone or in a state."""

    def __init__(self, tensor=None, *_):
        self.tensor = tensor

    def build(self, state):
        if isinstance(state, tuple) and len(state) == 5:
            self.tensor = state[0]


def _only_named(*_):
    raise Refused("a storage that is made by a call of its class")


def _size(values=()):
    return tuple(values)


def _is_size(number):
    return isinstance(number, int) and number >= 0


_NAMES = {
    "collections OrderedDict": table,
    "torch Size": _size,
    "torch._utils _rebuild_tensor": _Tensor,
    "torch._utils _rebuild_tensor_v2": _Tensor,
    "torch._utils _rebuild_parameter": _Parameter,
    "torch.nn.parameter Parameter": _Parameter,
}
_NAMES |= {f"torch {name}": _only_named for name in _STORAGES}


def _storage(identifier):
    """A storage from its identifier: ("storage", class, key, device, number of values, part of another)."""
    tag, kind, key, _, count, *view = identifier
    if tag != "storage":
        raise Refused(f"a saved {str(tag)[:20]!r}")
    if not isinstance(kind, Name) or kind.call is not _only_named:
        raise ValueError("a storage without a type")
    if not (isinstance(key, str) and _is_size(count)):
        raise ValueError("a storage without key or size")
    # Early versions describe a part of another storage by a key of its own, its first value and its length.
    start = view[0][1] if view and view[0] else 0
    if not _is_size(start):
        raise ValueError("a storage that begins before its first value")
    return _Storage(key, _STORAGES[kind.text.removeprefix("torch ")], count, start)


def _parse(pickle, most_bytes):
    """Read a pickled table.

    Args:
        pickle: stream that stands before the pickle.
        most_bytes: bytes that all storages may have together.

    Returns:
        ({name: _Tensor}, {key: _Storage}), the storages also of what is left out.
    """
    storages = {}

    def persistent(identifier):
        storage = _storage(identifier)
        first = storages.setdefault(storage.key, storage)
        if (first.dtype, first.count) != (storage.dtype, storage.count):
            raise ValueError("one storage with two types or sizes")
        return storage

    named = {}
    for name, value in flatten(unpickle(pickle, _NAMES, persistent), "."):
        value = value.tensor if isinstance(value, _Parameter) else value
        if isinstance(value, _Tensor):
            named[name] = value
    total = sum(storage.bytes for storage in storages.values())
    if total > most_bytes:
        raise ValueError(f"storages that claim {total} bytes in a file of {most_bytes}")
    return named, storages


def _resolve(named, contents, order):
    """Arrays of tensors.

    Args:
        named: {name: _Tensor}.
        contents: function of a storage key that returns the storage's bytes.
        order: "<" or ">", the byte order of values.
    """
    values, arrays = {}, {}
    for name, tensor in named.items():
        storage = tensor.storage
        if storage.key not in values:
            data = contents(storage.key)
            if len(data) != storage.bytes:
                raise ValueError(f"a storage of {len(data)} bytes where {storage.bytes} were expected")
            values[storage.key] = _decode(data, storage.dtype, order)
        arrays[name] = tensor.array(values[storage.key])
    return arrays


def _decode(data, dtype, order):
    """Values of a storage in memory of their own, in the machine's byte order."""
    if dtype == _BFLOAT16:
        return (np.frombuffer(data, f"{order}u2").astype(np.uint32) << 16).view(np.float32)
    # Any byte but 0 is true; numpy must not see others than 0 and 1.
    if dtype == "b1":
        return np.frombuffer(data, np.uint8) != 0
    return np.frombuffer(data, f"{order}{dtype}").astype("f4" if dtype == "f2" else dtype)


def _read_zip(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        pickles = [name for name in archive.namelist() if name.split("/")[-1] == "data.pkl"]
        if len(pickles) != 1:
            raise ValueError(f"a zip archive with {len(pickles)} entries data.pkl instead of one")
        folder = pickles[0].removesuffix("data.pkl")

        def contents(name):
            entry = archive.getinfo(folder + name)
            # PyTorch never compresses; a compressed entry could grow to any size.
            if entry.compress_type != zipfile.ZIP_STORED or entry.file_size > len(data):
                raise Refused("a compressed entry")
            return archive.read(entry)

        order = "<"
        if f"{folder}byteorder" in archive.namelist():
            order = {b"little": "<", b"big": ">"}[contents("byteorder")]
        named, _ = _parse(io.BytesIO(contents("data.pkl")), len(data))
        return _resolve(named, lambda key: contents(f"data/{key}"), order)


def _read_legacy(data):
    stream = io.BytesIO(data)
    if not data.startswith(_MAGIC_START):
        raise ValueError("its first bytes are those of no such file")
    _magic, _version, machine = (unpickle(stream, {}) for _ in range(3))
    if not machine["little_endian"]:
        raise Refused("values in the byte order of another kind of machine")
    named, storages = _parse(stream, len(data))

    if not named:
        return {}

    places = {}
    for key in unpickle(stream, {}):
        (count,) = struct.unpack("<q", stream.read(8))
        if count != storages[key].count:
            raise ValueError(f"a storage of {count} values where {storages[key].count} were expected")
        places[key] = slice(stream.tell(), stream.tell() + storages[key].bytes)
        stream.seek(storages[key].bytes, io.SEEK_CUR)
    return _resolve(named, lambda key: memoryview(data)[places[key]], "<")
