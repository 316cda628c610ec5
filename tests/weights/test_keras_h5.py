"""Weight files: round trip, strictness, hostile files."""

import h5py
import numpy as np
import pytest
from keras import ops

from pgig.cli.options import parse
from pgig.errors import WeightsError
from pgig.weights import keras_h5
from pgig.weights.networks import load_networks, save_networks

FLAGS = ["--width", "0.0625", "--warp_skip", "mask"]


def build(*more):
    options = parse([*FLAGS, *more])
    return options.method.load()(options.shared, options.config, options.data.image_size), options


def values(method, network):
    return [ops.convert_to_numpy(variable.value) for _, _, variable in method.own_order(network)]


@pytest.mark.parametrize("network", ["generator", "discriminator"])
@pytest.mark.parametrize("skip", ["mask", "stn"])
def test_round_trip(tmp_path, network, skip):
    path = tmp_path / "net.h5"
    first, options = build("--warp_skip", skip, "--seed", "1")
    save_networks(first, network, path, options)
    second, options = build("--warp_skip", skip, "--seed", "2")
    sentence, _ = load_networks(second, network, path, options)
    assert "of this package" in sentence
    for a, b in zip(values(first, network), values(second, network), strict=True):
        assert np.array_equal(a, b)


def test_other_flags_are_named(tmp_path):
    method, options = build()
    save_networks(method, "generator", tmp_path / "g.h5", options)
    other, options = build("--numerics", "modern")
    with pytest.raises(WeightsError, match="numerics original instead of modern") as caught:
        load_networks(other, "generator", tmp_path / "g.h5", options)
    assert "\n" not in str(caught.value)


def test_the_wrong_network_is_named(tmp_path):
    method, options = build()
    save_networks(method, "generator", tmp_path / "g.h5", options)
    with pytest.raises(WeightsError, match="holds the generator, but the discriminator"):
        load_networks(method, "discriminator", tmp_path / "g.h5", options)


def foreign_copy(path, target, change):
    """A file as of another program: without our mark, with its tensors changed."""
    entries = [(name.split("/", 1)[0], name, array) for name, array in keras_h5.read(path)[0]]
    keras_h5.write(target, change(entries), {})
    with h5py.File(target, "r+") as file:
        del file.attrs[keras_h5.OUR_ATTRIBUTE]


CHANGES = [
    (lambda e: e[:-1], "46 tensors instead of 47"),
    (lambda e: [*e, ("extra", "extra/kernel:0", np.zeros(3))], "48 tensors instead of 47"),
    (lambda e: [(e[0][0], e[0][1], e[0][2][:2]), *e[1:]], r"\(2, 3, 21, 4\) instead of \(3, 3, 21, 4\)"),
    (lambda e: [(e[0][0], e[0][1], np.full_like(e[0][2], np.nan)), *e[1:]], "not finite"),
]


@pytest.mark.parametrize(("change", "sentence"), CHANGES)
def test_foreign_files_are_read_strictly(tmp_path, change, sentence):
    method, options = build()
    save_networks(method, "generator", tmp_path / "g.h5", options)
    before = values(method, "generator")
    foreign_copy(tmp_path / "g.h5", tmp_path / "f.h5", change)
    with pytest.raises(WeightsError, match=sentence):
        load_networks(method, "generator", tmp_path / "f.h5", options)
    for a, b in zip(before, values(method, "generator"), strict=True):
        assert np.array_equal(a, b)


def test_an_intact_foreign_file_is_called_the_originals(tmp_path):
    method, options = build()
    save_networks(method, "generator", tmp_path / "g.h5", options)
    foreign_copy(tmp_path / "g.h5", tmp_path / "f.h5", lambda entries: entries)
    assert "original program" in load_networks(method, "generator", tmp_path / "f.h5", options)[0]


def test_damaged_files_give_a_sentence(tmp_path):
    """Whatever the bytes are: values or one sentence, never another exception."""
    method, options = build()
    save_networks(method, "discriminator", tmp_path / "d.h5", options)
    whole = (tmp_path / "d.h5").read_bytes()
    random = np.random.default_rng(0)
    damaged = [b"", b"not hdf5", whole[: len(whole) // 2]]
    for _ in range(30):
        data = bytearray(whole)
        for place in random.integers(0, min(len(data), 4096), 8):
            data[place] = random.integers(256)
        damaged.append(bytes(data))
    for data in damaged:
        (tmp_path / "x.h5").write_bytes(data)
        try:
            keras_h5.read(tmp_path / "x.h5")
        except WeightsError as error:
            assert "\n" not in str(error)
    with pytest.raises(WeightsError, match="does not exist"):
        keras_h5.read(tmp_path / "none.h5")
