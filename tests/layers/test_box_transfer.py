"""Parts moved from box to box: against plain loops, and against PyTorch's own sampling."""

import keras
import numpy as np
import pytest
from keras import ops

from pgig.layers.box_transfer import BoxTransfer
from tests.gradients import value_and_gradient
from tests.layers.plain_boxes import by_torch, plain_transfer, resampled

STRIDES = (1, 2, 4)
SIZE = (32, 24)


def maps_of(stride, count=3, seed=0):
    shape = (count, SIZE[0] // stride, SIZE[1] // stride, 5)
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def random_boxes(count, seed):
    """(count, 7, 4) boxes of all sizes inside the picture; some missing, some of one pixel, some without area."""
    random = np.random.default_rng(seed)
    ends = np.sort(random.integers(1, (SIZE[1] + 1, SIZE[0] + 1), (count, 7, 2, 2)), axis=2)
    boxes = ends.reshape(count, 7, 4).astype("float32")
    boxes[random.uniform(size=(count, 7)) < 0.15] = 0
    boxes[0, 0] = (1, 1, SIZE[1], SIZE[0])
    boxes[0, 1] = (7, 9, 8, 20)
    boxes[1, 2, 2] = boxes[1, 2, 0]
    boxes[2, 3] += 0.5
    boxes[2, 3, 2:] = np.minimum(boxes[2, 3, 2:], SIZE[::-1])
    return boxes


@pytest.mark.parametrize("resample", [resampled, by_torch])
@pytest.mark.parametrize("stride", STRIDES)
def test_parts_are_stretched_to_their_boxes_and_merged_by_maximum(stride, resample):
    maps = maps_of(stride)
    source, target = random_boxes(3, 1), random_boxes(3, 2)
    expected = plain_transfer(maps, source, target, stride, resample)
    moved = ops.convert_to_numpy(BoxTransfer(stride)([maps, source, target]))
    np.testing.assert_allclose(moved, expected, atol=1e-5)
    assert (expected > 0).any() and (expected == 0).any() and moved.min() == 0


def test_a_map_of_one_part_stays_where_source_and_target_agree():
    maps = np.abs(maps_of(1))
    box = np.zeros((3, 7, 4), "float32")
    box[:, 4] = (3, 5, 17, 30)
    moved = ops.convert_to_numpy(BoxTransfer()([maps, box, box]))
    np.testing.assert_array_equal(moved[:, 5:30, 3:17], maps[:, 5:30, 3:17])
    assert moved.sum() == pytest.approx(maps[:, 5:30, 3:17].sum(), rel=1e-5)


def test_no_gradient_passes():
    boxes = random_boxes(3, 1), random_boxes(3, 2)
    layer = BoxTransfer()
    value, gradient = value_and_gradient(lambda x: layer([x, *boxes]) + 2 * x, maps_of(1))
    assert value.any() and (gradient == 2).all()


def test_symbolic_shapes_configs_and_half_precision():
    layer = BoxTransfer.from_config(BoxTransfer(2).get_config() | {"dtype": "mixed_bfloat16"})
    boxes = random_boxes(3, 1), random_boxes(3, 2)
    y = layer([maps_of(2), *boxes])
    assert keras.backend.standardize_dtype(y.dtype) == "bfloat16" and layer.stride == 2
    inputs = [keras.Input((16, 12, 5)), keras.Input((7, 4)), keras.Input((7, 4))]
    model = keras.Model(inputs, BoxTransfer(2)(inputs))
    assert model.output_shape == (None, 16, 12, 5)
    expected = ops.convert_to_numpy(BoxTransfer(2)([maps_of(2), *boxes]))
    np.testing.assert_allclose(model.predict([maps_of(2), *boxes], verbose=0), expected, atol=1e-6)
