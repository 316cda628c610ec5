import io

import numpy as np
import pytest
from PIL import Image

from pgig.errors import DataError
from pgig.evaluate import prepare
from pgig.evaluate.resize import resize_cv2_bilinear, resize_pil_bicubic


def noise(count=2, size=(256, 256)):
    return np.random.default_rng(0).integers(0, 256, (count, *size, 3)).astype(np.uint8)


def test_columns_are_cut_and_padded():
    pixels = noise()
    cut = prepare.crop_columns(pixels)
    np.testing.assert_array_equal(cut, pixels[:, :, 40:216])
    padded = prepare.pad_white(cut)
    np.testing.assert_array_equal(padded[:, :, 40:216], cut)
    assert padded.shape == pixels.shape and (padded[:, :, :40] == 255).all() and (padded[:, :, 216:] == 255).all()
    for width in (300, 255):
        with pytest.raises(DataError, match="cannot be the middle"):
            prepare.crop_columns(pixels, width)


def test_joints_move_along_and_missing_ones_stay_missing():
    keypoints = np.full((1, 18, 3), -1.0, np.float32)
    keypoints[..., 2] = 0
    keypoints[0, 3] = (20, 100, 1)
    moved = prepare.shift_keypoints(keypoints, -40)
    np.testing.assert_array_equal(moved[0, 3], (20, 60, 1))
    np.testing.assert_array_equal(np.delete(moved, 3, 1), np.delete(keypoints, 3, 1))
    scaled = prepare.scale_keypoints(keypoints, (256, 256), (256, 128))
    np.testing.assert_array_equal(scaled[0, 3], (20, 49.75, 1))
    np.testing.assert_array_equal(np.delete(scaled, 3, 1), np.delete(keypoints, 3, 1))


def test_the_jpeg_round_trip_is_a_file_of_pillows():
    pixels = noise(size=(64, 48))
    for picture, result in zip(pixels, prepare.jpeg_round_trip(pixels), strict=True):
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "JPEG")
        np.testing.assert_array_equal(result, np.asarray(Image.open(file)))


def test_panels_of_a_strip_come_back_as_alone_but_for_their_border_columns():
    panels = noise(5, (128, 64))
    strip = prepare.jpeg_round_trip(np.concatenate(panels, axis=1)[None])[0]
    alone = prepare.jpeg_round_trip(panels)
    np.testing.assert_array_equal(np.stack(np.split(strip, 5, axis=1))[:, :, 1:-1], alone[:, :, 1:-1])


def test_bicubic_bytes_are_pillows():
    pixels = noise(size=(60, 41))
    result = resize_pil_bicubic(pixels, (31, 17))
    expected = Image.fromarray(pixels[1]).resize((17, 31), Image.Resampling.BICUBIC)
    np.testing.assert_array_equal(result[1], np.asarray(expected))


def test_bilinear_values_are_opencvs():
    # Made by cv2.resize of opencv-python 5.0.0 from float32.
    ramp = (np.arange(35).reshape(1, 5, 7, 1) * 37 % 251).astype(np.uint8)
    small = [[77 / 3, 112, 595 / 3], [107 / 3, 122, 625 / 3], [137 / 3, 132, 655 / 3], [167 / 3, 142, 155.125]]
    ends = [[0, 37, 74, 111, 148, 185, 222], [32, 69, 106, 143, 180, 217, 3]]
    resized = resize_cv2_bilinear(ramp, (4, 3))
    assert resized.dtype == np.float32
    np.testing.assert_allclose(resized[0, ..., 0], small, atol=1e-4)
    np.testing.assert_allclose(resize_cv2_bilinear(ramp, (8, 7))[0, [0, 7], :, 0], ends, atol=1e-4)


def test_bilinear_values_are_those_of_the_opencv_that_is_installed():
    cv2 = pytest.importorskip("cv2")
    for size, new in (((256, 256), (256, 176)), ((37, 53), (80, 41)), ((1, 5), (7, 9)), ((40, 9), (3, 20))):
        pixels = noise(1, size)
        expected = cv2.resize(pixels[0].astype(np.float32), new[::-1])
        np.testing.assert_allclose(resize_cv2_bilinear(pixels, new)[0], expected, atol=1e-3)


def test_every_step_moves_pictures_joints_and_masks_alike():
    keypoints = np.zeros((1, 18, 3))
    keypoints[0, 0] = (100, 128, 1)
    for name, step in prepare.STEPS.items():
        for size in ((256, 256), (256, 176), (128, 64)):
            pixels = np.zeros((1, *size, 3), np.uint8)
            joint = (100, 127) if size[1] == 256 else (100, 60)
            pixels[0, joint[0] - 3 : joint[0] + 4, joint[1] - 3 : joint[1] + 4] = 200
            keypoints[0, 0, :2] = joint
            after, masks = step.pixels(pixels), step.masks(pixels[..., 0])
            y, x, visible = step.keypoints(keypoints, size)[0, 0]
            assert masks.dtype == np.uint8 and masks.shape == after.shape[:3] and visible == 1, name
            assert after.dtype == (np.float32 if name == "squeeze-176" and size[1] == 256 else np.uint8)
            dark = np.where(after[0, ..., 0] == 255, 0, after[0, ..., 0])
            for picture in (dark, masks[0]):
                rows, columns = np.nonzero(picture > 100)
                assert abs(rows.mean() - y) < 0.5 and abs(columns.mean() - x) < 0.5, name


def test_steps_leave_other_sizes_alone():
    market = noise(1, (128, 64))
    for name in ("cut-176", "pad-256", "squeeze-176"):
        assert prepare.STEPS[name].pixels(market) is market
    assert prepare.STEPS["cut-176"].pixels(noise(1)).shape == (1, 256, 176, 3)
    assert prepare.STEPS["pad-256"].pixels(noise(1, (256, 176))).shape == (1, 256, 256, 3)
    assert prepare.STEPS["squeeze-176"].pixels(noise(1)).shape == (1, 256, 176, 3)
