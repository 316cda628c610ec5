"""Weight files of other programs: what kind a file is, its arrays by name, and a strict filling of our variables.

A method states for each published checkpoint a `Table`: which tensor of the file belongs in which variable, and how
its axes turn. Everything else in the file must be named as ignored.
"""

import itertools
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pgig.errors import WeightsError
from pgig.utils.words import counted, first_few
from pgig.weights.restricted import DAMAGE
from pgig.weights.tensorflow_checkpoint import is_checkpoint, read_checkpoint
from pgig.weights.torch_file import is_torch_file, read_torch

_ACCEPTED = (
    "a Keras .h5 file, a state file of PyTorch (.pth, .pkl) or a TensorFlow checkpoint (model.ckpt-N, with its .index "
    "and .data files)"
)

# Names of each kind of mistake that a message spells out, and characters of a name from outside.
_MOST_NAMES = 8
_LONGEST_NAME = 80


@dataclass(frozen=True)
class Tensor:
    """One tensor of a foreign file.

    Attributes:
        name: its name in the file, as `read_foreign` returns it.
        variable: the `keras.Variable` that takes it.
        layout: function of the file's array that returns the array in our layout, and raises ValueError for an array
            of another number of axes; None: as it is.
    """

    name: str
    variable: object
    layout: Callable | None = None


@dataclass(frozen=True)
class Table:
    """All tensors of a foreign file.

    Attributes:
        tensors: every `Tensor` that must be there.
        ignored: regular expressions of whole names that may be there and are not used.
        older: (regular expression, what replaces it) of beginnings of names in files of an older version.
        completed: function of {name: array} that adds what follows from the rest where files of an older version lack
            it, or None. It leaves alone whatever does not fit.
        optional: tuples of `Tensor`, of each of which a file has all or none; see `within`.
    """

    tensors: tuple
    ignored: tuple = ()
    older: tuple = ()
    completed: Callable | None = None
    optional: tuple = ()

    def within(self, names):
        """The table of a file with tensors of these names: what is optional is needed if it has any of it."""
        found = [group for group in self.optional if any(tensor.name in names for tensor in group)]
        return replace(self, tensors=(*self.tensors, *itertools.chain(*found)), optional=())


def conv(array):
    """PyTorch's kernel of a convolution (out, in, kh, kw) -> (kh, kw, in, out)."""
    return array.transpose(2, 3, 1, 0)


def transposed(array):
    """PyTorch's kernel of a transposed convolution (in, out, kh, kw) -> (kh, kw, out, in)."""
    return array.transpose(2, 3, 1, 0)


def depthwise(array):
    """PyTorch's kernel of a convolution of each channel (C, 1, kh, kw) -> (kh, kw, C, 1)."""
    return array.transpose(2, 3, 0, 1)


def dense(array):
    """PyTorch's weight of a linear layer (out, in) -> (in, out)."""
    return array.transpose(1, 0)


def from_chw(height, width):
    """Layout of a first axis that numbers the values of a map by channel, row, column, as PyTorch flattens it.

    Args:
        height, width: of the map; the channels follow from the array.

    Returns:
        function (C * H * W, ...) -> (H * W * C, ...), which numbers them by row, column, channel.
    """

    def layout(array):
        maps = array.reshape(-1, height, width, *array.shape[1:])
        return np.moveaxis(maps, 0, 2).reshape(array.shape)

    return layout


def dense_from_chw(height, width):
    """Layout of PyTorch's linear layer after such a map: (out, C * H * W) -> (H * W * C, out)."""
    rows = from_chw(height, width)
    return lambda array: rows(dense(array))


def dense_to_chw(height, width):
    """Layout of PyTorch's linear layer before such a map: (C * H * W, in) -> (in, H * W * C)."""
    rows = from_chw(height, width)
    return lambda array: dense(rows(array))


def kind_of(path):
    """What wrote a weight file, by its content.

    Args:
        path: a file, or the common start of the names of a TensorFlow checkpoint's files.

    Returns:
        "keras" (HDF5: ours, or Keras 2), "torch" or "tensorflow".

    Raises:
        WeightsError: it is missing, unreadable or of another kind.
    """
    if is_checkpoint(path):
        return "tensorflow"
    if Path(path).is_dir():
        raise WeightsError(f"{path} is a folder: give {_ACCEPTED}.")
    if is_torch_file(path) and not _is_other_zip(path):
        return "torch"
    with open(path, "rb") as file:
        start = file.read(9)
    if start.startswith(b"\x89HDF\r\n\x1a\n"):
        return "keras"
    raise WeightsError(f"{path} is {_other(start)}: give {_ACCEPTED}.")


def read_foreign(path, kind):
    """Tensors of a file of PyTorch or TensorFlow.

    Args:
        path: the file.
        kind: "torch" or "tensorflow", as `kind_of` returns it.

    Returns:
        mapping of name to array in file order. The arrays of a TensorFlow checkpoint are read when they are asked
        for. Of a training state of PyTorch, only what stands under "state_dict" is returned; the "module." that
        DataParallel puts before all names is left out.

    Raises:
        WeightsError: the file is missing or damaged.
    """
    if kind == "tensorflow":
        return read_checkpoint(path)
    tensors = read_torch(path)
    for prefix in ("state_dict.", "module."):
        inner = {name.removeprefix(prefix): array for name, array in tensors.items() if name.startswith(prefix)}
        if inner and (prefix == "state_dict." or len(inner) == len(tensors)):
            tensors = inner
    return tensors


def fill(table, tensors, path, network):
    """Put the tensors of a foreign file into our variables, all or none.

    Args:
        table: `Table`.
        tensors: mapping of name to array as `read_foreign` returns it. Each array is asked for twice: once to check
            it and once to take it, so that no more than one has to be in memory.
        path, network: for the message.

    Returns:
        number of tensors taken.

    Raises:
        WeightsError: tensors are missing, left over, of another shape or not finite numbers; all kinds are listed.
    """
    if table.older:
        tensors = {_renamed(name, table.older): tensors[name] for name in tensors}
    if table.completed:
        tensors = table.completed(tensors)
    missing, shaped, broken = [], [], []
    for tensor in table.tensors:
        if tensor.name not in tensors:
            missing.append(tensor.name)
            continue
        stored = tensors[tensor.name]
        array, shape = _laid_out(tensor, stored), tuple(tensor.variable.shape)
        if array is None or array.shape != shape:
            found = stored.shape if array is None else array.shape
            shaped.append(f"{tensor.name} {found} instead of {shape}")
        elif stored.dtype.kind != "f" or not np.isfinite(array).all():
            broken.append(tensor.name)
    expected = {tensor.name for tensor in table.tensors}
    ignored = re.compile("|".join(f"(?:{pattern})" for pattern in table.ignored) or "(?!)")
    extra = [name for name in tensors if name not in expected and not ignored.fullmatch(name)]
    wrong = (
        _listed(missing, "missing"),
        _listed([repr(name[:_LONGEST_NAME]) for name in extra], "left over"),
        _listed(shaped, "of another shape"),
        _listed(broken, "with values that are no finite floating-point numbers"),
    )
    if any(wrong):
        raise WeightsError(
            f"{path} does not fit the {network}: {'; '.join(filter(None, wrong))}. "
            f"Give the flags that the file was trained with, or another file."
        )
    for tensor in table.tensors:
        tensor.variable.assign(np.ascontiguousarray(_laid_out(tensor, tensors[tensor.name])))
    return len(table.tensors)


def _renamed(name, older):
    for pattern, replacement in older:
        if match := re.match(pattern, name):
            return match.expand(replacement) + name[match.end() :]
    return name


def _laid_out(tensor, array):
    """A tensor's array as float32 in our layout; None where it has another number of axes."""
    try:
        array = tensor.layout(array) if tensor.layout else array
    except ValueError:
        return None
    # Values that float32 cannot hold become infinite, and are then refused.
    with np.errstate(over="ignore"):
        return array.astype(np.float32, copy=False)


def _listed(names, what):
    """`3 tensors missing (a, b, c)`, with the first names alone; nothing where there are none."""
    if not names:
        return ""
    return f"{counted(len(names), 'tensor')} {what} ({first_few(names, _MOST_NAMES)})"


def _is_other_zip(path):
    """Whether a file is a zip archive without PyTorch's pickle in it; damaged ones are not."""
    try:
        with zipfile.ZipFile(path) as archive:
            return not any(name.split("/")[-1] == "data.pkl" for name in archive.namelist())
    except (*DAMAGE, zipfile.BadZipFile, NotImplementedError):
        return False


def _other(start):
    """What a file is that is not read, by its first nine bytes."""
    if not start:
        return "empty"
    if start.startswith(b"PK"):
        return "a zip archive that PyTorch did not write"
    if start.startswith(b"\x80"):
        return "a pickle that PyTorch did not write"
    # Eight bytes say how long the table in JSON is that follows them.
    return "a safetensors file" if start[8:] == b"{" else "of another kind"
