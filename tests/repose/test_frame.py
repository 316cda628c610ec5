import numpy as np
import pytest

from pgig.repose.frame import Frame


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (40, 30, 3), dtype=np.uint8)


def test_the_whole_photo_in_its_own_size_is_itself(pixels):
    frame = Frame((0.0, 0.0, 40.0, 30.0), (40, 30))
    np.testing.assert_array_equal(frame.crop(pixels), pixels)
    assert frame.invented((40, 30)) == 0


def test_beyond_the_photo_its_border_is_repeated(pixels):
    frame = Frame((-5.0, 10.0, 35.0, 50.0), (40, 40))
    expected = np.pad(pixels[:35, 10:], ((5, 0), (0, 20), (0, 0)), mode="edge")
    np.testing.assert_array_equal(frame.crop(pixels), expected)
    assert frame.invented((40, 30)) == pytest.approx(1 - 35 * 20 / 1600)


@pytest.mark.parametrize("box", [(10.2, 3.7, 30.9, 14.1), (-200.0, -90.0, 400.0, 210.0), (60.0, 5.0, 70.0, 10.0)])
def test_any_box_gives_a_picture_of_the_size(pixels, box):
    assert Frame(box, (128, 64)).crop(pixels).shape == (128, 64, 3)


def test_joints_move_with_the_pixels():
    pixels = np.zeros((200, 100, 3), np.uint8)
    keypoints = np.tile(np.float32([-1, -1, 0]), (18, 1))
    keypoints[3] = 120, 40, 1
    pixels[118:123, 38:43] = 255
    frame = Frame((80.0, 20.0, 160.0, 60.0), (128, 64))
    y, x, visible = frame.joints(keypoints)[3]
    bright = np.argwhere(frame.crop(pixels)[..., 0] > 128)
    assert visible == 1
    np.testing.assert_allclose((y, x), bright.mean(axis=0), atol=0.51)


def test_joints_outside_are_missing_and_others_whole_pixels():
    keypoints = np.tile(np.float32([10.3, 10.3, 1]), (18, 1))
    keypoints[1], keypoints[2] = (39.9, 5, 1), (-1, -1, 0)
    joints = Frame((-5.0, -5.0, 20.0, 20.0), (50, 50)).joints(keypoints)
    assert joints[:3].tolist() == [[31, 31, 1], [-1, -1, 0], [-1, -1, 0]]


def test_pictures_may_be_stretched():
    pixels = np.zeros((256, 176, 3), np.uint8)
    pixels[:, 88:] = 255
    crop = Frame((0.0, 0.0, 256.0, 176.0), (256, 256)).crop(pixels)
    assert crop[:, :127].max() == 0 and crop[:, 129:].min() == 255
