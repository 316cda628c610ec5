import csv
from pathlib import Path

import numpy as np
import pytest
from keras import ops

from pgig.cli.options import parse
from pgig.data.dataset import open_images
from pgig.data.pairs import read_pairs
from pgig.data.stream import PairStream
from pgig.errors import NumericsError, OptionsError, StorageError, WeightsError
from pgig.generate import features
from pgig.generate.pairs import load_generator
from pgig.train.step import build_method
from pgig.weights.networks import save_networks
from tests.conftest import file_size_limit, make_dataset

SMALL = ("--conv_hidden_num", "3", "--z_num", "5", "--disc_hidden_num", "2", "--image_size", "32,16")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """{stage: weight file} of new networks."""
    folder, paths = tmp_path_factory.mktemp("pg2"), {}
    for stage in ("1", "2"):
        options = parse(["--method", "pg2", "--stage", stage, *SMALL])
        paths[stage] = folder / f"stage{stage}.h5"
        save_networks(build_method(options), "generator", paths[stage], options)
    return paths


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A working directory with 12 training and 6 test pairs."""
    monkeypatch.chdir(tmp_path)
    make_dataset(tmp_path, "market", (32, 16))
    return tmp_path


@pytest.fixture
def export(data, trained):
    """`export(stage, *words, kind=..., ...)` exports from the file of a stage and returns the options."""

    def run(stage, *words, **arguments):
        words = ["--image_size", "32,16", "--test_batch_size", "4", *words]
        options = parse(["--method", "pg2", "--generator_checkpoint", str(trained[stage]), *words])
        features.run(options, "out", **arguments)
        return options

    return run


def loaded(trained, stage):
    """A method with the weights of a file, and its inputs for all test pairs."""
    options = parse(["--method", "pg2", "--stage", stage, *SMALL, "--generator_checkpoint", str(trained[stage])])
    pairs = read_pairs(options.data.pairs_file_test)
    method = load_generator(options)
    batch = PairStream(open_images(options.data), pairs, len(pairs), shuffle=False).batch(0)
    return method, method.inputs({key: value for key, value in batch.items() if not key.endswith("name")})


def read(split):
    """The array of a split and the rows of its index."""
    with np.load(f"out/{split}.npz", allow_pickle=False) as file:
        assert file.files == ["features"]
        array = file["features"]
    with open(f"out/{split}.csv", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["row", "from", "to"] and [int(row) for row, _, _ in rows] == list(range(len(array)))
    return array, [tuple(pair) for _, *pair in rows]


def test_bottleneck_of_all_test_pairs(export, trained):
    options = export("1")
    array, names = read("test")
    assert array.shape == (6, 5) and array.dtype == np.float32
    assert names == read_pairs(options.data.pairs_file_test)
    assert sorted(path.name for path in Path("out").iterdir()) == ["test.csv", "test.npz"]
    method, inputs = loaded(trained, "1")
    np.testing.assert_allclose(array, ops.convert_to_numpy(method.bottleneck(inputs)), rtol=0, atol=1e-5)
    assert len(np.unique(array.round(4), axis=0)) == 6


def test_global_features_of_both_splits(export, trained):
    export("2", kind="gfv", split="both")
    (train, _), (test, names) = read("train"), read("test")
    method, inputs = loaded(trained, "2")
    expected = ops.convert_to_numpy(method.global_features(inputs))
    assert train.shape == (12, *expected.shape[1:]) and test.min() >= 0
    np.testing.assert_allclose(test, expected, rtol=0, atol=1e-5)

    export("2", kind="gfv", npy=True)
    for pair, array in zip(names, test, strict=True):
        single = np.load("out/{}___{}_vis.npy".format(*pair), allow_pickle=False)
        assert single.dtype == np.float32 and single.flags["C_CONTIGUOUS"]
        np.testing.assert_allclose(single, array.transpose(2, 0, 1), rtol=0, atol=1e-6)


def test_the_limit_and_the_file_of_a_later_stage(export):
    export("2", "--generated_limit", "5")
    assert len(read("test")[0]) == 5


@pytest.mark.parametrize(
    ("stage", "words", "arguments", "error", "sentence"),
    [
        ("1", (), {"kind": "gfv"}, WeightsError, "generator2 was expected"),
        ("2", ("--stage", "1"), {"kind": "gfv"}, OptionsError, "--stage 2: leave --stage 1 out"),
        ("1", ("--generator_checkpoint", "absent.h5"), {}, WeightsError, "absent.h5"),
        ("1", ("--generator_checkpoint", ""), {}, OptionsError, "needs --generator_checkpoint"),
    ],
)
def test_mistakes_leave_nothing(export, stage, words, arguments, error, sentence):
    with pytest.raises(error, match=sentence):
        export(stage, *words, **arguments)
    assert not Path("out").exists()


def test_a_method_without_features_says_so(data, weights):
    options = parse(["--image_size", "32,16", "--generator_checkpoint", str(weights["generator"])])
    with pytest.raises(OptionsError, match="pose-gan has no features of the kind bottleneck"):
        features.run(options, "out")


def test_an_array_is_written_part_by_part(tmp_path):
    rows = np.arange(60, dtype=np.float32).reshape(10, 3, 2)
    features.write_npz(tmp_path / "a.npz", iter([rows[:4], rows[4:8], rows[8:]]), 10)
    with np.load(tmp_path / "a.npz") as file:
        np.testing.assert_array_equal(file["features"], rows)


def test_a_full_disk_leaves_what_was_there(tmp_path):
    path, rows = tmp_path / "a.npz", np.zeros((4, 1000), np.float32)
    features.write_npz(path, iter([rows]), 4)
    before = path.read_bytes()
    with pytest.raises(StorageError, match="GB are free"):
        features.write_npz(path, iter([rows]), 10**15)
    with file_size_limit(20_000), pytest.raises(StorageError):
        features.write_npz(path, iter([rows] * 100), 400)
    assert [*tmp_path.iterdir()] == [path] and path.read_bytes() == before


def test_numbers_that_are_not_finite_are_refused(export, trained, tmp_path):
    options = parse(["--method", "pg2", *SMALL])
    method = build_method(options)
    weight = method.networks["generator1"].get_layer("bottleneck").bias
    weight.assign(np.full(weight.shape, 3e38, np.float32))
    kernel = method.networks["generator1"].get_layer("bottleneck").kernel
    kernel.assign(np.full(kernel.shape, 3e38, np.float32))
    save_networks(method, "generator", tmp_path / "wild.h5", options)
    with pytest.raises(NumericsError, match="diverged"):
        export("1", "--generator_checkpoint", str(tmp_path / "wild.h5"))
    assert not [*Path("out").iterdir()]
