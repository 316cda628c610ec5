import numpy as np
import pytest

from pgig.errors import DataError
from pgig.metrics.pose_accuracy import pose_accuracy


def keypoints(score):
    return np.concatenate([np.full((1, 18, 2), 50.0), np.full((1, 18, 1), score)], axis=-1)


def test_a_joint_is_right_within_a_twentieth_of_the_height():
    reference, generated = keypoints(0.9), keypoints(0.0)
    # Of a height of 100: 5 is too far, by Euclid's distance.
    generated[0, :4, :2] += [(3, 3.9), (3, 4), (-5, 0), (4.99, 0)]
    correct, total = pose_accuracy(reference, generated, 100)
    assert (correct.tolist(), total.tolist()) == ([16], [18])
    correct, total = pose_accuracy(reference, generated, 100, fraction=0.06)
    assert (correct.tolist(), total.tolist()) == ([18], [18])


def test_only_the_score_in_the_real_picture_matters():
    reference = keypoints(0.9)
    reference[0, :5, 2] = 0.0, 0.29, 0.3, 0.31, 1.0
    correct, total = pose_accuracy(reference, keypoints(0.0), 100)
    assert (correct.tolist(), total.tolist()) == ([15], [15])


def test_each_picture_has_its_own_height():
    reference, generated = np.repeat(keypoints(0.9), 2, axis=0), np.repeat(keypoints(0.9), 2, axis=0)
    generated[..., 0] += 6
    correct, _ = pose_accuracy(reference, generated, [100, 128])
    assert correct.tolist() == [0, 18]


def test_no_pictures():
    correct, total = pose_accuracy(np.zeros((0, 18, 3)), np.zeros((0, 18, 3)), 128)
    assert correct.shape == total.shape == (0,)


@pytest.mark.parametrize("shape, height", [((2, 18, 3), 128), ((1, 18, 3), 0)])
def test_misfits_are_refused(shape, height):
    with pytest.raises(DataError, match="Pose accuracy got"):
        pose_accuracy(np.zeros(shape), np.zeros((1, 18, 3)), height)
