"""Stages whose players see codes of pictures: what is in a batch, and what is kept."""

from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from pgig.cli.options import parse
from pgig.data.dataset import open_images
from pgig.data.pairs import read_pairs
from pgig.data.stream import PairStream
from pgig.methods import available
from pgig.pose.mirror import mirror_batch
from pgig.train.codes import CodeStream
from pgig.train.step import build_method
from tests.conftest import make_dataset
from tests.methods.conformance import SIZE, array, on_tensors

WORDS = ("--method", "dpig", "--stage", "sample-appearance", *available()["dpig"].tiny[0], "--batch_size", "3")


@pytest.fixture
def streams(tmp_path, monkeypatch):
    """`streams(flags)` -> (method, pairs, codes): streams of a tiny data set."""
    make_dataset(tmp_path, "market", SIZE)
    monkeypatch.chdir(tmp_path)

    def make(*flags):
        options = parse([*WORDS, *flags])
        method = build_method(options)
        pairs = PairStream(
            open_images(options.data), read_pairs(options.data.pairs_file_train), 3, seed=options.shared.seed,
            flips=options.flips,
        )  # fmt: skip
        return method, pairs, CodeStream(method, method.stage, pairs, options)

    return make


def test_batches_hold_codes_of_sources_and_noise(streams):
    method, pairs, codes = streams()
    mirrored = set()
    for position, batch in enumerate(islice(codes.batches(), 6)):
        assert set(batch) == {"fg_code", "bg_code", "fg_code_noise", "bg_code_noise"}
        pictures = pairs.batch(position)
        flips = pairs.sources(position)[1].astype(np.int32)
        mirrored |= set(flips)
        given = {key: value for key, value in pictures.items() if not key.endswith("_name")}
        given |= {"source_flip": flips, "target_flip": flips}
        inputs = on_tensors(method, lambda batch: method.inputs(mirror_batch(batch)))(given)
        for name, size in method.stage.codes.items():
            assert batch[name].shape == (3, size) and batch[name].dtype == np.float32
            np.testing.assert_allclose(batch[name], array(inputs[name]), atol=1e-5)
    assert mirrored == {0, 1} and len(codes) == len(pairs)


def test_noise_is_standard_normal_and_new_in_every_batch(streams):
    _, _, codes = streams()
    noise = np.concatenate([batch["fg_code_noise"] for batch in islice(codes.batches(), 20)])
    assert abs(noise.mean()) < 0.03 and abs(noise.std() - 1) < 0.03
    assert len(np.unique(noise[:, 0])) == len(noise)
    batch = next(codes.batches())
    assert not np.array_equal(batch["fg_code_noise"][:, :128], batch["bg_code_noise"])
    other = next(streams("--seed", "1")[2].batches())
    assert not np.array_equal(batch["fg_code_noise"], other["fg_code_noise"])


def test_a_stream_starts_anywhere_and_joins_batches(streams):
    _, _, codes = streams()
    batches = list(islice(codes.batches(), 6))
    later, joined = next(codes.batches(3)), next(codes.batches(2, group=4))
    for name in batches[0]:
        assert np.array_equal(later[name], batches[3][name])
        assert np.array_equal(joined[name], np.concatenate([batch[name] for batch in batches[2:]]))


def test_codes_are_kept_by_the_weights_that_made_them(streams, capsys):
    method, _, codes = streams()
    first = next(codes.batches())
    (folder,) = Path("output/features").iterdir()
    kept = {path: path.stat().st_mtime_ns for path in folder.glob("*.npz")}
    again = next(streams()[2].batches())
    assert {path: path.stat().st_mtime_ns for path in folder.glob("*.npz")} == kept
    assert all(np.array_equal(first[name], again[name]) for name in first)

    # Of other weights, or of another way to look at the same pictures.
    other = next(streams("--seed", "1")[2].batches())
    assert not np.array_equal(first["fg_code"], other["fg_code"])
    next(streams("--part_visibility", "0")[2].batches())
    assert len(list(Path("output/features").iterdir())) == 3
    nowhere = streams("--feature_cache", "")[2]
    assert np.array_equal(next(nowhere.batches())["fg_code"], first["fg_code"])
