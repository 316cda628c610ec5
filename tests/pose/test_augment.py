"""Moving training pictures: what is drawn, and that pictures and joints go where the formula says."""

import numpy as np
import pytest
from keras import backend, ops

from pgig.pose.augment import GREY, augment_batch, draw, draw_pairs

SIZE = (32, 20)
RANGES = ((-5, 5), (-6, 6), (0.9, 1.1))
STILL = [0, 0, 0, 1]


@pytest.fixture
def batch():
    """Six pairs of noise, a background for the targets; joints anywhere, some missing."""
    random = np.random.default_rng(4)
    poses = np.concatenate([random.integers(0, SIZE, (12, 18, 2)), np.ones((12, 18, 1))], axis=-1).astype(np.float32)
    poses[random.uniform(size=(12, 18)) < 0.2] = (-1, -1, 0)
    pixels = random.integers(0, 256, (18, *SIZE, 3)).astype(np.uint8)
    return {
        "source_pixels": pixels[:6],
        "target_pixels": pixels[6:12],
        "target_background": pixels[12:],
        "source_keypoints": poses[:6],
        "target_keypoints": poses[6:],
    }


def moved(batch, **marks):
    result = augment_batch(batch | {name: np.array(mark, "float32") for name, mark in marks.items()})
    return {name: ops.convert_to_numpy(array) for name, array in result.items()}


def matrix(mark):
    """3 x 3 of x, y, 1, in double precision, written out from the formula."""
    angle, right, down, scale = map(float, mark)
    cosine, sine = scale * np.cos(np.deg2rad(angle)), scale * np.sin(np.deg2rad(angle))
    x, y = SIZE[1] / 2 + 0.5, SIZE[0] / 2 + 0.5
    to, back = np.array([[1, 0, x + right], [0, 1, y + down], [0, 0, 1]]), np.array([[1, 0, -x], [0, 1, -y], [0, 0, 1]])
    return to @ [[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]] @ back


def test_a_picture_draws_angle_scale_and_two_shifts_in_turn():
    ours, theirs = draw(np.random.RandomState(3), RANGES, 5), np.random.RandomState(3)
    for mark in ours:
        angle, scale, right, down = (theirs.uniform(*RANGES[i]) for i in (0, 2, 1, 1))
        np.testing.assert_array_equal(mark, [angle, right, down, scale])


def test_what_is_off_draws_nothing():
    random = np.random.RandomState(3)
    marks = draw(random, (None, (2, 3), None), 4)
    assert (marks[:, [0, 3]] == [0, 1]).all()
    assert (random.random_sample() == np.random.RandomState(3).random_sample(9)[-1]).all()
    assert draw(random, (None, None, None), 2).tolist() == [STILL, STILL]


def test_targets_move_less_than_sources_and_draw_as_much():
    marks, all_marks = (f(np.random.default_rng(1), RANGES, n) for f, n in ((draw_pairs, 50), (draw, 100)))
    np.testing.assert_array_equal(marks[:, 0], all_marks[::2])
    np.testing.assert_allclose(marks[:, 1, :3], all_marks[1::2, :3] * (0.2, 0.5, 0.5))
    assert (marks[:, 1, 3] == 1).all()


def test_without_marks_the_batch_is_the_same_object(batch):
    assert augment_batch(batch) is batch


def test_marks_that_move_nothing_leave_every_bit(batch):
    result = moved(batch, source_affine=[STILL] * 6, target_affine=[STILL] * 6)
    assert set(result) == set(batch)
    for name, array in batch.items():
        assert result[name].dtype == array.dtype
        np.testing.assert_array_equal(result[name], array)


def test_a_shift_moves_to_the_right_and_down_and_leaves_grey(batch):
    result = moved(batch, target_affine=[(0, 3, -2, 1)] * 6)
    for name in ("target_pixels", "target_background"):
        np.testing.assert_array_equal(result[name][:, :-2, 3:], batch[name][:, 2:, :-3])
        assert (result[name][:, -2:] == GREY).all() and (result[name][:, :, :3] == GREY).all()
    np.testing.assert_array_equal(result["source_pixels"], batch["source_pixels"])
    seen = batch["target_keypoints"][..., 2] > 0
    change = result["target_keypoints"] - batch["target_keypoints"]
    assert (change[seen] == (-2, 3, 0)).all() and (change[~seen] == 0).all()


def test_pictures_and_joints_follow_the_formula(batch):
    marks = draw(np.random.default_rng(8), ((-40, 40), (-6, 6), (0.6, 1.5)), 6)
    result = moved(batch, source_affine=marks)
    rows, columns = np.indices(SIZE)
    for i, mark in enumerate(marks):
        read = np.linalg.inv(matrix(mark)) @ np.stack([columns + 0.5, rows + 0.5, np.ones(SIZE)]).reshape(3, -1)
        x, y = np.floor(read[:2]).astype(int)
        inside = (x >= 0) & (x < SIZE[1]) & (y >= 0) & (y < SIZE[0])
        expected = np.full((x.size, 3), GREY)
        expected[inside] = batch["source_pixels"][i, y[inside], x[inside]]
        wrong = (result["source_pixels"][i].reshape(-1, 3) != expected).any(-1)
        assert 50 < inside.sum() and wrong.sum() <= 1

        pose, found = batch["source_keypoints"][i], result["source_keypoints"][i]
        seen = pose[:, 2] > 0
        x, y, _ = matrix(mark) @ np.stack([pose[:, 1], pose[:, 0], np.ones(18)])
        np.testing.assert_array_equal(found[seen], np.stack([np.trunc(y), np.trunc(x), np.ones(18)], -1)[seen])
        np.testing.assert_array_equal(found[~seen], pose[~seen])


def test_joints_that_leave_the_picture_stay_visible(batch):
    result = moved(batch, source_affine=[(0, 100, -200, 1)] * 6)
    assert (result["source_pixels"] == GREY).all()
    seen = batch["source_keypoints"][..., 2] > 0
    assert (result["source_keypoints"][..., 2] == seen).all()
    found = result["source_keypoints"][seen]
    assert (found[:, 0] < 0).all() and (found[:, 1] >= 100).all()


@pytest.mark.skipif(backend.backend() != "tensorflow", reason="the step of TensorFlow leaves the batch size open")
def test_compiled_with_an_open_batch_size(batch):
    import tensorflow as tf

    random = np.random.default_rng(2)
    marks = {f"{side}_affine": draw(random, RANGES, 6).astype("float32") for side in ("source", "target")}
    whole = batch | marks
    signature = {name: tf.TensorSpec((None, *array.shape[1:]), array.dtype) for name, array in whole.items()}
    for xla in (False, True):
        result = tf.function(augment_batch, input_signature=[signature], jit_compile=xla)(whole)
        for name, array in moved(batch, **marks).items():
            assert (result[name].numpy() != array).mean() < 1e-3
