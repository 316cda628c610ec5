"""Plain pickles of nested tables of numpy arrays, such as Flax users keep their parameters in; no code runs."""

import io
import math

import numpy as np

from pgig.errors import WeightsError
from pgig.weights.restricted import DAMAGE, Built, Refused, flatten, read_bytes, sentence, table, unpickle

_KIND = "a pickle"
_TYPES = frozenset("f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 b1".split())
_MOST_AXES = 16


def read_arrays(path):
    """Arrays of a pickled table of arrays, or of tables within tables.

    Args:
        path: a file that holds one pickle of protocol 2 or later.

    Returns:
        {name: array} in file order; the name joins the keys from outside inwards with "/". Half precision is
        returned as float32, other types as they are. What is no array is left out.

    Raises:
        WeightsError: the file is missing, damaged, holds no array, or holds anything but plain values and
            numpy arrays of numbers.
    """
    data = read_bytes(path, _KIND)
    try:
        tree = unpickle(io.BytesIO(data), _NAMES)
        arrays = {name: value.array() for name, value in flatten(tree, "/") if isinstance(value, _Array)}
    except DAMAGE as error:
        raise WeightsError(sentence(path, _KIND, error)) from None
    if not arrays:
        raise WeightsError(f"{path} holds no array: give a pickled table of numpy arrays.")
    return arrays


def read_table(stream, most):
    """A table that Python 2 pickled, of lists, numbers and arrays, as plain values.

    Args:
        stream: `io.BytesIO` of one pickle, of protocol 0 (text) or later.
        most: operations of the pickle that are carried out at most.

    Returns:
        dict; arrays stand in it as objects with the method `array()`.

    Raises:
        ValueError and others of `pgig.weights.restricted.DAMAGE`: it is damaged, is no table, or holds other things.
    """
    tree = unpickle(stream, _NAMES | _SCALARS, text=True, most=most)
    if not isinstance(tree, dict):
        raise Refused(f"a value of type {type(tree).__name__} instead of a table")
    return tree


class _Type(Built):
    """numpy.dtype(code, align, copy), then its state (version, byte order, ...)."""

    def __init__(self, code, *_):
        if code not in _TYPES:
            raise Refused(f"an array of type {str(code)[:20]!r}")
        self.dtype = np.dtype(code)

    def build(self, state):
        if state[1] not in ("<", ">", "|", "="):
            raise ValueError("an unknown byte order")
        self.dtype = self.dtype.newbyteorder(state[1])


class _Array(Built):
    """An empty array, then its state (version, shape, type, in Fortran's order or not, bytes)."""

    def __init__(self, *_):
        self._value = None

    def build(self, state):
        _, shape, kind, fortran, data = state
        # What Python 2 calls a string is bytes to Python 3.
        data = data.encode("latin-1") if isinstance(data, str) else data
        if not isinstance(kind, _Type):
            raise ValueError("an array without a type")
        # Anything else, such as a text, would be repeated by the product.
        if len(shape) > _MOST_AXES or not all(isinstance(size, int) and size >= 0 for size in shape):
            raise ValueError("an array with an impossible shape")
        if math.prod(shape) * kind.dtype.itemsize != len(data):
            raise ValueError(f"an array of {len(data)} bytes that claims the shape {shape}")
        native = np.float32 if kind.dtype == np.float16 else kind.dtype.newbyteorder("=")
        self._value = np.frombuffer(data, kind.dtype).astype(native).reshape(shape, order="F" if fortran else "C")

    def array(self):
        """The array in the machine's byte order."""
        if self._value is None:
            raise ValueError("an array without contents")
        return self._value


def _from_buffer(data, kind, shape, order):
    """An array of pickle protocol 5."""
    array = _Array()
    array.build((1, shape, kind, order == "F", data))
    return array


def _encode(text, encoding):
    """Bytes, as Python 3 writes them for Python 2."""
    if not isinstance(text, str) or encoding != "latin1":
        raise Refused(f"a text in the encoding {str(encoding)[:20]!r}")
    return text.encode("latin-1")


def _no_bytes():
    """The contents of an empty array, as Python 3 writes them for Python 2."""
    return b""


def _scalar(kind, data):
    """A number of numpy's own type."""
    data = data.encode("latin-1") if isinstance(data, str) else data
    if not isinstance(kind, _Type) or len(data) != kind.dtype.itemsize:
        raise ValueError("a damaged number")
    return np.frombuffer(data, kind.dtype)[0].item()


def _only_named(*_):
    raise Refused("an array that is made by a call of its class")


_NAMES = {
    "collections OrderedDict": table,
    "numpy ndarray": _only_named,
    "numpy dtype": _Type,
    "_codecs encode": _encode,
    "__builtin__ bytes": _no_bytes,
}
for _module in ("numpy.core", "numpy._core"):
    _NAMES[f"{_module}.multiarray _reconstruct"] = _Array
    _NAMES[f"{_module}.numeric _frombuffer"] = _from_buffer
# Single numbers are no weights.
_SCALARS = {f"{module}.multiarray scalar": _scalar for module in ("numpy.core", "numpy._core")}
