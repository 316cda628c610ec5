"""Weights of Caffe (`.caffemodel`) as numpy arrays: a protocol buffer `NetParameter`, and nothing in it runs.

Layers stand in the file in the present form (field 100) or in that of Caffe until 2014 (field 2); both are read.
"""

import math
from pathlib import Path

import numpy as np
from google.protobuf.message import DecodeError

from pgig.errors import WeightsError
from pgig.utils.protobuf import message_classes

# VGG16 with its classifier has 528 million bytes; a few bytes can declare more.
_MOST_BYTES = 2**30
_MOST_AXES = 32

_MESSAGES = message_classes(
    {
        "BlobShape": {"dim": "1 repeated int64"},
        "Blob": {
            "num": "1 int32",
            "channels": "2 int32",
            "height": "3 int32",
            "width": "4 int32",
            "data": "5 repeated float",
            "shape": "7 BlobShape",
            "double_data": "8 repeated double",
        },
        "Layer": {"name": "1 string", "blobs": "7 repeated Blob"},
        "OldLayer": {"name": "4 string", "blobs": "6 repeated Blob"},
        "Net": {"layers": "2 repeated OldLayer", "layer": "100 repeated Layer"},
    }
)


def read_caffe(path):
    """Arrays of every layer that has some.

    Args:
        path: a `.caffemodel` file.

    Returns:
        {layer name: [float32 arrays]} in file order; a convolution has its kernel (out, in, height, width) and its bias
        (out,). Files of the oldest form give every array four axes.

    Raises:
        WeightsError: the file is missing, damaged, too large, or holds no weights.
    """
    try:
        path = Path(path)
        if path.stat().st_size > _MOST_BYTES:
            raise ValueError(f"it has {path.stat().st_size} bytes, and at most {_MOST_BYTES} are read")
        net = _MESSAGES["Net"].FromString(path.read_bytes())
        arrays = {}
        for layer in (*net.layers, *net.layer):
            if layer.blobs and layer.name in arrays:
                raise ValueError(f"two layers are called {layer.name[:80]!r}")
            if layer.blobs:
                arrays[layer.name] = [_array(blob, layer.name) for blob in layer.blobs]
    except FileNotFoundError:
        raise WeightsError(f"The weight file {path} does not exist: check the path.") from None
    except OSError as error:
        raise WeightsError(f"{path} cannot be read ({error.strerror}): give a .caffemodel file.") from None
    except (DecodeError, ValueError) as error:
        reason = "it is not such a message" if isinstance(error, DecodeError) else error
        raise WeightsError(f"{path} cannot be read as a .caffemodel file ({reason}): take another copy.") from None
    if not arrays:
        raise WeightsError(f"{path} holds no layer with weights: give the .caffemodel file of a trained network.")
    return arrays


def _array(blob, layer):
    """A blob's values in its shape."""
    values = np.array(blob.data if blob.data else blob.double_data, np.float32)
    shape = tuple(blob.shape.dim)
    if not blob.HasField("shape"):
        shape = (blob.num, blob.channels, blob.height, blob.width)
    if len(shape) > _MOST_AXES or min(shape, default=1) < 0 or math.prod(shape) != len(values):
        sizes = "x".join(str(size) for size in shape[:8])
        raise ValueError(f"layer {layer[:80]!r} holds {len(values)} values for the shape {sizes}")
    return values.reshape(shape)
