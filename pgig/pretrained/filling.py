"""Filling a network with what a file and a caller bring, and refusing arrays and pictures that do not fit it."""

import numpy as np

from pgig.errors import DataError, WeightsError


def fill(model, names, arrays, path):
    """Put arrays into the layers of a network that have weights.

    Args:
        model: `keras.Model`.
        names: for each such layer in order, the names of its arrays in the order of its variables.
        arrays: {name: array}; others than the named ones may be there.
        path: the file, for the message.

    Raises:
        WeightsError: an array is missing, has another shape or is not finite; all of these are listed.
    """
    layers = [layer for layer in model.layers if layer.weights]
    pairs = [
        (name, variable)
        for layer, layer_names in zip(layers, names, strict=True)
        for name, variable in zip(layer_names, layer.weights, strict=True)
    ]
    check_arrays({name: tuple(variable.shape) for name, variable in pairs}, arrays, path)
    for name, variable in pairs:
        variable.assign(np.ascontiguousarray(arrays[name], dtype=np.float32))


def check_arrays(
    shapes, arrays, path, network="", give="the file of the right network", strict=False, kind="", also=()
):
    """Compare the arrays of a file with what is expected.

    Args:
        shapes: {name: shape, or list of shapes where a name stands for several arrays}.
        arrays: {name: array, or list of arrays}.
        path: the file, for the message.
        network: what the message calls the network.
        give: what the message asks for.
        strict: whether others than the named ones are refused.
        kind: what is named, for the message.
        also: sentences about what else is wrong.

    Raises:
        WeightsError: an array is missing, left over, has another shape or is not finite; all of these are listed.
    """
    wrong, kind = [], kind and f"{kind} "
    for name, shape in shapes.items():
        several = isinstance(shape, list)
        parts = arrays.get(name) if several else [arrays[name]] if name in arrays else None
        found = [tuple(part.shape) for part in parts or ()]
        if parts is None:
            wrong.append(f"{kind}{name} is missing")
        elif found != (shape if several else [shape]):
            words = f"the shapes {found}" if several else f"shape {found[0]}"
            wrong.append(f"{kind}{name} has {words} instead of {shape}")
        elif any(part.dtype.kind != "f" or not np.isfinite(part).all() for part in parts):
            wrong.append(f"{kind}{name} holds values that are not finite numbers")
    wrong += also
    if strict:
        wrong += [f"{kind}{name[:80]!r} is left over" for name in arrays if name not in shapes]
    if wrong:
        raise WeightsError(f"{path} does not fit{network and ' '}{network}: {'; '.join(wrong)}; give {give}.")


def check_pictures(smallest, dtype, *batches):
    """Refuse pictures that a network cannot take.

    Args:
        smallest: least height and width.
        dtype: name of their type: a network would silently cut floating-point numbers down to bytes.
        batches: arrays that should be (N, H, W, 3), all of one shape.

    Raises:
        DataError: they are of another type or shape, or smaller.
    """
    if any(batch.dtype != dtype for batch in batches):
        raise DataError(
            f"Pictures of the type {' and '.join(str(batch.dtype) for batch in batches)} were given: give {dtype}."
        )
    shape = batches[0].shape
    if len(shape) != 4 or shape[-1] != 3 or any(batch.shape != shape for batch in batches):
        raise DataError(
            f"Pictures of the shapes {' and '.join(str(batch.shape) for batch in batches)} were given: give (N, "
            "H, W, 3) batches of one size."
        )
    if min(shape[1:3]) < smallest:
        raise DataError(
            f"Pictures of {shape[1]}x{shape[2]} pixels are too small for this network: give at least "
            f"{smallest}x{smallest}."
        )
