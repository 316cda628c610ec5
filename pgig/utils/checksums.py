"""The checksum of TensorFlow's files: records, checkpoints and their tables."""

import google_crc32c

_MASK_DELTA = 0xA282EAD8


def masked_crc(data):
    """CRC-32C of bytes, rotated and shifted as TensorFlow stores it: an integer below 2**32."""
    crc = google_crc32c.value(data)
    return ((crc >> 15 | crc << 17) + _MASK_DELTA) & 0xFFFFFFFF
