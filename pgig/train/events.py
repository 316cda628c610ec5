"""TensorBoard event files without TensorFlow: TFRecords of `tensorflow/core/util/event.proto` messages.

Every event is on its way to the disk when its call returns, so that a killed run keeps its curves and a full disk is
an error of the call, not of a thread.
"""

import io
import socket
import struct
import time
from pathlib import Path

from PIL import Image

from pgig.data.tfrecord import frame
from pgig.utils.files import storage_errors

_RGB = 3
_SESSION_START = 1


class EventFile:
    """Appends scalars and pictures to a new event file.

    Args:
        folder: log folder of TensorBoard.
        step: TensorBoard forgets what older files of the folder hold of this and later steps.

    Raises:
        StorageError: the file cannot be written.
    """

    def __init__(self, folder, step):
        now = time.time()
        self.path = Path(folder) / f"events.out.tfevents.{now:017.6f}.{socket.gethostname()}"
        with storage_errors(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
        self._append(_text(3, b"brain.Event:2"))
        self._append(_number(2, step) + _text(7, _number(1, _SESSION_START)))

    def scalars(self, values, step):
        """Add values {tag: number} at a step."""
        parts = (_text(1, _text(1, tag.encode()) + _float(2, value)) for tag, value in values.items())
        self._append(_number(2, step) + _text(5, b"".join(parts)))

    def picture(self, tag, pixels, step):
        """Add a picture (H, W, 3) uint8 at a step."""
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "PNG")
        height, width, _ = pixels.shape
        image = _number(1, height) + _number(2, width) + _number(3, _RGB) + _text(4, file.getvalue())
        self._append(_number(2, step) + _text(5, _text(1, _text(1, tag.encode()) + _text(4, image))))

    def _append(self, event):
        stamp = _key(1, 1) + struct.pack("<d", time.time())
        with storage_errors(self.path), open(self.path, "ab") as file:
            file.write(frame(stamp + event))


# Fields of protocol buffers: a key (field number and kind), then the value.


def _key(field, kind):
    return _varint(field << 3 | kind)


def _varint(value):
    """Seven bits a byte, the lowest first; the high bit says that more follow."""
    head = b""
    while value > 127:
        head, value = head + bytes([value & 127 | 128]), value >> 7
    return head + bytes([value])


def _number(field, value):
    return _key(field, 0) + _varint(value)


def _float(field, value):
    return _key(field, 5) + struct.pack("<f", value)


def _text(field, data):
    return _key(field, 2) + _varint(len(data)) + data
