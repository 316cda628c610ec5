"""State files of PyTorch: both layouts, views, types, hostile files."""

import struct
import zipfile

import numpy as np
import pytest

from pgig.errors import WeightsError
from pgig.weights.torch_file import is_torch_file, read_torch
from tests.weights.writing import (
    call,
    damaged,
    integer,
    integers,
    items,
    legacy_file,
    name,
    plain_tensor,
    state_file,
    storage,
    table,
    tensor,
    text,
    zip_file,
)

LAYOUTS = pytest.mark.parametrize("layout", [zip_file, legacy_file])
VALUES = np.arange(24, dtype=np.float32)


def read(tmp_path, data):
    path = tmp_path / "state.pth"
    path.write_bytes(data)
    return read_torch(path)


def refused(tmp_path, data, match):
    with pytest.raises(WeightsError, match=match) as caught:
        read(tmp_path, data)
    assert "\n" not in str(caught.value)


@LAYOUTS
def test_views_of_one_storage(tmp_path, layout):
    place = storage("7", "FloatStorage", 24)
    tensors = {
        "whole": tensor(place, (2, 3, 4), (12, 4, 1)),
        "turned": tensor(place, (4, 3, 2), (1, 4, 12)),
        "part": tensor(place, (2, 2), (12, 4), offset=5),
        "scalar": tensor(place, (), (), offset=3),
        "one_row": tensor(place, (1, 3), (10**6, 1)),
        "nothing": tensor(place, (0, 4), (4, 1)),
    }
    arrays = read(tmp_path, layout(table(tensors), {"7": VALUES}))
    whole = VALUES.reshape(2, 3, 4)
    expected = [whole, whole.T, whole[:, 1:, 1], VALUES[3], VALUES[None, :3], np.zeros((0, 4), np.float32)]
    assert list(arrays) == list(tensors)
    for array, other in zip(arrays.values(), expected, strict=True):
        assert array.dtype == np.float32
        np.testing.assert_array_equal(array, other, strict=True)


@LAYOUTS
def test_types(tmp_path, layout):
    numbers = np.array([0, 1, 2, 100])
    kinds = {
        "HalfStorage": ("f2", "f4"),
        "FloatStorage": ("f4", "f4"),
        "DoubleStorage": ("f8", "f8"),
        "LongStorage": ("i8", "i8"),
        "IntStorage": ("i4", "i4"),
        "ShortStorage": ("i2", "i2"),
        "CharStorage": ("i1", "i1"),
        "ByteStorage": ("u1", "u1"),
    }
    stored = {kind: numbers.astype(there) for kind, (there, _) in kinds.items()}
    # The upper halves of float32 numbers; all of these need no more.
    stored["BFloat16Storage"] = (numbers.astype("f4").view("u4") >> 16).astype("u2")
    stored["BoolStorage"] = np.array([0, 1, 1, 5], "u1")
    arrays = read(tmp_path, layout(table({k: plain_tensor(k, a, k) for k, a in stored.items()}), stored))
    for kind, (_, here) in kinds.items():
        np.testing.assert_array_equal(arrays[kind], numbers.astype(here), strict=True)
    np.testing.assert_array_equal(arrays["BFloat16Storage"], numbers.astype("f4"), strict=True)
    np.testing.assert_array_equal(arrays["BoolStorage"], [False, True, True, True], strict=True)


@LAYOUTS
def test_tables_within_tables_and_what_is_no_tensor(tmp_path, layout):
    weight = plain_tensor("0", VALUES)
    remarks = {"epoch": integer(3), "note": text("hello"), "sizes": integers((1, 2)), "none": b"N"}
    inner = table({"module.conv.weight": weight}) + table({"_metadata": table({})}) + b"b"
    tree = table({"state_dict": inner, "list": b"](" + plain_tensor("1", VALUES) + b"e", **remarks})
    arrays = read(tmp_path, layout(tree, {"0": VALUES, "1": VALUES}))
    assert list(arrays) == ["state_dict.module.conv.weight"]
    np.testing.assert_array_equal(arrays["state_dict.module.conv.weight"], VALUES)


def test_files_of_the_first_years(tmp_path):
    """Strings of Python 2, tables as lists of pairs, parameters as objects, storages within storages."""
    part = items(text("view", True), integer(4), integer(20))
    place = storage("0", "FloatStorage", 24, part, python2=True)
    data = call("torch._utils _rebuild_tensor", place, integer(1), integers((3,)), integers((1,)))
    state = items(data, b"N", b"N", b"\x88", b"\x89")
    parameters = {
        "state": name("torch.nn.parameter Parameter") + b")\x81" + state + b"b",
        "argument": name("torch.nn.parameter Parameter") + items(data) + b"\x81" + items(b"\x88", b"\x89", b"N") + b"b",
        "function": call("torch._utils _rebuild_parameter", data, b"\x88", b"N"),
        "tensor": data,
    }
    pairs = b"".join(b"](" + text(key, True) + value + b"e" for key, value in parameters.items())
    arrays = read(tmp_path, legacy_file(call("collections OrderedDict", b"](" + pairs + b"e"), {"0": VALUES}))
    assert list(arrays) == list(parameters)
    for array in arrays.values():
        np.testing.assert_array_equal(array, VALUES[5:8])


def test_byte_order(tmp_path):
    tree = table({"a": plain_tensor("0", VALUES)})
    arrays = read(tmp_path, zip_file(tree, {"0": VALUES.astype(">f4")}, byteorder=b"big"))
    np.testing.assert_array_equal(arrays["a"], VALUES, strict=True)
    refused(tmp_path, zip_file(tree, {"0": VALUES}, byteorder=b"middle"), "middle")
    refused(tmp_path, legacy_file(tree, {"0": VALUES}, little_endian=False), "byte order of another kind")


def test_files_that_pytorch_writes(tmp_path):
    torch = pytest.importorskip("torch")
    whole = torch.arange(60, dtype=torch.float32).reshape(3, 4, 5)
    state = {
        "a": whole,
        "view": whole[1:, ::2].transpose(0, 2),
        "half": whole.half(),
        "brain": whole.bfloat16(),
        "count": torch.tensor(5),
        "parameter": torch.nn.Parameter(whole[0].clone()),
    }
    model = torch.nn.Sequential(torch.nn.Conv2d(2, 3, 3), torch.nn.BatchNorm2d(3)).state_dict()
    for zipped in (True, False):
        path = tmp_path / "x.pth"
        torch.save({"net": model, "more": state, "lr": 0.1}, path, _use_new_zipfile_serialization=zipped)
        assert is_torch_file(path)
        arrays = read_torch(path)
        expected = {f"net.{k}": v for k, v in model.items()} | {f"more.{k}": v for k, v in state.items()}
        assert list(arrays) == list(expected)
        for key, value in expected.items():
            value = value.detach()
            value = value.float() if value.dtype in (torch.half, torch.bfloat16) else value
            np.testing.assert_array_equal(arrays[key], value.numpy(), strict=True)


@LAYOUTS
@pytest.mark.parametrize("what", ["posix system", "builtins eval", "torch.nn.modules.conv Conv2d"])
def test_code_is_refused_by_its_name(tmp_path, layout, what):
    canary = tmp_path / "canary"
    tree = table({"a": call(what, text(f"touch {canary}"))})
    refused(tmp_path, layout(tree, {}), what.replace(" ", "."))
    assert not canary.exists()


def nested(depth, wrap):
    value = b"}"
    for _ in range(depth):
        value = wrap(value)
    return value


HOSTILE = {
    "a memo of two thousand million places": (b"}r\xff\xff\xff\x7f", "no tensor"),
    "a deep tuple as key": (b"}" + b")" + b"\x85" * 100_000 + b"Ns", "key of type tuple"),
    "tables that share parts": (nested(40, lambda x: x + b"q\x00}(K\x00h\x00K\x01h\x00u"), "too deep"),
    "a wide and deep table": (
        nested(12, lambda x: x + b"q\x00}(" + b"".join(b"K" + bytes([k]) + b"h\x00" for k in range(99)) + b"u"),
        "too many",
    ),
    "a table that holds itself": (b"}q\x00K\x00h\x00s", "too deep"),
    "one long list copied for ever": (
        b"](" + b"K\x00" * 5000 + b"eq\x010](" + (name("torch Size") + b"h\x01\x85R") * 5000 + b"e",
        "POP|again and again",
    ),
    "a long key": (table({"x" * 300: b"N"}), "256 characters"),
    "arguments that are no tuple": (name("torch Size") + b"NR", "no tuple"),
    "a call of a number": (b"K\x01)R", "like a function"),
    "no table": (b"K\x01", "int instead of a table"),
    "nothing": (table({"a": integer(1)}), "no tensor"),
    "huge sizes": (table({"a": tensor(storage("0", "FloatStorage", 24), (2**30, 2**30), (0, 0))}), "of the shape"),
    "past the end": (table({"a": tensor(storage("0", "FloatStorage", 24), (25,), (1,))}), "ends at value 24"),
    "before the start": (table({"a": tensor(storage("0", "FloatStorage", 24), (2,), (-1,))}), "negative size"),
    "a huge storage": (table({"a": tensor(storage("0", "FloatStorage", 2**31 - 1), (1,), (1,))}), "claim"),
    "a longer storage": (table({"a": tensor(storage("0", "FloatStorage", 25), (1,), (1,))}), "were expected|claim"),
}


@LAYOUTS
@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_pickles(tmp_path, layout, what):
    tree, match = HOSTILE[what]
    refused(tmp_path, layout(tree, {"0": VALUES}), match)


def test_hostile_archives(tmp_path):
    tree = table({"a": plain_tensor("0", VALUES)})
    refused(tmp_path, zip_file(tree, {"0": VALUES}, compression=zipfile.ZIP_DEFLATED), "compressed entry")
    refused(tmp_path, zip_file(tree, {}), "data/0")
    refused(tmp_path, zip_file(tree, {"0": VALUES}).replace(b"data.pkl", b"data.pkx"), "0 entries data.pkl")
    refused(tmp_path, zip_file(tree, {"0": VALUES}, **{"b/data.pkl": b"."}), "2 entries data.pkl")
    # Two storages of a thousand values, of which only one is there.
    two = {key: plain_tensor(key, np.zeros(1000)) for key in ("0", "1")}
    refused(tmp_path, zip_file(table(two), {"0": np.zeros(1000, np.float32)}), "claim 8000 bytes")


def test_other_files_are_named(tmp_path):
    refused(tmp_path, b"hello", "first bytes")
    with pytest.raises(WeightsError, match="does not exist"):
        read_torch(tmp_path / "none.pth")
    with pytest.raises(WeightsError, match="cannot be read"):
        read_torch(tmp_path)
    path = tmp_path / "plain"
    path.write_bytes(b"\x80\x03}.")
    assert not is_torch_file(path)


@LAYOUTS
def test_damaged_files_give_arrays_or_a_sentence(tmp_path, layout):
    random = np.random.default_rng(0)
    arrays = {f"layer.{k}.weight": random.normal(size=(k, 2)).astype(np.float32) for k in range(1, 4)}
    whole = state_file(arrays, layout)
    for key, array in read(tmp_path, whole).items():
        np.testing.assert_array_equal(array, arrays[key], strict=True)
    for data in damaged(whole, 300):
        try:
            found = read(tmp_path, data)
        except WeightsError as error:
            assert "\n" not in str(error)
        else:
            assert sum(array.nbytes for array in found.values()) <= 4 * len(data)


def test_legacy_storage_counts_are_not_trusted(tmp_path):
    whole = legacy_file(table({"a": plain_tensor("0", VALUES)}), {"0": VALUES})
    place = len(whole) - VALUES.nbytes - 8
    for count in (-1, 2**62, -(2**62), 25, 23, 0):
        refused(tmp_path, whole[:place] + struct.pack("<q", count) + whole[place + 8 :], "cannot be read")
