"""The recipes behind the golden arrays of DPIG: weights by the published lists of tensors, pictures, poses, samples."""

import json
from pathlib import Path

import numpy as np
from keras import ops

# A share of the largest absolute value of an array.
TOLERANCE = 1e-4

_TABLE = Path(__file__).parents[2] / "methods" / "dpig-weights.json"


def read(golden, name):
    """A JSON file or the arrays of DPIG's golden folder."""
    path = golden(name, system="dpig")
    if name.endswith(".json"):
        return json.loads(path.read_text())
    with np.load(path) as arrays:
        return dict(arrays)


def module_entries(module):
    """Tensors of a published network, such as `market_encoder`: dictionaries of i, name, shape and kind."""
    return json.loads(_TABLE.read_text())["modules"][module]["list"]


def recipe_weights(entries, base, gain=1.0):
    """{name: array} of tensors, each from its own seed.

    Args:
        entries: what `module_entries` returns.
        base: seed of the first tensor.
        gain: of the kernels.
    """
    return {entry["name"]: _recipe(entry, base, gain) for entry in entries}


def _recipe(entry, base, gain):
    kind, shape = entry["kind"], tuple(entry["shape"])
    if kind.startswith("moving"):
        return np.full(shape, kind == "moving_variance", np.float32)
    values = np.random.Generator(np.random.PCG64(base + entry["i"])).standard_normal(shape).astype(np.float32)
    if "kernel" in kind:
        return values * np.float32(gain * np.sqrt(2 / np.prod(shape[:-1])))
    return np.float32(kind == "norm_scale") + np.float32(0.05) * values


def uniform(seed, shape):
    """Golden pictures: numbers of [-1, 1)."""
    return np.random.Generator(np.random.PCG64(seed)).uniform(-1, 1, shape).astype(np.float32)


def sample_places(size, count):
    """Where `count` values of a flattened array of `size` numbers are taken, evenly from its first to its last."""
    return np.linspace(0, size - 1, count).astype(int)


def samples(array, count):
    """`count` values of an array, as numpy."""
    flat = np.ravel(ops.convert_to_numpy(array))
    return flat[sample_places(flat.size, count)]


def close(ours, theirs, name, tolerance=TOLERANCE):
    """Compare within a share of the largest absolute value."""
    ours = ops.convert_to_numpy(ours)
    assert ours.shape == theirs.shape, name
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance * np.abs(theirs).max(), err_msg=name)
