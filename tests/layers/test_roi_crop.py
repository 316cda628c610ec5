"""Boxes cut out of maps: against plain loops over samples, and their gradient; the way back to the maps."""

import keras
import numpy as np
import pytest
from keras import ops

from pgig.layers.roi_crop import JoinBoxes, RoiCrop
from tests.gradients import value_and_gradient

MAPS = np.random.default_rng(0).normal(size=(2, 12, 9, 3)).astype("float32")
# Whole maps, single pixels, boxes turned round, and boxes that leave the map.
BOXES = np.array(
    [
        [[0, 0, 11, 8], [3, 2, 9, 7], [5, 5, 5, 5], [9, 7, 2, 1], [-3, 2, 6, 14]],
        [[0, 0, 1, 1], [2.5, 1.25, 10.5, 6], [11, 8, 11, 8], [0, 8, 11, 0], [30, 30, 40, 40]],
    ],
    "float32",
)


def plain_crops(maps, boxes, size):
    """(P * B, size, size, C), sample by sample."""
    crops = np.zeros((boxes.shape[1], len(maps), size, size, maps.shape[-1]))
    edges = np.array(maps.shape[1:3]) - 1
    for number, part in np.ndindex(boxes.shape[:2]):
        first, last = boxes[number, part].astype(float).reshape(2, 2) / maps.shape[1:3] * edges
        for row, column in np.ndindex(size, size):
            place = first + np.array([row, column]) * (last - first) / (size - 1)
            if (place > -1e-6).all() and (place < edges + 1e-6).all():
                place = np.clip(place, 0, edges)
                (y, x), (down, right) = place.astype(int), place % 1
                below, beside = min(y + 1, edges[0]), min(x + 1, edges[1])
                upper = maps[number, y, x] * (1 - right) + maps[number, y, beside] * right
                lower = maps[number, below, x] * (1 - right) + maps[number, below, beside] * right
                crops[part, number, row, column] = upper * (1 - down) + lower * down
    return crops.reshape(-1, *crops.shape[2:])


@pytest.mark.parametrize("size", [2, 5, 16])
def test_crops_are_those_of_plain_loops_box_after_box(size):
    expected = plain_crops(MAPS, BOXES, size)
    crops = ops.convert_to_numpy(RoiCrop(size)([MAPS, BOXES]))
    np.testing.assert_allclose(crops, expected, atol=1e-5)
    zeros = (expected == 0).all(axis=-1)
    assert zeros.any() and not zeros.all()


def test_the_maps_get_the_exact_gradient():
    """The crops are linear in the maps: the gradient is what the plain form gives for each pixel by itself."""
    upstream = np.random.default_rng(1).normal(size=(10, 4, 4, 3)).astype("float32")
    _, gradient = value_and_gradient(lambda maps: RoiCrop(4)([maps, BOXES]), MAPS, upstream)
    expected = np.zeros(MAPS.shape)
    for pixel in np.ndindex(MAPS.shape[1:3]):
        one = np.zeros(MAPS.shape, "float32")
        one[:, *pixel] = 1
        slopes = (plain_crops(one, BOXES, 4) * upstream).sum(axis=(1, 2)).reshape(5, 2, 3)
        expected[:, *pixel] = slopes.sum(axis=0)
    np.testing.assert_allclose(gradient, expected, atol=1e-5)


def test_the_boxes_get_no_gradient():
    _, gradient = value_and_gradient(lambda boxes: ops.sum(RoiCrop(4)([MAPS, boxes])) + ops.sum(boxes), BOXES)
    assert (gradient == 1).all()


def test_what_is_computed_of_crops_goes_back_to_their_maps():
    crops = RoiCrop(3)([MAPS, BOXES])
    joined = ops.convert_to_numpy(JoinBoxes(5)(ops.mean(crops, axis=(1, 2))))
    assert joined.shape == (2, 5, 3)
    for number in range(2):
        alone = RoiCrop(3)([MAPS[number : number + 1], BOXES[number : number + 1]])
        np.testing.assert_allclose(joined[number], ops.convert_to_numpy(ops.mean(alone, axis=(1, 2))), atol=1e-6)


def test_symbolic_shapes_configs_and_half_precision():
    crop = RoiCrop.from_config(RoiCrop(6).get_config() | {"dtype": "mixed_bfloat16"})
    crops = crop([MAPS, BOXES])
    assert keras.backend.standardize_dtype(crops.dtype) == "bfloat16"
    expected = plain_crops(MAPS, BOXES, 6)
    np.testing.assert_allclose(ops.convert_to_numpy(ops.cast(crops, "float32")), expected, atol=0.03)
    inputs = [keras.Input((12, 9, 3)), keras.Input((5, 4))]
    x = RoiCrop(6)(inputs)
    assert x.shape == (None, 6, 6, 3)
    joined = JoinBoxes.from_config(JoinBoxes(5).get_config())(keras.layers.Flatten()(x))
    assert joined.shape == (None, 5, 108)
    found = keras.Model(inputs, joined)([MAPS, BOXES])
    expected = np.moveaxis(expected.reshape(5, 2, 108), 0, 1)
    np.testing.assert_allclose(ops.convert_to_numpy(found), expected, atol=1e-5)
