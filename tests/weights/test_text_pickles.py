"""Pickles of Python 2: text, numpy's own numbers, damage."""

import io
import pickle
import warnings

import numpy as np
import pytest

from pgig.weights.pickle_arrays import read_table
from pgig.weights.restricted import DAMAGE
from tests.data import python2_text
from tests.weights.writing import damaged

MOST = 10_000
POSES = {
    "a 'quoted' \\x name.jpg": [[(np.int64(3), np.int64(-7), np.float64(0.25), 5), (1, 2, 0.5, 6)], []],
    "b.jpg": np.linspace(-1, 300, 40).reshape(2, 20),
    "none.jpg": np.zeros((0, 20)),
}


def read(data, most=MOST):
    return read_table(io.BytesIO(data), most)


@pytest.mark.parametrize("protocol", [0, 1, 2, 4, "python 2"])
def test_all_protocols(protocol):
    dumps = python2_text.dumps if protocol == "python 2" else lambda value: pickle.dumps(value, protocol)
    # The reader and the library agree on what the pickle says.
    assert str(pickle.loads(dumps(POSES), encoding="latin1")) == str(POSES)
    table = read(dumps(POSES))
    assert list(table) == list(POSES)
    for name, value in POSES.items():
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(table[name].array(), value, strict=True)
        else:
            assert table[name] == value


@pytest.mark.parametrize("value", [0.0, 1.5])
def test_large_arrays_of_python_3_for_python_2(value):
    for array in (np.full(5000, value), np.full((3, 1000), value)):
        table = read(pickle.dumps({"a": array, "b": array + 1}, 2))
        np.testing.assert_array_equal(table["b"].array(), array + 1, strict=True)


@pytest.mark.parametrize(
    "data",
    [
        b"(dS'a'\nI1\ns",  # no end
        b"(lp1\nI1\na.",  # no table
        b"(dS'a\nI1\ns.",
        b"(dS'a\\q'\nI1\ns.",
        b"(dS'a\\'\nI1\ns.",
        b"(dS'\nI1\ns.",
        b"(dS'a'\ng7\ns.",  # a value that was never kept
        b"(dS'a'\nI" + b"9" * 5000 + b"\ns.",
        b"(d(ttI1\ns.",
        b"(dS'a'\ncposix\nsystem\n(S'true'\ntRs.",
        b"(dS'a'\ncnumpy.core.multiarray\nscalar\n(I1\nS'x'\ntRs.",
        b"(dp0\n" + b"S'a'\nI1\ns" * MOST + b".",
        b"(dS'" + b"k" * 300 + b"'\nI1\ns.",
        b"",
    ],
)
def test_hostile_text_is_refused(data):
    with pytest.raises(DAMAGE):
        read(data)


def test_random_damage_is_an_error_or_a_table():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for data in damaged(python2_text.dumps(POSES), 2000):
            try:
                assert isinstance(read(data), dict)
            except DAMAGE:
                pass
