"""TensorFlow.js graph models: a graph in JSON, its constants one after the other in binary files beside it."""

import base64
import json
import math

import numpy as np

# 64 MiB of JSON are some hundred thousand nodes; Python needs ten times the space for them.
_MOST_TEXT = 2**26

# Inception, the largest network that is read, has 24 million constants; a few bytes can declare more.
_MOST_VALUES = 2**26
_MOST_AXES = 8

_TYPES = {"DT_FLOAT": "float32", "DT_INT32": "int32", "DT_UINT8": "uint8", "DT_INT64": "int64", "DT_BOOL": "bool"}


def entries(data, folder):
    """Name and contents of each node of a graph model.

    Args:
        data: bytes of the `.json` file.
        folder: where the binary files lie.

    Returns:
        list of (name, (operation, names of inputs, attributes)).

    Raises:
        ValueError: the JSON or the binary files are damaged or of another kind.
        OSError: a binary file cannot be read.
    """
    if len(data) > _MOST_TEXT:
        raise ValueError(f"{len(data)} bytes of JSON")
    model = _of(dict, json.loads(data), "the file")
    topology = _of(dict, model.get("modelTopology"), "modelTopology")
    if _of(dict, topology.get("library", {}), "library").get("function"):
        raise ValueError("it holds functions, which a frozen graph does not")

    constants = _constants(_of(list, model.get("weightsManifest"), "weightsManifest"), folder)
    nodes = [_of(dict, node, "a node") for node in _of(list, topology.get("node"), "node")]
    return [_entry(node, constants) for node in nodes]


def plain_inputs(names):
    """Inputs that carry values: those that start with ^ only say what runs before; output 0 is not written."""
    return tuple(name.removesuffix(":0") for name in names if not name.startswith("^"))


def check_total(shapes):
    """Refuse shapes that nobody has, before anything is allocated for them."""
    total = 0
    for shape in shapes:
        if len(shape) > _MOST_AXES or min(shape, default=0) < 0:
            raise ValueError(f"a constant has the shape {shape}"[:200])
        total += math.prod(shape)
    if total > _MOST_VALUES:
        raise ValueError(f"it declares more than {_MOST_VALUES} values of constants")


def as_array(data, dtype, shape):
    """Read-only array over little-endian bytes, which must be exactly as many as it needs."""
    stored = np.dtype(dtype).newbyteorder("<")
    if len(data) != math.prod(shape) * stored.itemsize:
        raise ValueError(f"a constant of shape {shape} has {len(data)} bytes")
    return np.frombuffer(data, stored).reshape(shape)


def _of(kind, value, what):
    # True and False are integers to Python, but not in these files.
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ValueError(f"{what} is {str(value)[:40]!r}")
    return value


def _entry(node, constants):
    name, op = (_of(str, node.get(key), f"{key} of a node") for key in ("name", "op"))
    inputs = plain_inputs(_of(str, one, "an input") for one in _of(list, node.get("input", []), "input"))
    given = _of(dict, node.get("attr", {}), "attr")
    if op == "Const":
        if name not in constants:
            raise ValueError(f"the constant {name!r} is not in the weights manifest")
        return name, (op, inputs, {"value": constants[name]})
    attributes = {key: _attribute(_of(dict, value, "an attribute")) for key, value in given.items()}
    # Zeros and empty texts are left out, as a protocol buffer leaves them out.
    return name, (op, inputs, {key: value for key, value in attributes.items() if value or value == ()})


def _attribute(attribute):
    """The one field of an attribute as a plain value; None for kinds that no known operation has."""
    if "list" in attribute:
        kinds = _of(dict, attribute["list"], "list").items()
        return tuple(_plain(kind, value) for kind, values in kinds for value in _of(list, values, kind))
    return next((_plain(kind, value) for kind, value in attribute.items()), None)


def _plain(kind, value):
    if kind == "s":
        return base64.b64decode(_of(str, value, kind), validate=True).decode("latin-1")
    if kind == "i":
        return int(_of((int, str), value, kind))
    if kind == "f":
        return float(_of((int, float, str), value, kind))
    if kind == "type":
        return _TYPES.get(_of(str, value, kind), value)
    return value if kind == "b" and value is True else None


def _constants(manifest, folder):
    """{name: array} of all groups of binary files."""
    groups = []
    for group in manifest:
        group = _of(dict, group, "a group of weights")
        weights = [_Weight(weight) for weight in _of(list, group.get("weights"), "weights")]
        groups.append(([_file(name, folder) for name in _of(list, group.get("paths"), "paths")], weights))
    check_total(weight.shape for _, weights in groups for weight in weights)

    arrays = {}
    for files, weights in groups:
        needed, there = sum(weight.size for weight in weights), sum(file.stat().st_size for file in files)
        if needed != there:
            names = ", ".join(file.name for file in files)
            raise ValueError(f"{names} has {there} bytes instead of {needed}")
        data, start = b"".join(file.read_bytes() for file in files), 0
        for weight in weights:
            arrays[weight.name] = weight.array(data[start : start + weight.size])
            start += weight.size
    return arrays


def _file(name, folder):
    # A name with a folder in it could point anywhere.
    if not isinstance(name, str) or not name or name in (".", "..") or set(name) & set("/\\:\0"):
        raise ValueError(f"{str(name)[:80]!r} is not the plain name of a neighbouring file")
    return folder / name


class _Weight:
    """One entry of the manifest: name, shape, and how its values are stored."""

    def __init__(self, entry):
        _of(dict, entry, "a weight")
        self.name = _of(str, entry.get("name"), "name of a weight")
        self.shape = tuple(_of(int, n, "a length") for n in _of(list, entry.get("shape"), "shape"))
        check_total([self.shape])

        self._dtype = entry.get("dtype")
        stored = entry.get("quantization")
        self._scale, self._least = 1.0, 0.0
        self._stored = {"float32": "float32", "int32": "int32", "bool": "uint8"}.get(str(self._dtype))
        if stored is not None and self._dtype == "float32":
            stored = _of(dict, stored, "quantization")
            self._stored = {"float16": "float16", "uint8": "uint8", "uint16": "uint16"}.get(str(stored.get("dtype")))
            if self._stored != "float16":
                self._scale, self._least = (float(_of((int, float), stored.get(k), k)) for k in ("scale", "min"))
        elif stored is not None:
            self._stored = None
        if self._stored is None:
            raise ValueError(f"the weight {self.name!r} is stored as {str(stored or self._dtype)[:80]}")
        self.size = math.prod(self.shape) * np.dtype(self._stored).itemsize

    def array(self, data):
        """The values of its bytes, read-only."""
        array = as_array(data, self._stored, self.shape)
        # Damaged files hold numbers beyond any range; whoever uses a constant looks whether it is finite.
        with np.errstate(all="ignore"):
            if (self._scale, self._least) != (1, 0):
                array = array * self._scale + self._least
            array = array.astype(self._dtype)
        array.flags.writeable = False
        return array
