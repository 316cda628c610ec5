import keras
import numpy as np
import pytest
from keras import ops

from pgig.layers import weighted_gather as gather
from tests.gradients import value_and_gradient


def _case(taps=3, outputs=7):
    generator = np.random.default_rng(0)
    maps = generator.normal(size=(2, 2, 3, 4)).astype("float32")
    rows = generator.integers(0, 12, (taps, outputs)).astype("int32")
    weights, upstream = (generator.normal(size=shape).astype("float32") for shape in ((taps, outputs), (outputs, 4)))
    return maps, rows, weights, upstream


def test_sum_and_both_gradients():
    maps, rows, weights, upstream = _case()
    table = maps.reshape(-1, 4)
    expected = np.einsum("tnc,tn->nc", table[rows], weights)
    to_table = np.zeros_like(table)
    np.add.at(to_table, rows, weights[..., None] * upstream)

    out, maps_slope = value_and_gradient(
        lambda x: gather.weighted_gather(x, ops.convert_to_tensor(rows), ops.convert_to_tensor(weights)), maps, upstream
    )
    _, weights_slope = value_and_gradient(
        lambda x: gather.weighted_gather(ops.convert_to_tensor(maps), ops.convert_to_tensor(rows), x), weights, upstream
    )

    np.testing.assert_allclose(out, expected, atol=1e-5)
    np.testing.assert_allclose(maps_slope, to_table.reshape(maps.shape), atol=1e-5)
    np.testing.assert_allclose(weights_slope, np.einsum("tnc,nc->tn", table[rows], upstream), atol=1e-5)


def test_half_precision_maps_are_summed_in_the_precision_of_the_weights():
    taps = 300
    maps = ops.cast(np.ones((1, 1, 1, 1)), "bfloat16")
    rows, weights = (ops.convert_to_tensor(np.full((taps, 1), value)) for value in (np.int32(0), np.float32(1)))
    out = gather.weighted_gather(maps, rows, weights)
    assert keras.backend.standardize_dtype(out.dtype) == "bfloat16"
    assert float(ops.cast(out, "float32")[0, 0]) == 300


@pytest.mark.parametrize(
    ("position", "whole", "fraction"),
    [(1.25, 1, 0.25), (-0.25, -1, 0.75), (3.0, 3, 0), (1e30, 6, 0), (-np.inf, -2, 0), (np.inf, 6, 0)],
)
def test_positions_of_any_size_are_split(position, whole, fraction):
    found = gather.split_position(ops.convert_to_tensor(np.float32([position])), size=5, margin=2)
    assert [float(x[0]) for x in found] == [whole, fraction]


def test_no_number_as_a_position_is_seen_in_the_fraction():
    whole, fraction = gather.split_position(ops.convert_to_tensor(np.float32([np.nan])), size=5, margin=2)
    assert int(whole[0]) == 0 and np.isnan(float(fraction[0]))
