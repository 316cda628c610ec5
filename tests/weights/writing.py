"""State files of PyTorch and checkpoints of TensorFlow written by hand, where the programs are not installed."""

import io
import struct
import zipfile

import numpy as np

from pgig.weights import sorted_table as reader
from pgig.weights.tensorflow_checkpoint import _MESSAGES

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


def varint(number):
    low, rest = number & 127, number >> 7
    return bytes([low | 128]) + varint(rest) if rest else bytes([low])


def block(pairs, interval=4):
    """Contents of a block of a sorted table; every few keys one is written as a whole."""
    data, places, last = bytearray(), [], b""
    for number, (key, value) in enumerate(pairs):
        shared = 0
        if number % interval:
            while shared < min(len(key), len(last)) and key[shared] == last[shared]:
                shared += 1
        else:
            places.append(len(data))
        data += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        last = key
    places = places or [0]
    return bytes(data) + struct.pack(f"<{len(places) + 1}I", *places, len(places))


def sorted_table(pairs, size=6, compression=0):
    """Bytes of a sorted table with `size` pairs a block."""
    data, handles = b"", []

    def add(contents):
        nonlocal data
        handle = varint(len(data)) + varint(len(contents))
        contents += bytes([compression])
        data += contents + struct.pack("<I", reader.masked_crc(contents))
        return handle

    for start in range(0, len(pairs), size):
        part = pairs[start : start + size]
        handles.append((part[-1][0], add(block(part))))
    footer = add(block([])) + add(block(handles, 1))
    return data + footer.ljust(40, b"\0") + reader.MAGIC


def checkpoint(arrays, shards=1, order="<", change=None):
    """Files of a checkpoint of TensorFlow.

    Args:
        arrays: {name: array}; they go to the shards in turn.
        shards: number of data files.
        order: "<" or ">", byte order of the values.
        change: function of {name: message} that may change any; the header's name is "".

    Returns:
        {end of the file's name: bytes}.
    """
    kinds = {"float32": 1, "float64": 2, "int32": 3, "int64": 9, "float16": 19}
    messages = {"": _MESSAGES["Header"](num_shards=shards, endianness="<>".index(order))}
    messages[""].version.producer = 1
    data = [b""] * shards
    for number, (key, array) in enumerate(arrays.items()):
        shard, stored = number % shards, array.astype(array.dtype.newbyteorder(order)).tobytes()
        place = {"shard_id": shard, "offset": len(data[shard]), "size": len(stored)}
        crc = reader.masked_crc(stored)
        messages[key] = _MESSAGES["Entry"](dtype=kinds[array.dtype.name], crc32c=crc, **place)
        messages[key].shape.SetInParent()
        for length in array.shape:
            messages[key].shape.dim.add(size=length)
        data[shard] += stored
    if change:
        change(messages)
    pairs = sorted((key.encode(), message.SerializeToString()) for key, message in messages.items())
    files = {f".data-{shard:05d}-of-{shards:05d}": stored for shard, stored in enumerate(data)}
    return {".index": sorted_table(pairs)} | files


def write_files(prefix, files):
    """Write files whose names begin with a path."""
    for end, data in files.items():
        prefix.with_name(prefix.name + end).write_bytes(data)
    return prefix


def damaged(whole, count, seed=0):
    """Copies of a file with a few bytes changed, or cut off."""
    random = np.random.default_rng(seed)
    yield b""
    for number in range(count):
        data = bytearray(whole)
        for place in random.integers(0, len(data), 1 + number % 4):
            data[place] = random.integers(256)
        yield bytes(data[: random.integers(len(data))] if number % 5 == 0 else data)
