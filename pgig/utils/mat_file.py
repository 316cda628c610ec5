"""MATLAB's data files (version 5, what `save` has written since 1996): structs, cells, texts and plain numbers.

SciPy's reader trusts the lengths in the file; this one allocates nothing that the file's own bytes do not fill.
"""

import math
import struct
import zlib

import numpy as np

_HEADER_BYTES = 128

# Bytes that a file may have, and that its compressed parts may unfold to.
_MOST_BYTES = 2**26

_NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_TEXTS = {1: "latin-1", 2: "latin-1", 4: "utf-16", 16: "utf-8", 17: "utf-16"}
_INT8, _INT32, _UINT32, _MATRIX, _COMPRESSED = 1, 5, 6, 14, 15
_CELL, _STRUCT, _CHAR, _NUMERIC = 1, 2, 4, range(6, 16)
_COMPLEX = 0x0800

# Structs in structs: files of data sets have three.
_DEEPEST = 16


def read_variable(data, name):
    """One variable of a file.

    Args:
        data: bytes of the file.
        name: the variable's name.

    Returns:
        A struct as a dictionary (several in an array: a list of them), a cell array as a list in MATLAB's order,
        characters as a text, numbers as a flat numpy array.

    Raises:
        ValueError: the file is damaged or of another kind, or holds no such variable.
    """
    mark = data[126:128]
    if len(data) < _HEADER_BYTES or mark not in (b"IM", b"MI"):
        raise ValueError("it is no MATLAB file of version 5; in MATLAB, save it with -v7")
    if len(data) > _MOST_BYTES:
        raise ValueError(f"it has {len(data)} bytes")
    order = "<" if mark == b"IM" else ">"
    position = _HEADER_BYTES
    while position < len(data):
        kind, content, position = _element(data, position, order, padded=False)
        if kind == _COMPRESSED:
            kind, content, _ = _element(_unfold(content), 0, order)
        if kind == _MATRIX:
            found, value = _matrix(content, order, wanted=name)
            if found == name:
                return value
    raise ValueError(f"it holds no variable {name}")


def _unfold(content):
    unfolding = zlib.decompressobj()
    try:
        unfolded = unfolding.decompress(content, _MOST_BYTES)
    except zlib.error:
        raise ValueError("its compressed part is damaged") from None
    if not unfolding.eof:
        raise ValueError("its compressed part is cut off or too large")
    return unfolded


def _element(data, position, order, padded=True):
    """Type and bytes of the element at `position`, and where the next one begins."""
    if position + 8 > len(data):
        raise ValueError("it ends in the middle of a value")
    kind, size = struct.unpack_from(order + "II", data, position)
    if kind >> 16:
        # Up to four bytes stand within the tag.
        kind, size, begin, end = kind & 0xFFFF, kind >> 16, position + 4, position + 8
        if size > 4:
            raise ValueError("a short value is longer than it can be")
    else:
        begin = position + 8
        # Compressed elements are not filled up to eight bytes; the file's last one need not be.
        end = begin + (size if kind == _COMPRESSED else -(-size // 8) * 8)
    if begin + size > len(data):
        raise ValueError("it ends in the middle of a value")
    return kind, data[begin : begin + size], end


def _matrix(data, order, wanted=None, depth=0):
    """Name and value of an array; the value is not looked at when the name is another than `wanted`."""
    if depth > _DEEPEST:
        raise ValueError("its structs are nested too deeply")
    if not data:
        return "", np.zeros(0)
    kind, flags, position = _element(data, 0, order)
    if kind != _UINT32 or len(flags) != 8:
        raise ValueError("an array does not begin as one")
    (flags,) = struct.unpack(order + "I", flags[:4])
    kind, lengths, position = _element(data, position, order)
    if kind != _INT32 or len(lengths) % 4 or len(lengths) > 32:
        raise ValueError("an array has no shape")
    lengths = struct.unpack(f"{order}{len(lengths) // 4}i", lengths)
    if min(lengths, default=0) < 0:
        raise ValueError(f"an array has the shape {lengths}")
    kind, name, position = _element(data, position, order)
    name = name.decode("latin-1")
    if wanted is not None and name != wanted:
        return name, None
    content = _Content(data, position, order, depth)
    return name, content.value(flags, math.prod(lengths))


class _Content:
    """What follows the head of an array: elements one after the other."""

    def __init__(self, data, position, order, depth):
        self.data, self.position, self.order, self.depth = data, position, order, depth

    def value(self, flags, count):
        kind = flags & 0xFF
        if kind == _CELL:
            return self.matrices(count)
        if kind == _STRUCT:
            names = self.field_names()
            values = self.matrices(count * len(names))
            starts = range(0, len(values), max(1, len(names)))
            rows = [dict(zip(names, values[start : start + len(names)], strict=True)) for start in starts]
            return rows[0] if len(rows) == 1 else rows
        if kind == _CHAR:
            return self.text()
        if kind in _NUMERIC and not flags & _COMPLEX:
            return self.numbers(count)
        raise ValueError(f"it holds an array of class {kind}, which no table of labels has")

    def next(self):
        kind, content, self.position = _element(self.data, self.position, self.order)
        return kind, content

    def matrices(self, count):
        # Each takes eight bytes at least: a larger number is a lie.
        if count > (len(self.data) - self.position) // 8:
            raise ValueError(f"it claims {count} values")
        values = []
        for _ in range(count):
            kind, content = self.next()
            if kind != _MATRIX:
                raise ValueError("a value in a struct is no array")
            values.append(_matrix(content, self.order, depth=self.depth + 1)[1])
        return values

    def field_names(self):
        kind, length = self.next()
        if kind != _INT32 or len(length) != 4:
            raise ValueError("a struct has no names of its fields")
        (length,) = struct.unpack(self.order + "i", length)
        kind, names = self.next()
        if kind != _INT8 or length <= 0 or len(names) % length:
            raise ValueError("a struct has no names of its fields")
        return [names[i : i + length].split(b"\0")[0].decode("latin-1") for i in range(0, len(names), length)]

    def text(self):
        kind, content = self.next()
        if kind not in _TEXTS:
            raise ValueError(f"a text is stored as type {kind}")
        coding = _TEXTS[kind]
        return content.decode({"<": "utf-16-le", ">": "utf-16-be"}[self.order] if coding == "utf-16" else coding)

    def numbers(self, count):
        kind, content = self.next()
        dtype = np.dtype(_NUMBERS.get(kind, "V")).newbyteorder(self.order)
        if dtype.kind == "V" or len(content) != count * dtype.itemsize:
            raise ValueError(f"an array of {count} numbers has {len(content)} bytes of type {kind}")
        return np.frombuffer(content, dtype)
