"""The style of body parts against plain loops, and RoI alignment against TensorFlow's crops."""

import keras
import numpy as np
import pytest
from keras import ops

from pgig.losses.roi_style import CELLS, part_style_loss
from pgig.pose.part_boxes import PARTS
from tests.gradients import value_and_gradient

SIZE = (48, 40)


def loss_of(ours, theirs, found):
    """The loss of arrays, as a number."""
    arguments = (ops.convert_to_tensor(array) for array in (ours, theirs, found))
    loss = part_style_loss(*arguments, SIZE)
    assert keras.backend.standardize_dtype(loss.dtype) == "float32" and loss.shape == ()
    return float(ops.convert_to_numpy(loss))


def features(seed, size=SIZE, channels=3):
    return np.random.default_rng(seed).normal(size=(3, *size, channels)).astype("float32")


def boxes():
    """(3, 7, 4): boxes anywhere in the picture, of whole pixels and not; one part missing here, another everywhere."""
    random = np.random.default_rng(4)
    ends = np.sort(random.uniform(1, (SIZE[1], SIZE[0]), (3, 7, 2, 2)), axis=2)
    ends[:, :5] = np.floor(ends[:, :5])
    found = ends.reshape(3, 7, 4).astype("float32")
    found[0, 0] = (1, 1, SIZE[1], SIZE[0])
    found[0, 1] = (SIZE[1] - 4, 1, SIZE[1], 20)
    found[1, 3] = 0
    found[:, 6] = 0
    return found


def aligned(picture, box, cells):
    """What PyTorch's RoIAlign of 2018 reads: one bilinear sample in the middle of each cell, zeros off the picture."""
    x1, y1, x2, y2 = np.trunc(box.astype("float64"))
    height, width, channels = picture.shape
    out = np.zeros((*cells, channels))
    for i in range(cells[0]):
        for j in range(cells[1]):
            y = y1 + (i + 0.5) * (y2 - y1) / cells[0] - 0.5
            x = x1 + (j + 0.5) * (x2 - x1) / cells[1] - 0.5
            if 0 <= y <= height - 1 and 0 <= x <= width - 1:
                down = np.maximum(0, 1 - np.abs(np.arange(height) - y))
                across = np.maximum(0, 1 - np.abs(np.arange(width) - x))
                out[i, j] = np.einsum("h,w,hwc->c", down, across, picture)
    return out


def plain_gram(patch):
    flat = patch.reshape(-1, patch.shape[-1])
    return flat.T @ flat / patch.size


def plain_loss(ours, theirs, found, read=aligned):
    total = 0
    for part, cells in enumerate(CELLS):
        pairs = [
            [plain_gram(read(side[item], found[item, part], cells)) for side in (ours, theirs)]
            for item in range(len(found))
            if found[item, part].any()
        ]
        if pairs:
            total += np.mean([(a - b) ** 2 for a, b in pairs])
    return total


def test_parts_have_the_published_numbers_of_cells():
    assert CELLS == ((16, 16), (16, 7), (16, 7), (32, 32), (32, 7), (32, 7), (16, 16))
    assert len(CELLS) == len(PARTS)


def test_loss_is_the_sum_over_parts_of_errors_of_gram_matrices():
    ours, theirs, found = features(1), features(2), boxes()
    assert loss_of(ours, theirs, found) == pytest.approx(plain_loss(ours, theirs, found), rel=1e-4)


def test_alignment_is_that_of_crops_with_moved_edges():
    tf = pytest.importorskip("tensorflow")

    def crops(picture, box, cells):
        x1, y1, x2, y2 = np.trunc(box)
        steps = np.array([(y2 - y1) / cells[0], (x2 - x1) / cells[1]])
        first = np.array([y1, x1]) + steps / 2 - 0.5
        last = first + steps * (np.array(cells) - 1)
        edges = np.concatenate([first, last]) / np.tile(np.array(picture.shape[:2]) - 1, 2)
        return tf.image.crop_and_resize(picture[None], edges[None].astype("float32"), [0], cells).numpy()[0]

    ours, theirs, found = features(1), features(2), boxes()
    assert loss_of(ours, theirs, found) == pytest.approx(plain_loss(ours, theirs, found, crops), rel=1e-3)


def test_a_smaller_map_is_read_where_the_boxes_lie_in_it():
    ours, theirs = features(1, (12, 10)), features(2, (12, 10))
    found = boxes() // 4 * 4
    assert loss_of(ours, theirs, found) == pytest.approx(plain_loss(ours, theirs, found / 4), rel=1e-4)


def test_gradient_is_that_of_the_generated_picture_alone():
    ours, theirs, found = features(1), features(2), boxes()
    ours_, theirs_, found_ = (ops.convert_to_tensor(array) for array in (ours, theirs, found))
    _, gradient = value_and_gradient(lambda x: part_style_loss(x, theirs_, found_, SIZE), ours)
    step = np.random.default_rng(9).normal(size=ours.shape).astype("float32")
    ahead, behind = (plain_loss(ours + sign * 1e-3 * step, theirs, found) for sign in (1, -1))
    assert (gradient * step).sum() == pytest.approx((ahead - behind) / 2e-3, rel=1e-2)
    _, gradient = value_and_gradient(lambda x: part_style_loss(ours_, x, found_, SIZE) + 0 * ops.sum(x), theirs)
    assert not gradient.any()


def test_a_batch_without_any_part_has_no_style():
    theirs, none = ops.convert_to_tensor(features(2)), ops.zeros((3, 7, 4))
    value, gradient = value_and_gradient(lambda x: part_style_loss(x, theirs, none, SIZE), features(1))
    assert value == 0 and not gradient.any()
