"""Caffe's weight files: both forms, damage."""

import struct

import numpy as np
import pytest

from pgig.errors import WeightsError
from pgig.weights.caffe_file import read_caffe
from tests.weights.writing import varint


def field(number, data):
    """A field of bytes, of text or of packed values."""
    return varint(number << 3 | 2) + varint(len(data)) + data


def integer(number, value):
    return varint(number << 3) + varint(value)


def blob(array, old=False):
    values = field(5, np.asarray(array, "<f4").tobytes())
    if old:
        shape = (1,) * (4 - array.ndim) + array.shape
        return b"".join(integer(number, size) for number, size in enumerate(shape, 1)) + values
    return field(7, field(1, b"".join(varint(size) for size in array.shape))) + values


def layer(name, *arrays):
    return field(100, field(1, name.encode()) + field(2, b"Convolution") + b"".join(field(7, blob(a)) for a in arrays))


def old_layer(name, *arrays):
    blobs = b"".join(field(6, blob(a, old=True)) for a in arrays)
    return field(2, field(4, name.encode()) + integer(5, 4) + blobs)


KERNEL = np.random.default_rng(0).standard_normal((3, 2, 3, 3)).astype(np.float32)
BIAS = np.array([1.5, -2, 3], np.float32)


@pytest.fixture
def written(tmp_path):
    def write(data):
        path = tmp_path / "net.caffemodel"
        path.write_bytes(data)
        return path

    return write


def test_layers_in_file_order(written):
    data = field(1, b"a net") + layer("conv", KERNEL, BIAS) + layer("relu") + layer("norm", BIAS)
    arrays = read_caffe(written(data))
    assert list(arrays) == ["conv", "norm"]
    np.testing.assert_array_equal(arrays["conv"][0], KERNEL)
    np.testing.assert_array_equal(arrays["conv"][1], BIAS)
    assert arrays["conv"][0].dtype == np.float32


def test_the_old_form(written):
    arrays = read_caffe(written(old_layer("data") + old_layer("conv", KERNEL, BIAS)))
    np.testing.assert_array_equal(arrays["conv"][0], KERNEL)
    np.testing.assert_array_equal(arrays["conv"][1], BIAS.reshape(1, 1, 1, 3))


def test_values_in_double_precision_and_values_not_packed(written):
    shape = field(7, field(1, b"\3"))
    double = shape + field(8, BIAS.astype("<f8").tobytes())
    single = shape + b"".join(b"\x2d" + struct.pack("<f", value) for value in BIAS)
    data = field(100, field(1, b"both") + field(7, double) + field(7, single))
    for array in read_caffe(written(data))["both"]:
        np.testing.assert_array_equal(array, BIAS)


HUGE = field(7, field(1, varint(2**40) * 2))


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "no layer with weights"),
        (layer("relu"), "no layer with weights"),
        (b"\x89PNG\r\n\x1a\n" * 9, "not such a message"),
        (layer("conv", KERNEL)[:-5], "not such a message"),
        (layer("a", BIAS) + layer("a", BIAS), "two layers are called 'a'"),
        (field(100, field(1, b"big") + field(7, HUGE)), "0 values for the shape 1099511627776x1099511627776"),
        (field(100, field(1, b"minus") + field(7, field(7, field(1, b"\xff" * 9 + b"\1")))), "0 values .* -1"),
        (field(100, field(1, b"\xff\xfe") + field(7, blob(BIAS))), "not such a message"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(written, data, sentence):
    with pytest.raises(WeightsError, match=sentence) as caught:
        read_caffe(written(data))
    assert "\n" not in str(caught.value)


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(WeightsError, match="does not exist"):
        read_caffe(tmp_path / "none")
    with pytest.raises(WeightsError, match="cannot be read"):
        read_caffe(tmp_path)


def test_random_damage_never_ends_in_a_traceback(written):
    whole = layer("conv", KERNEL, BIAS) + old_layer("old", BIAS)
    generator = np.random.default_rng(1)
    for _ in range(1500):
        data = bytearray(whole[: generator.integers(1, len(whole) + 1)] if generator.random() < 0.3 else whole)
        for place in generator.integers(0, len(data), generator.integers(1, 5)):
            data[min(place, int(generator.integers(0, 2000)) % len(data))] = generator.integers(0, 256)
        try:
            arrays = read_caffe(written(data))
        except WeightsError as error:
            assert "\n" not in str(error)
        else:
            assert sum(array.nbytes for blobs in arrays.values() for array in blobs) <= 2 * len(whole)
