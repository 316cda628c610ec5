"""Skeleton drawings."""

import numpy as np

from pgig.pose.draw import draw_skeleton
from pgig.pose.joints import COLOURS

SIZE = (128, 64)


def test_joints_are_coloured_disks_on_white_lines(standing):
    picture, drawn = draw_skeleton(standing, SIZE)
    assert picture.shape == (*SIZE, 3) and picture.dtype == np.uint8 and drawn.dtype == bool
    for (y, x, _), colour in zip(standing.astype(int), COLOURS, strict=True):
        assert picture[y, x].tolist() == list(colour)
    assert drawn.sum() > 200 and not picture[~drawn].any()
    white = (picture == picture[..., :1]).all(-1) & (picture[..., 0] > 0)
    assert white.any()


def test_missing_joints_are_not_drawn(standing):
    standing[:, 2] = 0
    assert not draw_skeleton(standing, SIZE)[1].any()
    standing[4, 2] = 1
    picture, drawn = draw_skeleton(standing, SIZE)
    assert drawn.sum() == 9 and picture[drawn].tolist() == [list(COLOURS[4])] * 9


def test_what_lies_outside_the_picture_is_left_out(standing):
    standing[0, :2] = (-20, 300)
    standing[10, :2] = (127, 0)
    picture, drawn = draw_skeleton(standing, SIZE)
    assert drawn[127, 0] and picture.shape == (*SIZE, 3)
