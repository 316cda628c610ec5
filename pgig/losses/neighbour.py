"""Nearest-neighbour loss: each generated pixel is compared with the best pixel of a window of the reference.

Siarohin et al., "Deformable GANs for Pose-based Human Image Generation", CVPR 2018, section 3.3.

Choose, then compare. The best shift of each pixel is found without a gradient, one shift at a time, so that only
numbers per pixel are kept; then its reference is gathered, and the sign of one difference is the gradient. Memory
does not grow with the window. Only where different references are equally near are all shifts visited again.
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
    generated = ops.cast(generated, "float32")
    fixed = ops.stop_gradient(generated)
    reference = ops.stop_gradient(ops.cast(reference, "float32"))
    shortest, direction = _compare(reference, fixed, area)

    # The value is the shortest distance; the second term is zero and carries the slope.
    slope = ops.sum(ops.stop_gradient(direction) * (generated - fixed), axis=-1)
    return ops.stop_gradient(shortest) + slope


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
    """Shortest distance of each pixel (B, h, w) and the slope of it with respect to `generated` (B, h, w, C)."""
    height, width, channels = reference.shape[1:]
    margin = area // 2
    edges = ((0, 0), (margin, margin), (margin, margin), (0, 0))
    padded = ops.pad(reference, edges, constant_values=OUTSIDE)
    padded_width = width + 2 * margin
    shifts = [divmod(number, area) for number in range(area * area)]

    def difference(y, x):
        return generated - padded[:, y : y + height, x : x + width]

    # Two references are told apart by one number each: their product with a fixed vector of no regularity.
    mark = np.random.Generator(np.random.PCG64(area)).uniform(0.5, 1.0, (channels, 1)).astype("float32")
    marks = ops.matmul(padded, ops.convert_to_tensor(mark))[..., 0]

    # Shifts in reading order: the smallest distance, the first shift that has it, and whether another reference has
    # the same distance.
    shortest, shift, chosen, tied = None, None, None, None
    for y, x in shifts:
        distance = ops.sum(ops.abs(difference(y, x)), axis=-1)
        own = marks[:, y : y + height, x : x + width]
        if shortest is None:
            shortest, chosen = distance, own
            shift, tied = ops.zeros_like(distance, dtype="int32"), ops.zeros_like(distance, dtype="bool")
            continue
        nearer = distance < shortest
        tied = (tied & ~nearer) | ((distance == shortest) & (own != chosen))
        shift = ops.where(nearer, y * padded_width + x, shift)
        chosen = ops.where(nearer, own, chosen)
        shortest = ops.minimum(distance, shortest)

    def of_chosen():
        # Position in the padded map = own position + shift.
        first = ops.arange(ops.shape(reference)[0], dtype="int32") * ((height + 2 * margin) * padded_width)
        rows = ops.arange(height, dtype="int32")[:, None] * padded_width + ops.arange(width, dtype="int32")
        rows = first[:, None, None] + rows + shift
        return ops.sign(generated - ops.take(ops.reshape(padded, (-1, channels)), rows, axis=0))

    def of_all():
        total, count = 0, 0
        for y, x in shifts:
            gap = difference(y, x)
            equal = ops.cast(ops.sum(ops.abs(gap), axis=-1, keepdims=True) == shortest[..., None], "float32")
            total, count = total + equal * ops.sign(gap), count + equal
        return total / count

    return shortest, ops.cond(ops.any(tied), of_all, of_chosen)
