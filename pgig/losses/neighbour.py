"""Nearest-neighbour loss: each generated pixel is compared with the best pixel of a window of the reference.

Siarohin et al., "Deformable GANs for Pose-based Human Image Generation", CVPR 2018, section 3.3.

Choose, then compare: the best shift is found without a gradient, one shift at a time; its reference is gathered; and
one difference carries the gradient. Memory does not grow with the window.
"""

import keras
from keras import ops

from pgig.errors import OptionsError
from pgig.losses.regular import absolute, mean_absolute

OUTSIDE = -10000.0


def check_area(area):
    """Raise an `OptionsError` unless `area` is an odd whole number of at least one."""
    if not isinstance(area, int) or area < 1 or area % 2 == 0:
        raise OptionsError(
            f"The nearest-neighbour window has side {area}, but it needs a centre: choose an odd number from 1 on."
        )


def nearest_neighbour_map(reference, generated, area):
    """Distance from each generated pixel to the most similar reference pixel in a window around it.

    Args:
        reference: (B, h, w, C) float, the real picture or its features; gets no gradient.
        generated: (B, h, w, C) float.
        area: side of the window, odd. Outside the picture the reference is -10000.

    Returns:
        (B, h, w) float32: sum over channels of the absolute differences. Of equally near references the first in
        reading order carries the gradient.

    Raises:
        OptionsError: an even window.
    """
    check_area(area)
    reference = ops.stop_gradient(ops.cast(reference, "float32"))
    generated = ops.cast(generated, "float32")
    chosen = ops.stop_gradient(_best(reference, ops.stop_gradient(generated), area))
    return ops.sum(absolute(generated - chosen), axis=-1)


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
        return mean_absolute(generated, ops.stop_gradient(reference))
    return ops.mean(nearest_neighbour_map(reference, generated, area))


@keras.saving.register_keras_serializable(package="pgig")
class NearestNeighbourLoss(keras.layers.Layer):
    """`nearest_neighbour_map` as a layer: call([reference, generated]) gives (B, h, w) float32.

    Args:
        area: side of the window, odd.
    """

    def __init__(self, area, **kwargs):
        super().__init__(autocast=False, **kwargs)
        check_area(area)
        self.area = area

    def call(self, inputs):
        return nearest_neighbour_map(*inputs, self.area)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape[0][:-1])

    def get_config(self):
        return {**super().get_config(), "area": self.area}


def _best(reference, generated, area):
    """For each pixel the reference row of the window that is nearest, (B, h, w, C)."""
    height, width, channels = reference.shape[1:]
    margin = area // 2
    edges = ((0, 0), (margin, margin), (margin, margin), (0, 0))
    padded = ops.pad(reference, edges, constant_values=OUTSIDE)
    padded_width = width + 2 * margin

    # Visit the shifts in reading order, keeping the smallest distance and where it was.
    shortest, shift = None, None
    for number in range(area * area):
        y, x = divmod(number, area)
        window = padded[:, y : y + height, x : x + width]
        distance = ops.sum(ops.abs(window - generated), axis=-1)
        if shortest is None:
            shortest, shift = distance, ops.zeros_like(distance, dtype="int32")
        else:
            shift = ops.where(distance < shortest, y * padded_width + x, shift)
            shortest = ops.minimum(distance, shortest)

    # Position in the padded map = own position + shift; gather those rows.
    batch = ops.shape(reference)[0]
    rows = ops.arange(height, dtype="int32")[:, None] * padded_width + ops.arange(width, dtype="int32")
    first = ops.arange(batch, dtype="int32") * ((height + 2 * margin) * padded_width)
    return ops.take(ops.reshape(padded, (-1, channels)), first[:, None, None] + rows + shift, axis=0)
