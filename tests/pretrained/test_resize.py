import keras
import numpy as np
import pytest
from keras import layers, ops

from pgig.pretrained.batches import in_batches
from pgig.pretrained.resize import RULES, resize_bilinear

PIXELS = np.random.default_rng(0).integers(0, 256, (2, 7, 5, 3)).astype(np.float32)


def test_the_three_rules_by_hand():
    row = np.array([[[[0.0], [1.0], [2.0], [3.0]]]], np.float32)
    wide, narrow = (1, 8), (1, 2)
    expected = {
        "legacy": ([0, 0.5, 1, 1.5, 2, 2.5, 3, 3], [0, 2]),
        "half-pixel": ([0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3], [0.5, 2.5]),
        "align-corners": ([3 * k / 7 for k in range(8)], [0, 3]),
    }
    for rule in RULES:
        for size, values in zip((wide, narrow), expected[rule], strict=True):
            resized = ops.convert_to_numpy(resize_bilinear(ops.convert_to_tensor(row), size, rule))
            np.testing.assert_allclose(resized[0, 0, :, 0], values, atol=1e-6)
    with pytest.raises(ValueError, match="nearest"):
        resize_bilinear(row, wide, "nearest")


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("size", [(13, 11), (3, 4), (7, 5), (1, 1)])
def test_it_is_tensorflows_resize(rule, size):
    tf = pytest.importorskip("tensorflow")
    expected = tf.raw_ops.ResizeBilinear(
        images=PIXELS, size=size, align_corners=rule == "align-corners", half_pixel_centers=rule == "half-pixel"
    )
    resized = ops.convert_to_numpy(resize_bilinear(ops.convert_to_tensor(PIXELS), size, rule))
    np.testing.assert_allclose(resized, expected.numpy(), rtol=1e-6, atol=1e-4)


def test_sizes_may_be_unknown_inside_a_layer():
    class Resize(layers.Layer):
        def call(self, images):
            return resize_bilinear(images, (6, 9), "half-pixel")

    images = keras.Input((None, None, 3))
    model = keras.Model(images, Resize()(images))
    assert model.output.shape == (None, 6, 9, 3)
    for pixels in (PIXELS, PIXELS[:, :4, :3]):
        expected = ops.convert_to_numpy(resize_bilinear(ops.convert_to_tensor(pixels), (6, 9), "half-pixel"))
        np.testing.assert_allclose(in_batches(model, 2, pixels), expected, rtol=1e-5, atol=1e-4)
