import numpy as np

from pgig.metrics.values import to_grey, to_unit


def test_every_byte_comes_back_from_its_float32_value():
    every = np.arange(256, dtype=np.uint8)
    unit = to_unit(every)
    assert unit.dtype == np.float32
    np.testing.assert_array_equal(unit, every.astype(np.float32) / np.float32(255))
    np.testing.assert_array_equal(unit * np.float32(255), every)


def test_white_is_one_and_green_is_brightest():
    np.testing.assert_allclose(to_grey(np.uint8([[255, 255, 255], [0, 255, 0], [0, 0, 0]])), [1, 0.7154, 0])
