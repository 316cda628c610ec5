"""Mirroring: pictures and joints move together; sides are exchanged or not; the rest stays."""

import numpy as np
import pytest
from keras import backend, ops

from pgig.pose.joints import INDEX
from pgig.pose.mirror import mirror_batch

SIZE = (128, 64)


@pytest.fixture
def batch(crowd):
    """Twelve pairs: random pictures and backgrounds, poses with missing joints."""
    random = np.random.default_rng(2)
    pixels = random.integers(0, 256, (12, *SIZE, 3)).astype(np.uint8)
    return {
        "source_pixels": pixels,
        "target_pixels": pixels[::-1].copy(),
        "target_background": random.integers(0, 256, (12, *SIZE, 3)).astype(np.uint8),
        "source_keypoints": crowd.astype(np.float32),
        "target_keypoints": crowd[::-1].astype(np.float32),
    }


def mirrored(batch, **flips):
    result = mirror_batch(batch | {name: np.array(flip, "int32") for name, flip in flips.items()})
    return {name: ops.convert_to_numpy(array) for name, array in result.items()}


def test_without_a_draw_the_batch_is_the_same_object(batch):
    assert mirror_batch(batch) is batch


def test_each_side_follows_its_own_draw(batch):
    source, target = [0, 1, 2] * 4, [1, 1, 0, 0, 0, 0, 2, 2, 2, 0, 1, 2]
    result = mirrored(batch, source_flip=source, target_flip=target)
    assert set(result) == set(batch)
    for name, array in batch.items():
        flip = source if name.startswith("source") else target
        assert result[name].dtype == array.dtype
        for i in range(12):
            if name.endswith("keypoints"):
                expected = array[i].copy()
                if flip[i]:
                    seen = expected[:, 2] > 0
                    expected[seen, 1] = SIZE[1] - 1 - expected[seen, 1]
                if flip[i] == 1:
                    for right in ("Rsho", "Relb", "Rwri", "Rhip", "Rkne", "Rank", "Reye", "Rear"):
                        pair = [INDEX[right], INDEX["L" + right[1:]]]
                        expected[pair] = expected[pair[::-1]]
            else:
                expected = array[i, :, ::-1] if flip[i] else array[i]
            np.testing.assert_array_equal(result[name][i], expected)


@pytest.mark.parametrize("kind", [1, 2])
def test_mirroring_twice_gives_the_batch_back(batch, kind):
    flips = {"source_flip": [kind] * 12, "target_flip": [kind] * 12}
    again = mirrored(mirrored(batch, **flips), **flips)
    for name, array in batch.items():
        np.testing.assert_array_equal(again[name], array)


def test_one_side_alone_leaves_the_other_alone(batch):
    result = mirrored(batch, target_flip=[1] * 12)
    np.testing.assert_array_equal(result["source_pixels"], batch["source_pixels"])
    assert not np.array_equal(result["target_background"], batch["target_background"])


@pytest.mark.skipif(backend.backend() != "tensorflow", reason="the step of TensorFlow leaves the batch size open")
def test_compiled_with_an_open_batch_size(batch):
    import tensorflow as tf

    flips = {"source_flip": np.arange(12, dtype="int32") % 3, "target_flip": np.ones(12, "int32")}
    whole = batch | flips
    signature = {name: tf.TensorSpec((None, *array.shape[1:]), array.dtype) for name, array in whole.items()}
    result = tf.function(mirror_batch, input_signature=[signature])(whole)
    for name, array in mirrored(batch, **flips).items():
        np.testing.assert_array_equal(result[name], array)
