"""Pickles of numpy arrays: protocols, types, hostile files."""

import pickle

import numpy as np
import pytest

from pgig.errors import WeightsError
from pgig.weights.pickle_arrays import read_arrays
from tests.weights.writing import call, damaged, integer, integers, items, name, pickled, table, text

ARRAYS = {
    "f4": np.arange(24, dtype=np.float32).reshape(2, 3, 4),
    "f8": np.linspace(0, 1, 5),
    "big": np.arange(3, dtype=">f4"),
    "columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "bytes": np.arange(4, dtype=np.uint8),
    "long": np.array([-1, 2**40]),
    "true": np.array([True, False]),
    "scalar": np.array(2.5),
    "empty": np.zeros((0, 3), np.float32),
}


def read(tmp_path, data):
    path = tmp_path / "arrays.ckpt"
    path.write_bytes(data)
    return read_arrays(path)


def refused(tmp_path, data, match):
    with pytest.raises(WeightsError, match=match) as caught:
        read(tmp_path, data)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("old_name", [False, True])
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_arrays_of_all_protocols(tmp_path, protocol, old_name):
    data = pickle.dumps({"net": {"inner": ARRAYS, "number": 1}, "half": np.array([0.5], "f2")}, protocol)
    if old_name and protocol < 4:
        data = data.replace(b"numpy._core.", b"numpy.core.")
    arrays = read(tmp_path, data)
    assert list(arrays) == [*(f"net/inner/{key}" for key in ARRAYS), "half"]
    for key, array in ARRAYS.items():
        native = array.astype(array.dtype.newbyteorder("="))
        np.testing.assert_array_equal(arrays[f"net/inner/{key}"], native, strict=True)
    np.testing.assert_array_equal(arrays["half"], np.array([0.5], "f4"), strict=True)


def test_python_2_wrote_bytes_as_text(tmp_path):
    kind = call("numpy dtype", text("f4", True), integer(0), integer(1))
    kind += items(integer(3), text("<", True), b"N", b"N", b"N", integer(-1), integer(-1), integer(0)) + b"b"
    contents = np.array([1.5, -2], "<f4").tobytes()
    array = call("numpy.core.multiarray _reconstruct", name("numpy ndarray"), integers((0,)), text("b", True))
    array += items(integer(1), integers((2,)), kind, b"\x89", b"U" + bytes([len(contents)]) + contents) + b"b"
    arrays = read(tmp_path, pickled(table({"a": array}, python2=True)))
    np.testing.assert_array_equal(arrays["a"], np.array([1.5, -2], "f4"), strict=True)


def test_code_is_refused_by_its_name(tmp_path):
    canary = tmp_path / "canary"
    refused(tmp_path, pickled(table({"a": call("posix system", text(f"touch {canary}"))})), "posix.system")
    refused(tmp_path, pickle.dumps({"a": print}), "builtins.print")
    refused(tmp_path, pickle.dumps({"a": np.float32(1)}, 2), "scalar")
    assert not canary.exists()


@pytest.mark.parametrize("dtype", [object, "U3", [("x", "f4")], "c8", "M8[s]"])
def test_arrays_that_are_not_of_numbers_are_refused(tmp_path, dtype):
    refused(tmp_path, pickle.dumps({"a": np.zeros(2, dtype)}, 3), "which is not read")


def test_hostile_sizes(tmp_path):
    whole = pickle.dumps({"a": np.arange(7, dtype=np.float32)}, 2)
    shape = whole.index(b"K\x07")
    refused(tmp_path, whole[: shape + 1] + b"\x09" + whole[shape + 2 :], "claims the shape")
    kind = call("numpy dtype", text("f4"))
    shape = items(integer(2**30), text("xyz"))
    repeated = call("numpy._core.numeric _frombuffer", text("xxxx"), kind, shape, text("C"))
    refused(tmp_path, pickled(table({"a": repeated})), "impossible shape")
    # Each call would make a new megabyte of the same text.
    again = call("_codecs encode", text("x" * 2**20) + b"q\x01", text("latin1"))
    again = b"](" + again + (name("_codecs encode") + b"h\x01" + text("latin1") + b"\x86R") * 1000 + b"e"
    refused(tmp_path, pickled(again), "again and again")
    refused(tmp_path, pickled(table({"a": integer(1)})), "holds no array")
    refused(tmp_path, b"", "cannot be read as a pickle")
    with pytest.raises(WeightsError, match="does not exist"):
        read_arrays(tmp_path / "none")


@pytest.mark.parametrize("protocol", [3, 5])
def test_damaged_files_give_arrays_or_a_sentence(tmp_path, protocol):
    for data in damaged(pickle.dumps(ARRAYS, protocol), 300):
        try:
            found = read(tmp_path, data)
        except WeightsError as error:
            assert "\n" not in str(error)
        else:
            assert sum(array.nbytes for array in found.values()) <= 4 * len(data)
