"""Golden tests of GFLA's operators: every array of ops.npz, values and gradients."""

import re

import keras
import numpy as np
import pytest
from keras import ops

from pgig.layers.block_extractor import block_extractor
from pgig.layers.local_attn_reshape import local_attn_reshape
from pgig.layers.resample2d import resample2d
from tests.compiled_gradients import value_and_gradients
from tests.golden.gfla_parts import common

# JAX computes in float32 unless a process as a whole does not; positions lose a digit there.
FLOAT = "float32" if keras.backend.backend() == "jax" else "float64"

# Of the largest absolute value of an array.
OPERATOR_TOLERANCE = {"float32": 1e-5, "float64": 1e-12}[FLOAT]

INPUTS = {"be": {"source", "flow", "grad_out"}, "rs": {"source", "flow", "grad_out"}, "la": {"input", "grad_out"}}


@pytest.fixture(scope="module")
def gfla_operators(golden):
    """{(operator, case): {part: array, channels last}}."""
    found = {}
    for name, array in common.arrays(golden, "ops").items():
        operator, case, part = name.split("_", 2)
        found.setdefault((operator, case), {})[part] = np.moveaxis(array, 1, -1)
    assert {operator for operator, _ in found} == set(INPUTS)
    return found


def sampled(function, found):
    """{part: array} of a function of source and flow."""
    variables = [keras.Variable(found[name], dtype=FLOAT) for name in ("source", "flow")]
    if "grad_out" not in found:
        return {"out": ops.convert_to_numpy(function(*(v.value for v in variables)))}
    out, slopes = value_and_gradients(lambda: function(*(v.value for v in variables)), variables, found["grad_out"])
    return {"out": out, "grad_source": slopes[0], "grad_flow": slopes[1]}


def extracted(case, found):
    """Results of block_extractor; the sizes of the arrays tell the kernel."""
    kernel, rest = divmod(found["out"].shape[1], found["flow"].shape[1])
    assert rest == 0
    return sampled(lambda source, flow: block_extractor(source, flow, kernel), found)


def reshaped(case, found):
    """Results of local_attn_reshape."""
    kernel = found["out"].shape[1] // found["input"].shape[1]
    x = keras.Variable(found["input"], dtype=FLOAT)
    out, slopes = value_and_gradients(lambda: local_attn_reshape(x.value, kernel), [x], found["grad_out"])
    return {"out": out, "grad_input": slopes[0]}


def resampled(case, found):
    """Results of resample2d; the name of the case tells kernel, dilation (or 1) and sigma (or 2)."""
    stated = re.fullmatch(r"k(\d+)(?:d(\d+))?(?:s(\d+))?", case)
    window = [int(number) for number in (stated[1], stated[2] or 1, stated[3] or 2)]
    results = sampled(lambda source, flow: resample2d(source, flow, *window), found)
    results["grad_source_true"] = results.pop("grad_source")
    results["grad_source_kernel"] = original_source_gradient(found, *window)
    return results


def original_source_gradient(found, kernel, dilation, sigma):
    """The gradient of the source as the original has it: distances are measured from the pixel towards zero.

    It shows that the true one, which the layers have, differs from it in this alone.
    """
    slope = np.zeros_like(found["source"])
    for b, y, x in np.ndindex(found["flow"].shape[:3]):
        weights, pixels = [], []
        for position, size in zip((y, x) + found["flow"][b, y, x, ::-1], slope.shape[1:3], strict=True):
            share, steps = position - np.trunc(position), np.arange(kernel // 2) * dilation
            distance = np.concatenate([steps + share, steps + dilation - share])
            weights.append(np.exp(-(distance**2) / (2 * sigma**2)))
            pixels.append(np.clip(int(np.floor(position)) + np.concatenate([-steps, steps + dilation]), 0, size - 1))
        window = np.outer(*weights)[..., None] / np.outer(*weights).sum()
        np.add.at(slope, (b, pixels[0][:, None], pixels[1]), window * found["grad_out"][b, y, x])
    return slope


def test_operators(gfla_operators):
    compute = {"be": extracted, "rs": resampled, "la": reshaped}
    for (operator, case), found in gfla_operators.items():
        results = compute[operator](case, found)
        assert set(found) - INPUTS[operator] == set(results), (operator, case)
        for part, value in results.items():
            limit = OPERATOR_TOLERANCE * np.abs(found[part]).max()
            np.testing.assert_allclose(value, found[part], rtol=0, atol=limit, err_msg=f"{operator} {case} {part}")
