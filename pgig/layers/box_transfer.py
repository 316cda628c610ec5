"""Parts of a map moved from their boxes in one picture to their boxes in another.

It is what `tengteng95/Pose-Transfer` (branch PATN_Fine) does with the maps of its picture encoder.
"""

import keras
from keras import ops

from pgig.layers.bilinear import read_bilinear


@keras.saving.register_keras_serializable(package="pgig")
class BoxTransfer(keras.layers.Layer):
    """Stretch what lies in each source box to its target box, and merge the parts by maximum into a map of zeros.

    Boxes are brought to the scale of the map and rounded to whole pixels, halves up; a box reaches from its first pixel
    to the one before its last number. Samples are bilinear with the corner pixels of both boxes on each other, as
    PyTorch's `grid_sample` was up to version 1.2; a target of a single row or column takes the last one of the source,
    as in the original. Parts without area in either picture are left out.

    Args:
        stride: pixels of the picture to one of the map.

    Inputs of a call:
        maps: (B, h, w, C) float.
        source, target: (B, parts, 4) x1, y1, x2, y2 in pixels of the picture, not beyond its edges.

    Output:
        (B, h, w, C), not negative. No gradient passes through it.
    """

    def __init__(self, stride=1, **kwargs):
        # Boxes need float32 whatever the policy says; the map alone is cast, in `call`.
        super().__init__(autocast=False, **kwargs)
        self.stride = stride

    def call(self, inputs):
        maps, source, target = inputs
        maps = ops.stop_gradient(ops.cast(maps, self.compute_dtype))
        source, target = (ops.floor(ops.cast(boxes, "float32") / self.stride + 0.5) for boxes in (source, target))
        columns = _positions(source[..., ::2], target[..., ::2], maps.shape[2])
        rows = _positions(source[..., 1::2], target[..., 1::2], maps.shape[1])

        # One part after the other: seven copies of the largest map would take seven times its memory.
        merged = ops.zeros_like(maps)
        for part in range(source.shape[1]):
            copy = read_bilinear(maps, rows[:, part, :, None], columns[:, part, None])
            merged = ops.maximum(merged, copy)
        return merged

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def get_config(self):
        return {**super().get_config(), "stride": self.stride}


def _positions(source, target, length):
    """Where each pixel of an axis reads: (B, parts, length) float32; -1, which is outside, beyond the target box.

    Args:
        source, target: (B, parts, 2) whole numbers, the first pixel of a box and the one behind its last.
        length: pixels of the axis.
    """
    first, stop = source[..., :1], source[..., 1:]
    offset = ops.arange(length, dtype="float32") - target[..., :1]
    steps = target[..., 1:] - target[..., :1] - 1
    last = stop - 1
    along = ops.where(steps > 0, first + offset * (last - first) / ops.maximum(steps, 1.0), last)
    inside = ops.logical_and(ops.logical_and(offset >= 0, offset <= steps), stop > first)
    return ops.where(inside, along, -1.0)
