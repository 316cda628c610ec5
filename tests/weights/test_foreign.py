"""Files of other programs: what kind they are, their names, layouts, and the strict filling of variables."""

import json
import struct
import zipfile

import keras
import numpy as np
import pytest
from keras import ops

from pgig.errors import WeightsError
from pgig.weights import foreign, keras_h5
from pgig.weights.foreign import Table, Tensor, fill, kind_of, read_foreign
from tests.weights.writing import (
    call,
    checkpoint,
    integer,
    legacy_file,
    pickled,
    plain_tensor,
    state_file,
    table,
    text,
    write_files,
    zip_file,
)

RANDOM = np.random.default_rng(0)
ARRAYS = {"a.weight": RANDOM.normal(size=(4, 3)).astype(np.float32), "a.bias": np.ones(4, np.float32)}


def variable(*shape):
    return keras.Variable(np.full(shape, 9, "float32"))


def test_kinds_by_content_and_not_by_name(tmp_path):
    path = tmp_path / "weights.any"
    for layout in (zip_file, legacy_file):
        path.write_bytes(state_file(ARRAYS, layout))
        assert kind_of(path) == kind_of(str(path)) == "torch"
    keras_h5.write(path, [("layer", "kernel:0", ARRAYS["a.weight"])], {})
    assert kind_of(path) == "keras"
    prefix = write_files(tmp_path / "model.ckpt-0", checkpoint(ARRAYS))
    for end in ("", ".index", ".data-00000-of-00001"):
        assert kind_of(f"{prefix}{end}") == "tensorflow"


def test_other_files_are_named_and_what_is_accepted_is_said(tmp_path):
    header = json.dumps({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    contents = {
        "empty": b"",
        "a zip archive that PyTorch did not write": zip_file(table({}), {}).replace(b"data.pkl", b"file.txt"),
        "a pickle that PyTorch did not write": pickled(table({"a": integer(1)})),
        "a safetensors file": struct.pack("<Q", len(header)) + header + bytes(4),
        "of another kind": b"hello",
    }
    path = tmp_path / "file.pth"
    for what, data in contents.items():
        path.write_bytes(data)
        with pytest.raises(WeightsError, match=f"file.pth is {what}: give a Keras .* PyTorch .* TensorFlow"):
            kind_of(path)
    with pytest.raises(WeightsError, match="is a folder: give"):
        kind_of(tmp_path)
    with pytest.raises(WeightsError, match="does not exist"):
        kind_of(tmp_path / "none.pth")


def test_a_damaged_zip_archive_is_left_to_its_reader(tmp_path):
    path = tmp_path / "cut.pth"
    path.write_bytes(state_file(ARRAYS)[:-30])
    assert kind_of(path) == "torch"
    with pytest.raises(WeightsError, match="cannot be read as a state file of PyTorch"):
        read_foreign(path, "torch")


def same(found, arrays):
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array, strict=True)


def training_state(state):
    """What a training program saves: its state beside the optimizer's, whose tables have numbers as keys."""
    moments = {"step": integer(3), "exp_avg": plain_tensor("m", ARRAYS["a.bias"])}
    numbered = b"}" + integer(0) + table(moments) + b"s"
    optimizer = table({"state": numbered, "param_groups": b"](" + table({"lr": integer(1)}) + b"e"})
    return table({"epoch": integer(20), "state_dict": state, "optimizer": optimizer})


@pytest.mark.parametrize("layout", [zip_file, legacy_file])
@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("prefix", ["", "module."])
def test_states_of_pytorch_in_all_wrappings(tmp_path, layout, nested, prefix):
    entries = {f"{prefix}{name}": plain_tensor(name[-1], array) for name, array in ARRAYS.items()}
    state = call("collections OrderedDict") + b"(" + b"".join(text(k) + v for k, v in entries.items()) + b"u"
    storages = {name[-1]: array for name, array in ARRAYS.items()}
    value = training_state(state) if nested else state
    path = tmp_path / "G_20.pkl"
    path.write_bytes(layout(value, storages | ({"m": ARRAYS["a.bias"]} if nested else {})))
    same(read_foreign(path, kind_of(path)), ARRAYS)


def test_a_module_that_is_called_module_keeps_its_name(tmp_path):
    arrays = {"module.weight": ARRAYS["a.weight"], "other.bias": ARRAYS["a.bias"]}
    path = tmp_path / "net.pth"
    path.write_bytes(state_file(arrays))
    same(read_foreign(path, "torch"), arrays)


def test_training_states_that_pytorch_writes(tmp_path):
    torch = pytest.importorskip("torch")
    inner = torch.nn.Sequential(torch.nn.Conv2d(3, 2, 3), torch.nn.BatchNorm2d(2))
    model = torch.nn.DataParallel(inner)
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.ones(1, 3, 8, 8)).mean().backward()
    optimizer.step()
    whole = {"epoch": 3, "state_dict": model.state_dict(), "optimizer": optimizer.state_dict()}
    for zipped in (True, False):
        torch.save(whole, tmp_path / "G_3.pkl", _use_new_zipfile_serialization=zipped)
        same(read_foreign(tmp_path / "G_3.pkl", "torch"), {k: v.numpy() for k, v in inner.state_dict().items()})


def test_checkpoints_of_tensorflow_are_read_lazily(tmp_path):
    prefix = write_files(tmp_path / "model.ckpt-0", checkpoint(ARRAYS))
    tensors = read_foreign(prefix, "tensorflow")
    same(tensors, {name: ARRAYS[name] for name in sorted(ARRAYS)})
    (tmp_path / "model.ckpt-0.data-00000-of-00001").unlink()
    assert "a.bias" in tensors and len(tensors) == 2


def test_layouts_of_kernels_are_those_of_pytorch():
    """Each layout, by what the two programs compute from the two forms of a kernel."""
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    picture = RANDOM.normal(size=(2, 5, 6, 4)).astype(np.float32)
    turned = torch.from_numpy(picture.transpose(0, 3, 1, 2).copy())

    def kernel(*shape):
        array = RANDOM.normal(size=shape).astype(np.float32)
        return array, torch.from_numpy(array)

    array, weight = kernel(7, 4, 3, 2)
    pairs = {"conv": (ops.conv(picture, foreign.conv(array)), functional.conv2d(turned, weight))}
    array, weight = kernel(4, 1, 3, 2)
    ours = ops.depthwise_conv(picture, foreign.depthwise(array))
    pairs["depthwise"] = (ours, functional.conv2d(turned, weight, groups=4))
    array, weight = kernel(4, 7, 3, 2)
    ours = ops.conv_transpose(picture, foreign.transposed(array), strides=2, padding="valid")
    pairs["transposed"] = (ours, functional.conv_transpose2d(turned, weight, stride=2))
    array, weight = kernel(3, 120)
    ours = picture.reshape(2, 120) @ foreign.dense_from_chw(5, 6)(array)
    pairs["dense_from_chw"] = (ours, functional.linear(turned.flatten(1), weight))
    (array, weight), (bias, offset), (flat, start) = kernel(120, 3), kernel(120), kernel(2, 3)
    ours = (flat @ foreign.dense_to_chw(5, 6)(array) + foreign.from_chw(5, 6)(bias)).reshape(2, 5, 6, 4)
    pairs["dense_to_chw"] = (ours, functional.linear(start, weight, offset).reshape(2, 4, 5, 6))
    array, weight = kernel(3, 4)
    pairs["dense"] = (picture @ foreign.dense(array), functional.linear(turned.movedim(1, -1), weight).movedim(-1, 1))
    for name, (ours, theirs) in pairs.items():
        theirs = theirs.movedim(1, -1).numpy() if theirs.ndim == 4 else theirs.numpy()
        np.testing.assert_allclose(ops.convert_to_numpy(ours), theirs, rtol=1e-4, atol=1e-5, err_msg=name)


def test_the_first_axis_is_reordered_and_the_others_stay():
    maps = np.arange(24).reshape(4, 2, 3)
    rows = np.stack([maps.ravel(), -maps.ravel()], 1)
    turned = foreign.from_chw(2, 3)(rows)
    np.testing.assert_array_equal(turned[:, 0], maps.transpose(1, 2, 0).ravel())
    np.testing.assert_array_equal(turned[:, 1], -turned[:, 0])


class Counting(dict):
    """A mapping that counts how many of its arrays are taken."""

    asked = 0

    def __getitem__(self, name):
        self.asked += 1
        return super().__getitem__(name)


def test_fill_takes_every_tensor_in_its_layout():
    weight, bias = variable(3, 4), variable(4)
    tensors = Counting(ARRAYS | {"steps": np.array(3), "a.weight/Adam": np.full((4, 3), np.nan)})
    names = (Tensor("a.weight", weight, foreign.dense), Tensor("a.bias", bias))
    assert fill(Table(names, ("steps", ".*/Adam")), tensors, "x.pth", "generator") == 2
    np.testing.assert_array_equal(ops.convert_to_numpy(weight), ARRAYS["a.weight"].T)
    np.testing.assert_array_equal(ops.convert_to_numpy(bias), 1)
    assert tensors.asked == 4


def test_double_and_half_precision_become_single():
    taken = {dtype: variable(2) for dtype in ("float16", "float64")}
    tensors = {dtype: np.array([0.1, 2], dtype) for dtype in taken}
    fill(Table(tuple(Tensor(name, one) for name, one in taken.items())), tensors, "x.pth", "generator")
    for dtype, one in taken.items():
        np.testing.assert_array_equal(ops.convert_to_numpy(one), tensors[dtype].astype(np.float32), strict=True)


def test_fill_lists_all_that_is_wrong_and_changes_nothing():
    names = ("good", "gone", "shape", "axes", "nan", "large", "whole")
    variables = {name: variable(2, 3) for name in names}
    layouts = {"good": foreign.dense, "axes": foreign.conv}
    tensors = {"good": np.ones((3, 2)), "shape": np.ones((3, 2)), "axes": np.ones(6), "nan": np.full((2, 3), np.nan)}
    tensors |= {
        "large": np.full((2, 3), 1e300),
        "whole": np.ones((2, 3), int),
        "step": np.array(1),
        "evil\n": np.ones(1),
    }
    entries = tuple(Tensor(name, one, layouts.get(name)) for name, one in variables.items())
    with pytest.raises(WeightsError) as caught:
        fill(Table(entries, ("st",)), tensors, "x.pth", "generator")
    message = str(caught.value)
    for part in (
        "x.pth does not fit the generator: ",
        "1 tensor missing (gone)",
        "2 tensors left over ('step', 'evil\\n')",
        "2 tensors of another shape (shape (3, 2) instead of (2, 3), axes (6,) instead of (2, 3))",
        "3 tensors with values that are no finite floating-point numbers (nan, large, whole)",
    ):
        assert part in message
    assert "\n" not in message
    for one in variables.values():
        np.testing.assert_array_equal(ops.convert_to_numpy(one), 9)


def test_long_lists_are_cut_and_counted():
    tensors = {f"extra{k}": np.ones(1) for k in range(20)} | {"x" * 500: np.ones(1)}
    with pytest.raises(WeightsError, match=r"21 tensors left over \('extra0', .* 'extra7' and 13 more\)") as caught:
        fill(Table(()), tensors, "x.pth", "generator")
    assert len(str(caught.value)) < 300


def test_damage_in_the_last_tensor_of_a_checkpoint_changes_nothing(tmp_path):
    files = checkpoint(ARRAYS)
    end = ".data-00000-of-00001"
    files[end] = files[end][:-1] + b"\x11"
    taken = {name: variable(*array.shape) for name, array in ARRAYS.items()}
    entries = Table(tuple(Tensor(name, one) for name, one in taken.items()))
    tensors = read_foreign(write_files(tmp_path / "model.ckpt-0", files), "tensorflow")
    with pytest.raises(WeightsError, match="damaged in the values of 'a.bias'"):
        fill(entries, tensors, "model.ckpt-0", "generator")
    for one in taken.values():
        np.testing.assert_array_equal(ops.convert_to_numpy(one), 9)


def test_an_archive_of_numpy_is_no_state_of_pytorch(tmp_path):
    np.savez(tmp_path / "a.npz", **ARRAYS)
    assert zipfile.is_zipfile(tmp_path / "a.npz")
    with pytest.raises(WeightsError, match="zip archive that PyTorch did not write"):
        kind_of(tmp_path / "a.npz")
