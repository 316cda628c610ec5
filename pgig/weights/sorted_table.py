"""Sorted tables of byte strings, the container of TensorFlow's checkpoint indices and of LevelDB.

From the end: a footer of two handles (place and length; of the meta index, which is not used, and of the index
block), padded to 40 bytes, and eight bytes of magic. The index block's values are handles of the data blocks. Behind
a block stand one byte for its compression and the masked CRC-32C of both. A block is a list of entries (characters
shared with the key before, length of the rest of the key, length of the value, rest, value), then the places where
nothing is shared and their number, which serve searches only.
"""

import struct

from pgig.utils.checksums import masked_crc

MAGIC = 0xDB4775248B80FB57.to_bytes(8, "little")

_FOOTER = 48
_TRAILER = struct.Struct("<BI")
_COUNT = struct.Struct("<I")

# Keys are built from their neighbours, so that a small file could make many long ones.
_LONGEST_KEY = 1024
_MOST_ENTRIES = 2**17


def entries(data):
    """Walk through a table.

    Args:
        data: bytes of the whole table.

    Yields:
        (key, value), both bytes, by rising keys.

    Raises:
        ValueError: the bytes are no such table, are damaged, compressed, or hold more than anybody needs.
    """
    if len(data) < _FOOTER or not data.endswith(MAGIC):
        raise ValueError("it does not end like a sorted table: it is cut short or another file")
    footer = data[-_FOOTER:]
    _, _, place = _handle(footer, 0)
    start, size, _ = _handle(footer, place)
    last, end, count = None, 0, 0
    for _, value in _pairs(_block(data, start, size)):
        start, size, _ = _handle(value, 0)
        # No byte is read twice: a small file could otherwise point to one block again and again.
        if start < end:
            raise ValueError("two of its blocks overlap")
        end = start + size
        for key, value in _pairs(_block(data, start, size)):
            count += 1
            if count > _MOST_ENTRIES:
                raise ValueError(f"it has more than {_MOST_ENTRIES} entries")
            if last is not None and key <= last:
                raise ValueError("its keys are not in order")
            last = key
            yield key, value


def _block(data, start, size):
    """Contents of a block, whose checksum must be right."""
    end = start + size
    if end + _TRAILER.size > len(data) - _FOOTER:
        raise ValueError("one of its blocks ends behind the file")
    compression, crc = _TRAILER.unpack_from(data, end)
    if crc != masked_crc(data[start : end + 1]):
        raise ValueError("the checksum of one of its blocks differs")
    if compression:
        raise ValueError("it is compressed, which TensorFlow's checkpoints never are")
    return data[start:end]


def _pairs(block):
    """(key, value) of a block's entries."""
    restarts = _COUNT.unpack_from(block, len(block) - _COUNT.size)[0] if len(block) >= _COUNT.size else len(block)
    end = len(block) - _COUNT.size * (1 + restarts)
    if end < 0:
        raise ValueError("one of its blocks is shorter than its own list of places")
    key, place = b"", 0
    while place < end:
        shared, place = _varint(block, place)
        fresh, place = _varint(block, place)
        length, place = _varint(block, place)
        value = place + fresh
        if shared > len(key) or shared + fresh > _LONGEST_KEY or value + length > end:
            raise ValueError("one of its entries does not fit into its block")
        key = key[:shared] + block[place:value]
        place = value + length
        yield key, block[value:place]


def _handle(data, place):
    """Start and length of a block, and the place behind these two numbers."""
    start, place = _varint(data, place)
    size, place = _varint(data, place)
    return start, size, place


def _varint(data, place):
    """A number of seven bits a byte, lowest first, and the place behind it."""
    number = 0
    for shift in range(0, 64, 7):
        if place >= len(data):
            break
        byte = data[place]
        place += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number, place
    raise ValueError("one of its numbers has no end")
