import numpy as np
import pytest

from pgig.cli.options import parse
from pgig.repose.framing import frame_person, framing_of
from pgig.repose.paste import opacity, paste
from tests.repose.people import figure, photo


@pytest.fixture
def scene(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    keypoints = figure(300, 60, 200)
    framing = framing_of(parse(["--dataset", "market"]).data)
    return photo(keypoints, (420, 400)), keypoints, frame_person(keypoints, framing)


def test_the_crop_itself_changes_little(scene):
    pixels, keypoints, frame = scene
    pasted = paste(pixels, frame, frame.crop(pixels), [frame.joints(keypoints)])
    assert np.abs(pasted.astype(int) - pixels).mean() < 2


def test_the_body_is_new_and_what_is_far_from_it_is_not(scene):
    pixels, keypoints, frame = scene
    new = np.full((128, 64, 3), (0, 0, 255), np.uint8)
    pasted = paste(pixels, frame, new, [frame.joints(keypoints)])
    hips = keypoints[8, :2].astype(int)
    assert pasted[tuple(hips)].tolist() == [0, 0, 255]
    np.testing.assert_array_equal(pasted[:, :80], pixels[:, :80])
    np.testing.assert_array_equal(pasted[:10], pixels[:10])
    assert pasted.shape == pixels.shape and not np.shares_memory(pasted, pixels)


def test_edges_are_soft(scene):
    _, keypoints, frame = scene
    share = opacity([frame.joints(keypoints)], (128, 64))
    assert share.max() == 1 and share[[0, -1]].max() == 0 and share[:, [0, -1]].max() == 0
    for axis in (0, 1):
        assert np.abs(np.diff(share, axis=axis)).max() < 0.35


def test_both_bodies_count(scene):
    _, keypoints, frame = scene
    first = frame.joints(keypoints)
    second = frame.joints(figure(300, 60, 200, "arms-up"))
    both = opacity([first, second], (128, 64))
    np.testing.assert_array_equal(both, np.maximum(opacity([first], (128, 64)), opacity([second], (128, 64))))


def test_a_frame_that_reaches_beyond_the_photo(scene):
    pixels, keypoints, frame = scene
    cut = np.ascontiguousarray(pixels[80:330, 150:260])
    keypoints[:, :2] -= 80, 150
    y0, x0, y1, x1 = frame.box
    moved = type(frame)((y0 - 80, x0 - 150, y1 - 80, x1 - 150), frame.size)
    new = np.full((128, 64, 3), (0, 0, 255), np.uint8)
    pasted = paste(cut, moved, new, [moved.joints(keypoints)])
    assert pasted.shape == cut.shape
    assert pasted[tuple(keypoints[8, :2].astype(int))].tolist() == [0, 0, 255]
