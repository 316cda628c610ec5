"""Stick figures: channels, values, missing joints."""

import numpy as np
from keras import ops

from pgig.pose.stick import stick_figure

SIZE = (128, 64)


def draw(keypoints):
    return ops.convert_to_numpy(stick_figure(keypoints, SIZE))


def test_right_side_left_side_and_torso_have_a_channel_each(standing):
    figure = draw(standing[None])[0]
    assert figure.shape == (*SIZE, 3) and figure.dtype == np.float32
    assert set(np.unique(figure[..., :2])) == {0, 0.5, 1} and set(np.unique(figure[..., 2])) == {0, 1}
    assert figure[72, 35:, 0].any() and not figure[72, :35, 0].any()
    assert figure[72, :35, 1].any() and not figure[72, 35:, 1].any()
    np.testing.assert_array_equal(figure[45, [31, 35, 39, 10, 60], 2], [1, 1, 1, 0, 0])


def test_missing_joints_leave_their_lines_out(standing):
    whole = draw(standing[None])[0]
    for joint, channel in ((10, 0), (7, 1), (15, 0)):
        pose = standing.copy()
        pose[joint, 2] = 0
        assert np.count_nonzero(draw(pose[None])[0, ..., channel]) < np.count_nonzero(whole[..., channel])

    # Without the nose there is no head, without a hip nothing at all.
    standing[0, 2] = 0
    assert set(np.unique(draw(standing[None]))) == {0, 1}
    standing[8, 2] = 0
    assert not draw(standing[None]).any()


def test_compiled_use_gives_the_same(crowd, compiled):
    again = compiled(lambda keypoints: stick_figure(keypoints, SIZE), 1)(crowd)
    assert np.sum(ops.convert_to_numpy(again) != draw(crowd), axis=(1, 2)).max() <= 3
