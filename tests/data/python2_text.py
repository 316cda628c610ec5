"""Pickles as Python 2 wrote them unless told otherwise: protocol 0, text."""

import numpy as np

_TYPES = {np.dtype(np.int64): "i8", np.dtype(np.float64): "f8"}


def dumps(value):
    """Bytes of the pickle of dictionaries, lists, tuples, numbers, numpy scalars and arrays."""
    return _Writer().write(value) + b"."


class _Writer:
    def __init__(self):
        self._count, self._shared = 0, {}

    def write(self, value):
        if isinstance(value, dict):
            items = (self._text(key.encode()) + self.write(item) + b"s" for key, item in value.items())
            return b"(d" + self._put() + b"".join(items)
        if isinstance(value, list):
            return b"(l" + self._put() + b"".join(self.write(item) + b"a" for item in value)
        if isinstance(value, tuple):
            return b"(" + b"".join(map(self.write, value)) + b"t" + self._put()
        if isinstance(value, np.ndarray):
            return self._array(value)
        if isinstance(value, np.generic):
            function = self._once("scalar", lambda: b"cnumpy.core.multiarray\nscalar\n")
            arguments = self._type(value.dtype) + self._text(value.tobytes())
            return function + b"(" + arguments + b"t" + self._put() + b"R" + self._put()
        return b"F%r\n" % value if isinstance(value, float) else b"I%d\n" % value

    def _array(self, value):
        function = self._once("array", lambda: b"cnumpy.core.multiarray\n_reconstruct\n")
        empty = b"(cnumpy\nndarray\n(I0\nt" + self._put() + self._text(b"b") + b"t" + self._put() + b"R" + self._put()
        shape = b"(" + b"".join(b"I%d\n" % size for size in value.shape) + b"t"
        state = b"(I1\n" + shape + self._type(value.dtype) + b"I00\n" + self._text(value.tobytes()) + b"tb"
        return function + empty + state

    def _type(self, dtype):
        def make():
            head = b"cnumpy\ndtype\n(" + self._text(_TYPES[dtype].encode()) + b"I0\nI1\ntR"
            return head + b"(I3\n" + self._text(b"<") + b"NNNI-1\nI-1\nI0\ntb"

        return self._once(dtype, make)

    def _once(self, key, make):
        """What a pickle names again by the number it gave the first."""
        if key in self._shared:
            return b"g%d\n" % self._shared[key]
        made = make()
        put = self._put()
        self._shared[key] = self._count
        return made + put

    def _text(self, data):
        escaped = "".join(
            "\\" + chr(c) if chr(c) in "\\'" else chr(c) if 32 <= c < 127 else f"\\x{c:02x}" for c in data
        )
        return f"S'{escaped}'\n".encode() + self._put()

    def _put(self):
        self._count += 1
        return b"p%d\n" % self._count
