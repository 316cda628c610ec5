"""Nearest-neighbour loss: each generated pixel is compared with the best pixel of a window of the reference.

Siarohin et al., "Deformable GANs for Pose-based Human Image Generation", CVPR 2018, section 3.3.

Choose, then compare. The best shift of each pixel is found without a gradient, one shift at a time, so that one
number per pixel and shift is kept; then its reference is gathered, and the sign of one difference is the gradient.
Only when different references are equally near are all shifts visited again.
"""

import keras
import numpy as np
from keras import ops

from pgig.errors import OptionsError
from pgig.losses.regular import mean_absolute

OUTSIDE = -10000.0


def check_area(area):
    """Raise an `OptionsError` unless `area` is an odd whole number of at least one."""
    if not isinstance(area, int) or area < 1 or area % 2 == 0:
        raise OptionsError(
            f"The nearest-neighbour window has side {area}, but it needs a centre pixel: "
            f"choose an odd number from 1 on."
        )


def nearest_neighbour_map(reference, generated, area):
    """Distance from each generated pixel to the most similar reference pixel in a window around it.

    Args:
        reference: (B, h, w, C) float, the real picture or its features; gets no gradient.
        generated: (B, h, w, C) float.
        area: side of the window, odd. Outside the picture the reference is -10000.

    Returns:
        (B, h, w) float32: sum over channels of the absolute differences. Equally near references share the gradient
        equally; where generated and reference are equal it is 0.

    Raises:
        OptionsError: an even window.
    """
    check_area(area)
    reference = ops.stop_gradient(ops.cast(reference, "float32"))

    @ops.custom_gradient
    def compare(generated):
        distance, slope = _compare(reference, generated, area)

        def gradient(*arguments, upstream=None):
            upstream = arguments[0] if upstream is None else upstream
            return upstream[..., None] * slope

        return distance, gradient

    return compare(ops.cast(generated, "float32"))


def reconstruction_distance(reference, generated, area):
    """The distance that the generator is trained on.

    Args:
        reference, generated: (B, h, w, C) float, pictures in [-1, 1] or features.
        area: 1: mean absolute difference over everything; larger, odd: mean over batch and pixels of
            `nearest_neighbour_map`, whose channels are summed, not averaged.

    Returns:
        float32 scalar.

    Raises:
        OptionsError: an even window.
    """
    check_area(area)
    if area == 1:
        return mean_absolute(generated, ops.stop_gradient(ops.convert_to_tensor(reference)))
    return ops.mean(nearest_neighbour_map(reference, generated, area))


@keras.saving.register_keras_serializable(package="pgig")
class NearestNeighbourLoss(keras.layers.Layer):
    """`nearest_neighbour_map` as a layer: call([reference, generated]) gives (B, h, w) float32.

    Args:
        area: side of the window, odd.

    Raises:
        OptionsError: an even window.
    """

    def __init__(self, area, **kwargs):
        super().__init__(autocast=False, **kwargs)
        check_area(area)
        self.area = area

    def call(self, inputs):
        return nearest_neighbour_map(*inputs, self.area)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape[0][:-1])

    def compute_output_spec(self, inputs):
        return keras.KerasTensor(self.compute_output_shape([x.shape for x in inputs]), dtype="float32")

    def get_config(self):
        return {**super().get_config(), "area": self.area}


def _compare(reference, generated, area):
    """Distance to the nearest reference (B, h, w) and its slope with respect to `generated` (B, h, w, C)."""
    height, width, channels = reference.shape[1:]
    margin = area // 2
    padded = ops.pad(reference, ((0, 0), (margin, margin), (margin, margin), (0, 0)), constant_values=OUTSIDE)
    rows, columns = height + 2 * margin, width + 2 * margin
    reference = ops.reshape(padded, (-1, channels))

    # In a flattened map a shift is an offset, so that a window is a view and not a copy. Both maps get the same
    # width for that; what is computed in the margin is cut off by `crop`.
    edges = ((0, 0), (0, rows - height), (0, columns - width), (0, 0))
    wide = ops.reshape(ops.pad(generated, edges), (-1, channels))
    last = (area - 1) * (columns + 1)
    length = ops.shape(wide)[0] - last
    wide = wide[:length]
    offsets = [y * columns + x for y in range(area) for x in range(area)]

    def crop(flat):
        return ops.reshape(ops.pad(flat, (0, last)), (-1, rows, columns))[:, :height, :width]

    # References are told apart by one number each, their product with a fixed vector of no regularity.
    mark = np.random.Generator(np.random.PCG64(area)).uniform(0.5, 1.0, (channels, 1)).astype("float32")
    marks = ops.matmul(reference, ops.convert_to_tensor(mark))[:, 0]

    # In reading order: the smallest distance, the first offset that has it, the mark of what lies there, and whether
    # something else lies at the same distance.
    distances = [ops.sum(ops.abs(wide - reference[o : o + length]), axis=-1) for o in offsets]
    shortest, offset, chosen = distances[0], ops.zeros_like(distances[0], dtype="int32"), marks[:length]
    tied = ops.zeros_like(shortest, dtype="bool")
    for o, distance in zip(offsets[1:], distances[1:], strict=True):
        nearer, own = distance < shortest, marks[o : o + length]
        tied = (tied & ~nearer) | ((distance == shortest) & (own != chosen))
        offset = ops.where(nearer, o, offset)
        chosen = ops.where(nearer, own, chosen)
        shortest = ops.minimum(distance, shortest)

    # Position in the padded map = own position + offset.
    position = ops.arange(ops.shape(offset)[0], dtype="int32") + offset
    gap = generated - ops.take(reference, crop(position), axis=0)

    def shared():
        total, count = 0, 0
        for number, distance in enumerate(distances):
            y, x = divmod(number, area)
            equal = ops.cast(crop(distance) == crop(shortest), "float32")[..., None]
            other = generated - padded[:, y : y + height, x : x + width]
            total, count = total + equal * ops.sign(other), count + equal
        return total / count

    slope = ops.cond(ops.any(crop(tied)), shared, lambda: ops.sign(gap))
    return crop(shortest), slope
