"""Published weight files as they lie on the disk: every name, shape and value that the tables beside them state."""

import json
import lzma
import re
import tarfile

import numpy as np
import pytest

from pgig.errors import WeightsError
from pgig.weights.foreign import kind_of, read_foreign
from tests.weights.writing import damaged


def stated_values(rule, number, shape):
    """Values of tensor `number` by the rule that a table states in words."""
    (base,) = re.findall(r"PCG64\((\d+) \+ \w\)", rule)
    ((low, high, divisor),) = re.findall(r"integers\((-?\d+),(\d+),shape\)/(\d+)", rule)
    generator = np.random.Generator(np.random.PCG64(int(base) + number))
    return (generator.integers(int(low), int(high), shape) / int(divisor)).astype(np.float32)


@pytest.fixture(scope="module")
def tf_checkpoint_table(golden):
    return json.loads(golden("tf_checkpoint.json", system="pg2").read_text())


@pytest.fixture(scope="module")
def tf_checkpoint_prefix(golden, tf_checkpoint_table, tmp_path_factory):
    """Common start of the names of the unpacked checkpoint."""
    variant = tf_checkpoint_table["graph"]["variant"]
    folder = tmp_path_factory.mktemp("checkpoint")
    with tarfile.open(golden(f"tf_checkpoint_{variant}_tiny.tar.xz", system="pg2")) as archive:
        archive.extractall(folder, filter="data")
    (index,) = folder.glob("*.index")
    return index.with_suffix("")


@pytest.fixture(scope="module")
def torch_checkpoint_table(golden):
    return json.loads(golden("torch_checkpoint.json", system="pg2").read_text())


@pytest.fixture
def torch_checkpoint_arrays(golden, tmp_path):
    """`torch_checkpoint_arrays("x.pth")` -> arrays of a packed state file."""

    def read(name):
        path = tmp_path / name
        path.write_bytes(lzma.decompress(golden(f"{name}.xz", system="pg2").read_bytes()))
        assert kind_of(path) == "torch"
        return read_foreign(path, "torch")

    return read


def test_tf_checkpoint_has_every_stated_variable(tf_checkpoint_table, tf_checkpoint_prefix):
    assert kind_of(tf_checkpoint_prefix) == "tensorflow"
    found = read_foreign(tf_checkpoint_prefix, "tensorflow")
    stated = {name: (tuple(shape), dtype) for name, shape, dtype in tf_checkpoint_table["all_variables"]}
    assert found.shapes == {name: shape for name, (shape, _) in stated.items()}
    for name, array in found.items():
        assert (array.shape, array.dtype.name) == stated[name]
    for number, name in enumerate(tf_checkpoint_table["order_of_low_entropy_values"]):
        expected = stated_values(tf_checkpoint_table["rule"], number, stated[name][0])
        np.testing.assert_array_equal(found[name], expected, err_msg=name, strict=True)


def test_damaged_tf_checkpoint_gives_the_right_values_or_a_sentence(tf_checkpoint_prefix, tmp_path):
    folder = tf_checkpoint_prefix.parent
    files = {file.name: file.read_bytes() for file in folder.glob(f"{tf_checkpoint_prefix.name}.*")}
    arrays = dict(read_foreign(tf_checkpoint_prefix, "tensorflow"))
    prefix = tmp_path / tf_checkpoint_prefix.name
    for name, whole in files.items():
        for other, data in files.items():
            (tmp_path / other).write_bytes(data)
        refused = 0
        for data in damaged(whole, 60):
            (tmp_path / name).write_bytes(data)
            try:
                found = read_foreign(prefix, "tensorflow")
                assert list(found) == list(arrays)
                for key, array in found.items():
                    np.testing.assert_array_equal(array, arrays[key], strict=True)
            except WeightsError as error:
                assert "\n" not in str(error)
                refused += 1
        assert refused > 50


def test_torch_files_have_every_stated_tensor(torch_checkpoint_table, torch_checkpoint_arrays):
    buffers = {"running_mean": 0, "running_var": 1, "num_batches_tracked": None}
    for file, table in torch_checkpoint_table["files"].items():
        arrays = torch_checkpoint_arrays(file)
        assert [[name, list(a.shape), f"torch.{a.dtype}"] for name, a in arrays.items()] == table["keys"]
        parameters = [name for name in arrays if name.split(".")[-1] not in buffers]
        for number, name in enumerate(parameters):
            expected = stated_values(torch_checkpoint_table["rule"], number, arrays[name].shape)
            np.testing.assert_array_equal(arrays[name], expected, err_msg=f"{file} {name}", strict=True)
        for name in arrays.keys() - parameters:
            value = buffers[name.split(".")[-1]]
            assert value is None or (arrays[name] == value).all(), f"{file} {name}"


def test_legacy_torch_files_hold_the_same(golden, torch_checkpoint_arrays):
    folder = golden("torch_checkpoint.json", system="pg2").parent
    legacy = [path.name.removesuffix(".xz") for path in folder.glob("legacy_*.xz")]
    assert legacy
    for file in legacy:
        old, new = torch_checkpoint_arrays(file), torch_checkpoint_arrays(file.removeprefix("legacy_"))
        assert list(old) == list(new)
        for name, array in new.items():
            np.testing.assert_array_equal(old[name], array, err_msg=name, strict=True)
