"""Boxes cut out of maps, all resized to one square: TensorFlow's `crop_and_resize`, on every back end."""

import keras
from keras import ops

from pgig.layers.weighted_gather import (
    neighbours,
    split_position,
    table_rows,
    tap_weights,
    weighted_gather,
    wide_dtype,
)

# How far rounding may put a sample beyond an edge of the map that it is meant to lie on, in pixels.
_SLACK = 1e-4


@keras.saving.register_keras_serializable(package="pgig")
class RoiCrop(keras.layers.Layer):
    """Cut the same number of boxes out of every map, each resized to a square, with bilinear samples.

    The rule is that of `charliememory/Disentangled-Person-Image-Generation`: boxes are divided by the height and the
    width of the map but then spread over one pixel less, so that row p of a box is read at p * (H - 1) / H. The first
    and the last sample of an axis lie on the edges of the box. Nothing outside of the map is read: zeros.

    Args:
        size: side of the squares, 2 or more.

    Inputs of a call:
        maps: (B, H, W, C) float.
        boxes: (B, P, 4) y1, x1, y2, x2 in pixels of the map.

    Output:
        (P * B, size, size, C) of the dtype of the layer: box 0 of all maps, then box 1 of all, and so on. The maps get
        the exact gradient, the boxes none.
    """

    def __init__(self, size, **kwargs):
        # Places need float32 whatever the policy says; the map alone is cast, in `call`.
        super().__init__(autocast=False, **kwargs)
        self.size = size

    def call(self, inputs):
        maps, boxes = inputs
        maps, boxes = ops.cast(maps, self.compute_dtype), ops.stop_gradient(ops.cast(boxes, wide_dtype(maps)))
        height, width, channels = maps.shape[1:]
        y, y_shares = self._taps(boxes[..., 0], boxes[..., 2], height)
        x, x_shares = self._taps(boxes[..., 1], boxes[..., 3], width)
        rows = table_rows(y[..., None], x[..., None, :], (height, width))
        shares = tap_weights(y_shares[..., None], x_shares[..., None, :])
        crops = weighted_gather(maps, *(self._box_major(taps, boxes.shape[1]) for taps in (rows, shares)))
        return ops.reshape(crops, (-1, self.size, self.size, channels))

    def _taps(self, first, last, length):
        """Both pixels around every sample of an axis, and their shares: (2, B, P, size) each.

        Args:
            first, last: (B, P) edges of the boxes in pixels.
            length: pixels of the axis.
        """
        first, last = (edge[..., None] / length * (length - 1) for edge in (first, last))
        step = (last - first) / (self.size - 1)
        place = first + ops.arange(self.size, dtype=first.dtype) * step
        inside = ops.logical_and(place >= -_SLACK, place <= length - 1 + _SLACK)
        whole, shares = neighbours(*split_position(place, length, margin=0))
        return whole, ops.where(inside, shares, 0.0)

    def _box_major(self, taps, boxes):
        """(T, B * P * size * size) in the order of the maps -> the same in that of the boxes."""
        count = taps.shape[0]
        taps = ops.reshape(taps, (count, -1, boxes, self.size * self.size))
        return ops.reshape(ops.transpose(taps, (0, 2, 1, 3)), (count, -1))

    def compute_output_shape(self, input_shape):
        (batch, *_, channels), (_, boxes, _) = input_shape
        return (None if batch is None else batch * boxes, self.size, self.size, channels)

    def get_config(self):
        return {**super().get_config(), "size": self.size}


@keras.saving.register_keras_serializable(package="pgig")
class JoinBoxes(keras.layers.Layer):
    """Put what was computed of the crops of `RoiCrop` side by side: (P * B, n) to (B, P, n).

    Args:
        boxes: how many boxes there are of each map, P.
    """

    def __init__(self, boxes, **kwargs):
        super().__init__(**kwargs)
        self.boxes = boxes

    def call(self, x):
        return ops.transpose(ops.reshape(x, (self.boxes, -1, x.shape[-1])), (1, 0, 2))

    def compute_output_shape(self, input_shape):
        batch, numbers = input_shape
        return (None if batch is None else batch // self.boxes, self.boxes, numbers)

    def get_config(self):
        return {**super().get_config(), "boxes": self.boxes}
