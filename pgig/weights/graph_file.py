"""Frozen TensorFlow graphs as plain nodes and arrays: nothing in the file runs, and TensorFlow is not needed.

A graph is a program, and some of its operations read files or call Python. This reader only says what is written;
`pgig.pretrained.graph` runs those operations that it knows to be pure mathematics. Two forms are read: the
protocol buffer `GraphDef` (`.pb`) with the constants in it, and TensorFlow.js's graph model (`.json`), the same
message as JSON with the constants in binary files beside it (`pgig.weights.graph_json`).
"""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from google.protobuf.message import DecodeError

from pgig.errors import WeightsError
from pgig.utils.protobuf import message_classes
from pgig.weights import graph_json

# The largest real file, Inception, has 95 million bytes.
MOST_BYTES = 2**29

_MESSAGES = message_classes(
    {
        "Dimension": {"size": "1 int64"},
        "Shape": {"dim": "2 repeated Dimension", "unknown_rank": "3 bool"},
        "Tensor": {
            "dtype": "1 int32",
            "tensor_shape": "2 Shape",
            "tensor_content": "4 bytes",
            "float_val": "5 repeated float",
            "double_val": "6 repeated double",
            "int_val": "7 repeated int32",
            "int64_val": "10 repeated int64",
            "bool_val": "11 repeated bool",
            "half_val": "13 repeated int32",
        },
        "List": {
            "s": "2 repeated bytes",
            "i": "3 repeated int64",
            "f": "4 repeated float",
            "b": "5 repeated bool",
            "type": "6 repeated int32",
        },
        "Attribute": {
            "list": "1 List",
            "s": "2 bytes",
            "i": "3 int64",
            "f": "4 float",
            "b": "5 bool",
            "type": "6 int32",
            "tensor": "8 Tensor",
        },
        "Entry": {"key": "1 string", "value": "2 Attribute"},
        "Node": {"name": "1 string", "op": "2 string", "input": "3 repeated string", "attr": "5 repeated Entry"},
        "Function": {},
        "Library": {"function": "1 repeated Function"},
        "Graph": {"node": "1 repeated Node", "library": "2 Library"},
    }
)

# TensorFlow's numbers of the types of constants: name in numpy, field of single values.
_TYPES = {
    1: ("float32", "float_val"),
    2: ("float64", "double_val"),
    3: ("int32", "int_val"),
    4: ("uint8", "int_val"),
    5: ("int16", "int_val"),
    6: ("int8", "int_val"),
    9: ("int64", "int64_val"),
    10: ("bool", "bool_val"),
    19: ("float16", "half_val"),
}


@dataclass(frozen=True)
class Node:
    """One operation.

    Attributes:
        op: TensorFlow's name of the operation.
        inputs: names of the nodes that it reads; those that it only waits for are left out.
        attributes: {name: int, float, bool, str, or a tuple of these}; a type is numpy's name of it. Zeros, False
            and empty texts are not there. A constant has its array under "value", read-only, unless it is text.
    """

    op: str
    inputs: tuple
    attributes: dict


@dataclass(frozen=True)
class Graph:
    """A graph file: its path, and its nodes by name."""

    path: Path
    nodes: dict


def read_graph(path):
    """Read a frozen graph.

    Args:
        path: a `.pb` file, or the `.json` of a TensorFlow.js graph model with its binary files beside it.

    Returns:
        `Graph`.

    Raises:
        WeightsError: the file is missing, damaged, of another kind or too large, or holds functions.
    """
    path = Path(path)
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise WeightsError(f"{path} has {size} bytes, more than any graph file that is read: take another file.")
        data = path.read_bytes()
        entries = graph_json.entries(data, path.parent) if path.suffix == ".json" else _entries(data)
        nodes = {}
        for name, node in entries:
            if name in nodes:
                raise ValueError(f"two nodes have the name {name!r}")
            nodes[name] = Node(*node)
    except FileNotFoundError as error:
        raise WeightsError(f"The weight file {error.filename} does not exist: check the path.") from None
    except OSError as error:
        raise WeightsError(f"{path} cannot be read ({error.strerror}): make it readable.") from None
    except (DecodeError, ValueError, OverflowError, RecursionError) as error:
        reason = "it is not such a message" if isinstance(error, DecodeError) else " ".join(str(error).split())
        raise WeightsError(
            f"{path} cannot be read as a frozen TensorFlow graph ({reason}): take another copy."
        ) from None
    return Graph(path, nodes)


def _entries(data):
    """Name and contents of each node of a `GraphDef`."""
    graph = _MESSAGES["Graph"].FromString(data)
    if graph.library.function:
        raise ValueError("it holds functions, which a frozen graph does not")
    graph_json.check_total(
        _shape(entry.value.tensor)
        for node in graph.node
        if node.op == "Const"
        for entry in node.attr
        if entry.value.HasField("tensor") and entry.value.tensor.dtype in _TYPES
    )
    for node in graph.node:
        attributes = {entry.key: _attribute(entry.value) for entry in node.attr}
        attributes = {key: value for key, value in attributes.items() if value is not None}
        yield node.name, (node.op, graph_json.plain_inputs(node.input), attributes)


def _attribute(message):
    """The one field that is set, as a plain value; None for kinds that no known operation has."""
    if message.HasField("tensor"):
        return _array(message.tensor)
    if message.HasField("list"):
        return tuple(_plain(field.name, value) for field, values in message.list.ListFields() for value in values)
    for field, value in message.ListFields():
        return _plain(field.name, value)
    return None


def _plain(kind, value):
    if kind == "s":
        return value.decode("latin-1")
    return _TYPES.get(value, (f"type {value}",))[0] if kind == "type" else value


def _shape(tensor):
    if tensor.tensor_shape.unknown_rank:
        raise ValueError("a constant has no known shape")
    return tuple(dimension.size for dimension in tensor.tensor_shape.dim)


def _array(tensor):
    """A constant; None for text and other types that no computation needs."""
    if tensor.dtype not in _TYPES:
        return None
    dtype, field = _TYPES[tensor.dtype]
    shape = _shape(tensor)
    count = math.prod(shape)
    if tensor.tensor_content:
        return graph_json.as_array(tensor.tensor_content, dtype, shape)

    values = np.array(getattr(tensor, field), "int64" if field.startswith(("int", "half")) else dtype)
    if len(values) > count:
        raise ValueError(f"a constant of shape {shape} has {len(values)} values")
    values = values.astype("uint16").view("float16") if field == "half_val" else values.astype(dtype)
    # The last value stands for all that follow; no value at all for zeros.
    array = np.full(count, values[-1] if len(values) else 0, dtype)
    array[: len(values)] = values
    array.flags.writeable = False
    return array.reshape(shape)
