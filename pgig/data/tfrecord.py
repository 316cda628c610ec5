"""TFRecord files and tf.train.Example messages without TensorFlow.

A record is: length (8 bytes, little endian), masked CRC-32C of the length (4), payload, masked CRC-32C of the
payload (4), as in TensorFlow's `core/lib/io/record_writer.h`; the message is its
`core/example/example.proto`.
"""

import os
import struct
import threading

from google.protobuf import message

from pgig.errors import DataError
from pgig.utils.checksums import masked_crc
from pgig.utils.protobuf import message_classes

_LENGTH = struct.Struct("<Q")
_CRC = struct.Struct("<I")
_HEAD = _LENGTH.size + _CRC.size
_TURN = threading.Lock()


def frame(payload):
    """The bytes of one record around `payload`."""
    length = _LENGTH.pack(len(payload))
    return length + _CRC.pack(masked_crc(length)) + payload + _CRC.pack(masked_crc(payload))


def read_record(file, offset):
    """Read the record that starts at `offset`, checking both sums.

    Threads may share the file.

    Args:
        file: binary file opened for reading, unbuffered or not.
        offset: position of the record's first byte.

    Returns:
        bytes of the payload.

    Raises:
        DataError: the record is cut short or damaged.
    """
    head = _read_at(file, _HEAD, offset)
    if len(head) < _HEAD:
        raise DataError(_broken(file, offset, "is cut short"))
    length = _LENGTH.unpack_from(head)[0]
    if _CRC.unpack_from(head, _LENGTH.size)[0] != masked_crc(head[: _LENGTH.size]):
        raise DataError(_broken(file, offset, "has a damaged length"))

    # The length is compared with the file before anything of that length is allocated.
    if offset + _HEAD + length + _CRC.size > os.fstat(file.fileno()).st_size:
        raise DataError(_broken(file, offset, "is cut short"))
    body = _read_at(file, length + _CRC.size, offset + _HEAD)
    if len(body) < length + _CRC.size:
        raise DataError(_broken(file, offset, "is cut short"))
    payload = body[:length]
    if _CRC.unpack_from(body, length)[0] != masked_crc(payload):
        raise DataError(_broken(file, offset, "is damaged"))
    return payload


def _read_at(file, count, offset):
    """Up to `count` bytes from `offset` on. Windows cannot read at a place: there, threads take turns to move to it."""
    if hasattr(os, "pread"):
        return os.pread(file.fileno(), count, offset)
    with _TURN:
        file.seek(offset)
        return file.read(count)


def read_records(path):
    """Yield the payloads of all records of a file, in order."""
    with open(path, "rb") as file:
        end, offset = os.fstat(file.fileno()).st_size, 0
        while offset < end:
            payload = read_record(file, offset)
            offset += _HEAD + len(payload) + _CRC.size
            yield payload


def encode_example(features):
    """Serialise features as a tf.train.Example.

    Args:
        features: dict of name to list of values, all bytes, all int or all float.

    Returns:
        bytes, the same for the same features.

    Raises:
        TypeError: a list mixes types or holds something else.
    """
    example = _Example()
    for name, values in sorted(features.items()):
        kinds = {type(value) for value in values}
        kind = kinds.pop() if len(kinds) == 1 else bytes if not kinds else None
        if kind not in _LISTS:
            raise TypeError(f"feature {name} must hold only bytes, only int or only float")
        entry = example.features.feature.add(key=name)
        getattr(entry.value, _LISTS[kind]).value.extend(values)
    return example.SerializeToString(deterministic=True)


def decode_example(payload):
    """Parse a tf.train.Example into a dict of name to list of bytes, int or float.

    Raises:
        DataError: the bytes are no such message.
    """
    try:
        example = _Example.FromString(payload)
    except (message.DecodeError, UnicodeDecodeError):
        raise DataError(f"A record of {len(payload)} bytes holds no tf.train.Example message.") from None
    features = {}
    for entry in example.features.feature:
        filled = [name for name in _LISTS.values() if entry.value.HasField(name)]
        features[entry.key] = list(getattr(entry.value, filled[-1]).value) if filled else []
    return features


def _broken(file, offset, what):
    return f"The record at byte {offset} of {file.name} {what}: delete its folder, or copy the file again."


_LISTS = {bytes: "bytes_list", float: "float_list", int: "int64_list"}

# The messages of tf.train.Example, as `message_classes` takes them.
EXAMPLE = {
    "BytesList": {"value": "1 repeated bytes"},
    "FloatList": {"value": "1 repeated float"},
    "Int64List": {"value": "1 repeated int64"},
    "Feature": {"bytes_list": "1 BytesList", "float_list": "2 FloatList", "int64_list": "3 Int64List"},
    "Entry": {"key": "1 string", "value": "2 Feature"},
    "Features": {"feature": "1 repeated Entry"},
    "Example": {"features": "1 Features"},
}
_Example = message_classes(EXAMPLE)["Example"]
