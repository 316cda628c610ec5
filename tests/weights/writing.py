"""Pickles and state files written by hand, operation by operation, where PyTorch is not installed."""

import io
import struct
import zipfile

import numpy as np

MAGIC = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."


def name(text):
    """A function or class, "module name"."""
    return b"c" + text.replace(" ", "\n").encode() + b"\n"


def text(value, python2=False):
    data = value.encode()
    return b"U" + bytes([len(data)]) + data if python2 else b"X" + struct.pack("<I", len(data)) + data


def integer(value):
    return b"J" + struct.pack("<i", value)


def items(*values):
    """A tuple."""
    return b"(" + b"".join(values) + b"t"


def integers(values):
    return items(*map(integer, values))


def call(function, *arguments):
    return name(function) + items(*arguments) + b"R"


def table(entries, python2=False):
    """A dictionary of {str: pickled value}."""
    return b"}(" + b"".join(text(key, python2) + value for key, value in entries.items()) + b"u"


def pickled(value):
    return b"\x80\x02" + value + b"."


def storage(key, kind, count, view=None, python2=False):
    parts = (text("storage", python2), name(f"torch {kind}"), text(key, python2), text("cpu", python2))
    return items(*parts, integer(count), *([view] if view else [])) + b"Q"


def tensor(place, shape, strides, offset=0):
    hooks = call("collections OrderedDict")
    parts = (integer(offset), integers(shape), integers(strides), b"\x89", hooks)
    return call("torch._utils _rebuild_tensor_v2", place, *parts)


def plain_tensor(key, array, kind="FloatStorage"):
    """A contiguous tensor that has a storage to itself."""
    strides = [int(np.prod(array.shape[axis + 1 :])) for axis in range(array.ndim)]
    return tensor(storage(key, kind, array.size), array.shape, strides)


def zip_file(value, storages, folder="any name", compression=zipfile.ZIP_STORED, **more):
    """Bytes of a file as PyTorch writes it since 1.6."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        archive.writestr(f"{folder}/data.pkl", pickled(value))
        for key, array in storages.items():
            archive.writestr(f"{folder}/data/{key}", array.tobytes())
        for key, data in more.items():
            archive.writestr(f"{folder}/{key}", data)
    return stream.getvalue()


def legacy_file(value, storages, little_endian=True):
    """Bytes of a file as PyTorch wrote it before 1.6."""
    machine = b"}(" + text("little_endian") + (b"\x88" if little_endian else b"\x89") + b"u"
    keys = b"](" + b"".join(map(text, storages)) + b"e"
    head = MAGIC + pickled(integer(1001)) + pickled(machine) + pickled(value) + pickled(keys)
    return head + b"".join(struct.pack("<q", array.size) + array.tobytes() for array in storages.values())


def state_file(arrays, layout=zip_file):
    """A whole state file of {name: float array}; float16 arrays become half storages."""
    kinds = {"float16": "HalfStorage", "float32": "FloatStorage"}
    keys = {name: str(number) for number, name in enumerate(arrays)}
    tensors = {name: plain_tensor(keys[name], array, kinds[array.dtype.name]) for name, array in arrays.items()}
    return layout(table(tensors), {keys[name]: array for name, array in arrays.items()})


def damaged(whole, count, seed=0):
    """Copies of a file with a few bytes changed, or cut off."""
    random = np.random.default_rng(seed)
    yield b""
    for number in range(count):
        data = bytearray(whole)
        for place in random.integers(0, len(data), 1 + number % 4):
            data[place] = random.integers(256)
        yield bytes(data[: random.integers(len(data))] if number % 5 == 0 else data)
