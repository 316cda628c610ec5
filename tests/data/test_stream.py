from dataclasses import replace
from itertools import islice
from pathlib import Path

import keras
import numpy as np
import pytest

from pgig.data.dataset import open_images
from pgig.data.pairs import read_pairs
from pgig.data.stream import PairStream
from pgig.errors import DataError, OptionsError


@pytest.fixture
def images(paths):
    return open_images(paths, progress=False)


@pytest.fixture
def pairs(paths):
    return read_pairs(paths.pairs_file_train)


def equal(one, other):
    return one.keys() == other.keys() and all(np.array_equal(one[key], np.asarray(other[key])) for key in one)


def test_every_pass_is_an_order_of_its_own_without_the_rest(images, pairs):
    stream = PairStream(images, pairs, 4)
    assert len(stream) == 18
    passes = [np.concatenate([stream.rows(4 * p + b) for b in range(4)]) for p in range(3)]
    for rows in passes:
        assert len(set(rows)) == 16 and set(rows) <= set(range(18))
    assert not np.array_equal(passes[0], passes[1])
    assert np.array_equal(PairStream(images, pairs, 4).rows(9), stream.rows(9))
    assert not np.array_equal(PairStream(images, pairs, 4, seed=1).rows(9), stream.rows(9))


@pytest.mark.parametrize("feeder", ["python", "tensorflow"])
def test_starting_anywhere_equals_skipping(images, pairs, feeder):
    stream = PairStream(images, pairs, 4, use_bg=True, feeder=feeder)
    whole = list(islice(stream.batches(), 11))
    for start in (1, 4, 7):
        late = list(islice(stream.batches(start), 11 - start))
        assert all(equal(a, b) for a, b in zip(late, whole[start:], strict=True))


def test_both_feeders_give_the_same_bits(images, pairs):
    streams = [
        PairStream(images, pairs, 4, use_bg=True, feeder=feeder) for feeder in ("python", "tensorflow")
    ]
    for group in (1, 3):
        ours, theirs = (islice(stream.batches(2, group), 9) for stream in streams)
        for one, other in zip(ours, theirs, strict=True):
            assert one["source_pixels"].shape == (4 * group, 32, 16, 3)
            assert equal(one, other)


def test_batches_hold_what_the_images_hold(images, pairs):
    batch = PairStream(images, pairs, 4, shuffle=False, use_bg=True).batch(1)
    assert batch["target_name"].tolist() == [pair[1] for pair in pairs[4:8]]
    number = images.names.index(batch["target_name"][2])
    assert (batch["target_pixels"][2] == images.pixels(number)).all()
    assert (batch["target_keypoints"][2] == images.keypoints[number]).all()
    assert (batch["target_background"][2] == images.background(number)).all()
    assert batch["source_pixels"].dtype == np.uint8 and batch["source_keypoints"].dtype == np.float32


def test_a_group_is_its_batches_joined(images, pairs):
    stream = PairStream(images, pairs, 4, feeder="python")
    single, group = list(islice(stream.batches(3), 3)), next(stream.batches(3, group=3))
    assert equal({key: np.concatenate([batch[key] for batch in single]) for key in group}, group)


def test_workers_share_every_batch(images, pairs):
    whole = PairStream(images, pairs, 4)
    parts = [PairStream(images, pairs, 4, worker=(k, 2)) for k in range(2)]
    for position in range(9):
        shared = np.stack([part.rows(position) for part in parts], 1).ravel()
        assert np.array_equal(shared, whole.rows(position))
    with pytest.raises(OptionsError, match="3 workers"):
        PairStream(images, pairs, 4, worker=(0, 3))


def test_file_order_wraps_around(images, pairs):
    stream = PairStream(images, pairs[:5], 4, shuffle=False)
    assert stream.rows(1).tolist() == [4, 0, 1, 2]
    assert PairStream(images, pairs[:3], 4, shuffle=False).rows(0).tolist() == [0, 1, 2, 0]


@pytest.mark.parametrize("feeder", ["python", "tensorflow"])
def test_finite_gives_all_pairs_once_with_names(images, pairs, feeder):
    stream = PairStream(images, pairs, 4, feeder=feeder)
    batches = list(stream.finite(7))
    assert [len(batch["source_pixels"]) for batch in batches] == [7, 7, 4]
    names = [pair for b in batches for pair in zip(b["source_name"], b["target_name"], strict=True)]
    assert names == pairs
    assert [len(batch["source_name"]) for batch in stream.finite(limit=6)] == [4, 2]


def test_the_feeder_follows_keras_and_the_records(images, pairs, paths):
    tensors = keras.backend.backend() == "tensorflow"
    batch = next(PairStream(images, pairs, 4).batches())
    assert isinstance(batch["source_pixels"], np.ndarray) != tensors
    plain = open_images(replace(paths, records_dir=None))
    assert isinstance(next(PairStream(plain, pairs, 4).batches())["source_pixels"], np.ndarray)
    with pytest.raises(OptionsError, match="records"):
        PairStream(plain, pairs, 4, feeder="tensorflow")


def test_too_few_pairs_are_refused(images, pairs):
    with pytest.raises(DataError, match="list.csv holds 3 pairs, fewer than one batch of 4"):
        PairStream(images, pairs[:3], 4, origin="list.csv")


def test_a_missing_background_is_named(paths, pairs):
    Path(paths.bg_images_dir_train, "2_1_BG.jpg").unlink()
    images = open_images(paths, progress=False)
    with pytest.raises(DataError, match=r"2_1_BG\.jpg"):
        PairStream(images, pairs, 4, use_bg=True)


@pytest.mark.parametrize("feeder", ["python", "tensorflow"])
def test_a_damaged_record_reaches_the_user_as_it_is(images, pairs, paths, feeder):
    shard = Path(paths.records_dir, "00000.tfrecord")
    data = bytearray(shard.read_bytes())
    for place in range(40, len(data), 200):
        data[place] ^= 1
    shard.write_bytes(data)
    with pytest.raises(DataError, match="The record at byte"):
        next(PairStream(images, pairs, 4, feeder=feeder).batches())


def test_mirroring_is_a_function_of_the_position(images, pairs):
    stream = PairStream(images, pairs, 4, flips=(0.5, "pair"))
    whole = list(islice(stream.batches(), 12))
    marks = np.concatenate([batch["source_flip"] for batch in whole])
    assert set(marks) == {0, 1}
    assert all(np.array_equal(batch["source_flip"], batch["target_flip"]) for batch in whole)
    assert all(equal(a, b) for a, b in zip(islice(stream.batches(5), 7), whole[5:], strict=True))
    grouped = next(stream.batches(3, group=2))
    assert np.array_equal(grouped["source_flip"], np.concatenate([b["source_flip"] for b in whole[3:5]]))

    # Workers share the draws, the pictures themselves come as they are, and file order is never mirrored.
    parts = [next(PairStream(images, pairs, 4, flips=(0.5, "pair"), worker=(k, 2)).batches(2)) for k in range(2)]
    assert all(np.array_equal(part["source_flip"], whole[2]["source_flip"][k::2]) for k, part in enumerate(parts))
    assert np.array_equal(whole[0]["source_pixels"], next(PairStream(images, pairs, 4).batches())["source_pixels"])
    assert "source_flip" not in next(stream.finite())


def test_source_and_target_may_be_mirrored_by_draws_of_their_own(images, pairs):
    batches = list(islice(PairStream(images, pairs, 4, flips=(0.5, "independent")).batches(), 12))
    source, target = (np.concatenate([batch[f"{side}_flip"] for batch in batches]) for side in ("source", "target"))
    assert set(source) == set(target) == {0, 2}
    assert not np.array_equal(source, target)


def test_moves_are_a_function_of_the_position_shared_by_workers(images, pairs):
    ranges = ((-5, 5), (-5, 5), (0.95, 1.05))
    stream = PairStream(images, pairs, 4, flips=(0.5, "pair"), augment=ranges)
    whole = list(islice(stream.batches(), 12))
    marks = np.stack([np.concatenate([batch[f"{side}_affine"] for batch in whole]) for side in ("source", "target")], 1)
    assert marks.shape == (48, 2, 4) and marks.dtype == np.float32
    assert len(np.unique(marks[..., 0])) == 96 and (np.abs(marks[:, 0, :3]) <= 5).all()
    assert (np.abs(marks[:, 1, :3]) <= (1, 2.5, 2.5)).all() and (marks[:, 1, 3] == 1).all()
    assert all(equal(a, b) for a, b in zip(islice(stream.batches(5), 7), whole[5:], strict=True))
    grouped = next(stream.batches(3, group=2))
    assert np.array_equal(grouped["target_affine"], marks[12:20, 1])

    alone = PairStream(images, pairs, 4, augment=ranges)
    assert np.array_equal(next(alone.batches(2))["source_affine"], marks[8:12, 0])
    parts = [next(PairStream(images, pairs, 4, augment=ranges, worker=(k, 2)).batches(2)) for k in range(2)]
    assert all(np.array_equal(part["source_affine"], marks[8 + k : 12 : 2, 0]) for k, part in enumerate(parts))
    other = next(PairStream(images, pairs, 4, seed=1, augment=ranges).batches())
    assert not np.array_equal(other["source_affine"], marks[:4, 0])
    assert "source_flip" not in other and "source_affine" not in next(alone.finite())
