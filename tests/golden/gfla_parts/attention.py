"""Golden tests of GFLA's local attention block: every array of attn.npz."""

import re

import keras
import numpy as np
import pytest
from keras import ops

from pgig.layers.local_attention import LocalAttention
from tests.compiled_gradients import value_and_gradients
from tests.golden.gfla_parts import common
from tests.golden.gfla_parts.operators import FLOAT, OPERATOR_TOLERANCE
from tests.golden.recipes import recipe_tensor

# Of the largest absolute value of an array: weights of the recipe are rounded to float32 more than once.
ATTENTION_TOLERANCE = max(OPERATOR_TOLERANCE, 1e-7)


@pytest.fixture(scope="module")
def gfla_attention(golden):
    """(seed of the first weight, {kernel: {part: array, channels last}})."""
    arrays, found = common.arrays(golden, "attn"), {}
    seed = int(arrays.pop("weight_seed_base"))
    for name, array in arrays.items():
        kernel, part = re.fullmatch(r"k(\d+)_(\w+)", name).groups()
        maps = array.ndim == 4 and part != "grad_w1"
        found.setdefault(int(kernel), {})[part] = np.moveaxis(array, 1, -1) if maps else array
    assert found
    return seed, found


def block(kernel, channels, seed):
    """The layer with the weights of the recipe."""
    layer = LocalAttention(kernel, dtype=FLOAT)
    layer.build([(None, None, None, n) for n in (channels, channels, 2)])
    for number, variable in enumerate(layer.weights):
        if len(variable.shape) == 1:
            variable.assign(recipe_tensor(seed + number, tuple(variable.shape), "bias"))
        else:
            rows, columns, channels, filters = variable.shape
            values = recipe_tensor(seed + number, (filters, channels, rows, columns), "kernel", out_axis=0)
            variable.assign(values.transpose(2, 3, 1, 0))
    return layer


def attended(kernel, found, seed):
    """{part: array} of the block."""
    layer = block(kernel, found["source"].shape[-1], seed)
    inputs = [keras.Variable(found[name], dtype=FLOAT) for name in ("source", "target", "flow")]
    variables = [*inputs, layer.kernel1, layer.kernel2]
    out, slopes = value_and_gradients(lambda: layer([x.value for x in inputs]), variables, found["grad_out"])
    coefficients = layer.coefficients(*(x.value for x in inputs))
    return {
        "coef": ops.convert_to_numpy(coefficients),
        "out": out,
        **{f"grad_{name}": slope for name, slope in zip(("source", "target", "flow"), slopes[:3], strict=True)},
        "grad_w0_norm": np.linalg.norm(slopes[3]),
        "grad_w1": slopes[4].transpose(3, 2, 0, 1),
    }


def test_attention_block(gfla_attention):
    seed, cases = gfla_attention
    for kernel, found in cases.items():
        results = attended(kernel, found, seed)
        assert set(found) - {"source", "target", "flow", "grad_out"} == set(results)
        for part, value in results.items():
            limit = ATTENTION_TOLERANCE * np.abs(found[part]).max()
            np.testing.assert_allclose(value, found[part], rtol=0, atol=limit, err_msg=f"k{kernel} {part}")
