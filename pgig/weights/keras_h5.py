"""Keras-2 HDF5 weight files: reading them, and writing our own weights in the same layout.

Layout (Keras 2.0.8 `Model.save`): group `model_weights` with the attribute `layer_names`; one group per layer with the
attribute `weight_names`; one data set per tensor. `save_weights` files have the same groups at the root.
"""

import contextlib
import json

import h5py
import numpy as np

from pgig.errors import WeightsError
from pgig.utils.files import atomic_path

OUR_ATTRIBUTE = "pgig_config"

# What h5py raises on damaged files, by trial with random damage.
_H5_ERRORS = (OSError, KeyError, ValueError, TypeError, AttributeError, RuntimeError, RecursionError)
# Values in a tensor: more than twice VGG19's largest. A damaged file may claim any number.
_LARGEST = 2**28


def read(path):
    """Tensors of a file in file order.

    Args:
        path: a `.h5` file of Keras 2 (or 1) or of ours.

    Returns:
        (tensors, config): list of ("layer/tensor name", float array), and the dictionary of options that our own
        files carry, or None for a foreign file.

    Raises:
        WeightsError: the file is missing, not HDF5, or not of that layout.
    """
    with _opened(path) as file:
        root = file.get("model_weights", file)
        if "layer_names" not in root.attrs:
            raise WeightsError(f"{path} is an HDF5 file without layer_names: a Keras .h5 weight file was expected.")
        return [tensor for layer in _names(root, "layer_names") for tensor in _tensors(root, layer)], _config(file)


def read_config(path):
    """The dictionary of options that a file of ours carries, None for a foreign file.

    Raises:
        WeightsError: as for `read`.
    """
    with _opened(path) as file:
        return _config(file)


def write(path, entries, config):
    """Write weights in the original's layout, with our options beside them.

    Args:
        path: file to write, atomically.
        entries: list of (layer group, tensor name, array) in file order.
        config: dictionary of plain values that says what the network was built from.
    """
    # Built in memory: HDF5 cannot close a file that a full disk cuts short.
    with h5py.File("weights", "w", driver="core", backing_store=False) as file:
        file.attrs["keras_version"] = np.bytes_("2.0.8")
        file.attrs["backend"] = np.bytes_("tensorflow")
        file.attrs[OUR_ATTRIBUTE] = np.bytes_(json.dumps(config))
        root = file.create_group("model_weights")
        groups = {}
        for layer, name, array in entries:
            group = root.require_group(layer)
            group.create_dataset(name, data=np.asarray(array, "float32"))
            groups.setdefault(layer, []).append(name)
        root.attrs["layer_names"] = np.array(list(groups), "S")
        for layer, names in groups.items():
            root[layer].attrs["weight_names"] = np.array(names, "S")
        file.flush()
        image = file.id.get_file_image()
    with atomic_path(path) as temporary:
        temporary.write_bytes(image)


def assign(variables, tensors, path, network):
    """Put tensors into variables by their order; every shape must fit.

    Args:
        variables: list of (layer, tensor name, variable) in file order. A variable may stand more than once; its
            copies in the file must then be equal.
        tensors: list of (name, array) as `read` returns them.
        path, network: for the message.

    Raises:
        WeightsError: tensors are missing, left over, of another shape, not finite, or unequal copies; all are listed.
    """
    wrong = []
    if len(tensors) != len(variables):
        wrong.append(f"{len(tensors)} tensors instead of {len(variables)}")
    taken = {}
    for (_, _, variable), (name, array) in zip(variables, tensors, strict=False):
        if tuple(array.shape) != tuple(variable.shape):
            wrong.append(f"{name} {tuple(array.shape)} instead of {tuple(variable.shape)} for {variable.path}")
        elif not np.isfinite(array).all():
            wrong.append(f"{name} holds values that are not finite")
        elif not np.array_equal(taken.setdefault(id(variable), (variable, array))[1], array):
            wrong.append(f"{name} differs from its first copy in the file")
    if wrong:
        raise WeightsError(
            f"{path} does not fit this {network}: {'; '.join(wrong)}. "
            f"Give the flags that the file was trained with, or another file."
        )
    for variable, array in taken.values():
        variable.assign(array)


@contextlib.contextmanager
def _opened(path):
    """Open a file for reading; whatever is wrong with it becomes a sentence."""
    try:
        with h5py.File(path, "r") as file:
            yield file
    except FileNotFoundError:
        raise WeightsError(f"The weight file {path} does not exist: check the path.") from None
    except _H5_ERRORS as error:
        reason = " ".join(str(error).split())
        raise WeightsError(f"{path} cannot be read as a Keras .h5 weight file ({reason}): take another copy.") from None


def _config(file):
    if OUR_ATTRIBUTE not in file.attrs:
        return None
    # HDF5 does not come back from some damaged texts of variable length; ours have a fixed one.
    if file.attrs.get_id(OUR_ATTRIBUTE).dtype.kind != "S":
        raise ValueError(f"{OUR_ATTRIBUTE} is not a text of fixed length")
    config = json.loads(file.attrs[OUR_ATTRIBUTE])
    if not (isinstance(config, dict) and isinstance(config.get("options", {}), dict)):
        raise ValueError(f"{OUR_ATTRIBUTE} is not a table of options")
    return config


def _names(group, attribute):
    return [name.decode() if isinstance(name, bytes) else str(name) for name in group.attrs[attribute]]


def _tensors(root, layer):
    names = _names(root[layer], "weight_names") if "weight_names" in root[layer].attrs else []
    for name in names:
        data = root[layer][name]
        if not isinstance(data, h5py.Dataset) or data.dtype.kind != "f":
            raise ValueError(f"{layer}/{name} is not an array of floating-point numbers")
        if data.size > _LARGEST:
            raise ValueError(f"{layer}/{name} claims {data.size} values")
        yield name, data[()].astype("float32")
