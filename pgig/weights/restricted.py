"""Reading pickles without running code: a stack machine that knows plain values and a closed list of names.

Python's own unpickler calls whatever a file names. Even with its names restricted, a few bytes can make it
reserve gigabytes for its memo, or overflow the C stack by hashing a deep tuple. The few operations that files
of arrays use are therefore carried out here, on values that cannot do harm.
"""

import codecs
import io
import itertools
import pickletools
import re
import struct
import zlib
from collections import namedtuple
from pathlib import Path

from pgig.errors import WeightsError

# Errors of reading damaged bytes, by trial with random damage. Those of the operating system are not among them.
DAMAGE = (ValueError, TypeError, KeyError, IndexError, OverflowError, EOFError, struct.error, zlib.error)

# Bytes in a file: two and a half times the largest network that this package knows.
MOST_BYTES = 2**31

# A tensor takes about forty operations; the largest networks have some two thousand tensors.
_MOST_OPERATIONS = 2**20

# Tables that share parts, or hold themselves, could be walked for ever, and long keys make endless names.
_MOST_STEPS = 2**16
_DEEPEST = 16
_LONGEST_KEY = 256

_LITERALS = frozenset(
    "BININT BININT1 BININT2 LONG1 BINFLOAT SHORT_BINSTRING BINSTRING SHORT_BINUNICODE BINUNICODE SHORT_BINBYTES "
    "BINBYTES BINBYTES8 BYTEARRAY8".split()
)
# The rest of protocol 0 is text, which files of weights do without.
_OLD = frozenset("MARK STOP NONE REDUCE GLOBAL BUILD TUPLE APPEND SETITEM".split())
_TEXT = frozenset("INT LONG FLOAT STRING UNICODE PUT GET LIST DICT".split())
_LITERALS |= _TEXT - {"PUT", "GET", "LIST", "DICT"}
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}

# A backslash that begins none of the escapes which Python 2 writes.
_NO_ESCAPE = re.compile(rb"""\\(?!x[0-9a-fA-F]{2}|['"nrt])""")

# A function or class that the pickle names, standing for itself until it is called.
Name = namedtuple("Name", "text call")


class Refused(ValueError):
    """The pickle is sound but holds what is no part of a file of arrays."""


class Built:
    """A value under construction; pickles hand some values their state in a second step."""

    def build(self, state):
        """Take over the state."""
        raise Refused(f"a state for {type(self).__name__}")


def unpickle(stream, names, persistent=None, text=False, most=_MOST_OPERATIONS):
    """The value of the next pickle in a stream.

    Args:
        stream: `io.BytesIO`; it stands behind the pickle afterwards.
        names: {"module name": function} of all that the pickle may name. The function is called with the
            arguments of the pickle, which may be wrong in number and type.
        persistent: function of the identifier of a value kept outside the pickle, or None to refuse those.
        text: whether the text of protocol 0 is read too, as Python 2 writes it unless told otherwise; its strings
            become str of the same bytes (Latin-1).
        most: operations that are carried out at most.

    Returns:
        plain values (dict, list, tuple, str, bytes, numbers, None), `Name`s, and what the functions return.

    Raises:
        Refused: another name, operation or kind of key; too many operations, or calls with too much in all.
        ValueError and others of `DAMAGE`: the bytes are no pickle.
    """
    stack, marks, memo = [], [], {}
    start = stream.tell()
    # Twice the file: what Python 3 writes for Python 2 passes the bytes of an array through two calls.
    allowance = 2 * stream.seek(0, io.SEEK_END)
    stream.seek(start)
    # Text pickles number every value, and ask for few of them again: the others need not be remembered.
    places = re.finditer(rb"g([0-9]{1,18})\n", stream.getbuffer()) if text else ()
    asked = {int(place[1]) for place in places}

    def since_mark():
        mark = marks.pop()
        items = stack[mark:]
        del stack[mark:]
        return items

    def checked(arguments):
        # Functions copy their arguments. A pickle can hand one long value to any number of calls, so that all
        # of them together get no more than the file could hold if every value stood in it once or twice.
        nonlocal allowance
        if not isinstance(arguments, tuple):
            raise ValueError("arguments that are no tuple")
        allowance -= sum(len(item) for item in arguments if isinstance(item, str | bytes | bytearray | tuple | list))
        if allowance < 0:
            raise Refused("the same long values again and again")
        return arguments

    for kind, argument in itertools.islice(_operations(stream, text), most):
        if kind in _LITERALS:
            stack.append(argument)
        elif kind == "PUT":
            if argument in asked:
                memo[argument] = stack[-1]
        elif kind in _CONSTANTS:
            stack.append(_CONSTANTS[kind])
        elif kind in ("BINPUT", "LONG_BINPUT"):
            memo[argument] = stack[-1]
        elif kind == "MEMOIZE":
            memo[len(memo)] = stack[-1]
        elif kind in ("BINGET", "LONG_BINGET", "GET"):
            stack.append(memo[argument])
        elif kind == "MARK":
            marks.append(len(stack))
        elif kind == "TUPLE":
            stack.append(tuple(since_mark()))
        elif kind == "LIST":
            stack.append(since_mark())
        elif kind == "DICT":
            items = since_mark()
            stack.append(table(zip(items[::2], items[1::2], strict=True)))
        elif kind in _TUPLES:
            items = tuple(stack[-_TUPLES[kind] :])
            del stack[-_TUPLES[kind] :]
            stack.append(items)
        elif kind == "EMPTY_LIST":
            stack.append([])
        elif kind == "EMPTY_DICT":
            stack.append({})
        elif kind in ("APPEND", "APPENDS"):
            items = [stack.pop()] if kind == "APPEND" else since_mark()
            _container(stack, list).extend(items)
        elif kind in ("SETITEM", "SETITEMS"):
            items = [stack.pop(-2), stack.pop()] if kind == "SETITEM" else since_mark()
            _container(stack, dict).update(table(zip(items[::2], items[1::2], strict=True)))
        elif kind == "GLOBAL":
            stack.append(_name(argument, names))
        elif kind == "STACK_GLOBAL":
            name, module = stack.pop(), stack.pop()
            stack.append(_name(f"{module} {name}", names))
        elif kind in ("REDUCE", "NEWOBJ"):
            arguments, function = stack.pop(), stack.pop()
            if not isinstance(function, Name):
                raise ValueError("a value is called like a function")
            stack.append(function.call(*checked(arguments)))
        elif kind == "BUILD":
            state = stack.pop()
            # Tables carry remarks about versions that matter to their own program only.
            if not isinstance(stack[-1], dict):
                _container(stack, Built).build(checked(state))
        elif kind == "BINPERSID" and persistent:
            stack.append(persistent(stack.pop()))
        elif kind == "STOP":
            return stack.pop()
        elif kind not in ("PROTO", "FRAME"):
            raise Refused(f"the pickle operation {kind}")
    raise Refused(f"a pickle of more than {most} operations")


def table(pairs=()):
    """A dictionary of (key, value) pairs, as `collections.OrderedDict` is called in pickles; keys str or int."""
    result = {}
    for key, value in pairs:
        if not isinstance(key, str | int):
            raise Refused(f"a table with a key of type {type(key).__name__}")
        if len(str(key)) > _LONGEST_KEY:
            raise Refused(f"a table with a key of more than {_LONGEST_KEY} characters")
        result[key] = value
    return result


def flatten(tree, separator):
    """Walk through tables within tables.

    Args:
        tree: a dictionary as `unpickle` returns it.
        separator: what stands between the keys of a name.

    Yields:
        (name, value) of every value that is no dictionary.

    Raises:
        Refused: no dictionary at the top; tables too deep within one another, or too many.
    """
    if not isinstance(tree, dict):
        raise Refused(f"a value of type {type(tree).__name__} instead of a table of arrays")
    steps = itertools.count()

    def walk(inner, keys):
        for key, value in inner.items():
            if next(steps) >= _MOST_STEPS or len(keys) >= _DEEPEST:
                raise Refused("tables too deep within one another or too many")
            if isinstance(value, dict):
                yield from walk(value, (*keys, str(key)))
            else:
                yield separator.join((*keys, str(key))), value

    yield from walk(tree, ())


def read_bytes(path, kind, most=None):
    """Contents of a weight file of a reasonable size.

    Args:
        path: the file.
        kind: what kind of file it should be, for the message.
        most: read only so many of its first bytes; None: all.

    Raises:
        WeightsError: it is missing, unreadable or too large.
    """
    try:
        size = Path(path).stat().st_size
        if size > MOST_BYTES:
            raise WeightsError(f"{path} has {size} bytes, but at most {MOST_BYTES} are read: give {kind}.")
        with open(path, "rb") as file:
            return file.read(most)
    except FileNotFoundError:
        raise WeightsError(f"The weight file {path} does not exist: check the path.") from None
    except OSError as error:
        raise WeightsError(f"{path} cannot be read ({error.strerror}): give {kind}.") from None


def sentence(path, kind, error):
    """What is wrong with a file, as one sentence.

    Args:
        path: the file.
        kind: what was expected.
        error: one of `DAMAGE`.
    """
    reason = " ".join(str(error).split())[:200]
    if isinstance(error, Refused):
        return f"{path} holds {reason}, which is not read from a weight file: give {kind} that holds arrays alone."
    # Other errors speak of this program's own functions.
    reason = reason if isinstance(error, ValueError | KeyError) else "its parts do not fit together"
    return f"{path} cannot be read as {kind} ({reason}): take another copy."


def _operations(stream, text):
    """(name, argument) of the operations of a pickle."""
    old = _OLD | _TEXT if text else _OLD
    while True:
        opcode = pickletools.code2op.get(stream.read(1).decode("latin-1"))
        if opcode is None:
            raise ValueError("no operation of a pickle")
        if opcode.proto == 0 and opcode.name not in old:
            raise Refused(f"the pickle operation {opcode.name}")
        # The library's readers of names and of strings warn about odd backslashes instead of failing.
        if opcode.name == "GLOBAL":
            argument = " ".join(stream.readline().removesuffix(b"\n").decode("ascii") for _ in range(2))
        elif opcode.name == "STRING":
            argument = _string(stream.readline())
        else:
            argument = opcode.arg.reader(stream) if opcode.arg else None
        yield opcode.name, argument


def _string(line):
    """A string of Python 2, in quotes: each byte becomes a character."""
    quote, body = line[:1], line[1:-2]
    wrong = quote not in (b"'", b'"') or line[-2:] != quote + b"\n" or len(line) < 3
    if wrong or _NO_ESCAPE.search(body.replace(rb"\\", b"")):
        raise ValueError("a damaged string")
    return codecs.escape_decode(body)[0].decode("latin-1")


def _container(stack, kind):
    """The value on the stack, which must be of a kind."""
    if not isinstance(stack[-1], kind):
        raise ValueError(f"a {type(stack[-1]).__name__} where a {kind.__name__} was expected")
    return stack[-1]


def _name(text, names):
    if text not in names:
        raise Refused(f"the name {'.'.join(text.split())[:100]!r}")
    return Name(text, names[text])
