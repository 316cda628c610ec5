"""The deformable skip connection: affine copies of a feature map, one per limb, masked and merged.

Siarohin et al., "Deformable GANs for Pose-based Human Image Generation", CVPR 2018, section 3.2; the numbers are those
of `AffineTransformLayer` in AliaksandrSiarohin/pose-gan.
"""

import keras
import numpy as np
from keras import ops

from pgig.errors import OptionsError
from pgig.layers import sampling
from pgig.layers.limb_max import limb_max


@keras.saving.register_keras_serializable(package="pgig")
class AffineWarp(keras.layers.Layer):
    """Warp a feature map by one transform per limb, keep each copy inside its mask, and merge the copies.

    The defaults are the original's numbers: nearest neighbour, halves rounded away from zero, zeros outside; and a
    gradient that is not the transpose of the warp but the upstream gradient warped by the inverse transform.
    `interpolation="bilinear", gradient="exact"` is today's textbook form.

    Args:
        image_size: (height, width) of the pictures that transforms and masks are made for.
        aggregation: `"max"`, `"avg"` (sum of the copies over the number of masks at the pixel) or `"none"` (copies
            side by side along the channels).
        interpolation: `"nearest"` or `"bilinear"`.
        gradient: `"inverse"` (as the original) or `"exact"`.

    Inputs of a call:
        x: (B, h, w, C) float feature map.
        transforms: (B, n, 8) float32 at picture scale, from output (column, row) to input (column, row).
        masks: optional (B, n, H, W), 0 or 1, any dtype; without them all copies count everywhere.

    Output:
        (B, h, w, C), or (B, h, w, n*C) for `aggregation="none"`. Masks and transforms get no gradient; a singular
        transform gives none.

    Raises:
        OptionsError: a choice that does not exist.
    """

    def __init__(self, image_size, aggregation="max", interpolation="nearest", gradient="inverse", **kwargs):
        # Coordinates need float32 whatever the policy says; the map alone is cast, in `call`.
        super().__init__(autocast=False, **kwargs)
        self.image_size = tuple(image_size)
        self.aggregation = _checked("aggregation", aggregation, ("max", "avg", "none"))
        self.interpolation = _checked("interpolation", interpolation, ("nearest", "bilinear"))
        self.gradient = _checked("gradient", gradient, ("inverse", "exact"))

    def call(self, inputs, training=None):
        maps, transforms, masks = inputs if len(inputs) == 3 else (*inputs, None)
        maps = ops.cast(maps, self.compute_dtype)
        height, width = maps.shape[1:3]
        transforms = ops.stop_gradient(ops.cast(transforms, "float32"))
        transforms = sampling.rescale(transforms, self.image_size, (height, width))
        active = None if masks is None else resize_masks(masks, (height, width))
        taps = self._taps(transforms, active, (height, width))
        back = None
        if self.gradient == "inverse":
            back = self._back(sampling.invert(transforms), active, (height, width))

        if self.aggregation == "max" and self.interpolation == "nearest":
            merged = limb_max(maps, taps[0][0], back and back[0][0], adaptive=bool(training))
        else:
            merged = self._merge(warped_copies(maps, taps, back), active)
        return ops.reshape(merged, (-1, *self.compute_output_shape([maps.shape, transforms.shape])[1:]))

    def _taps(self, transforms, active, size):
        """What each output pixel reads: list of (rows (n, B*h*w), weights (n, B*h*w) or None)."""
        taps = []
        for inside, pixel, weight in self._sample(transforms, size):
            inside = inside if active is None else ops.logical_and(inside, active)
            rows = sampling.table_rows(inside, pixel, size[0] * size[1])
            taps.append((rows, None if weight is None else ops.reshape(weight, ops.shape(rows))))
        return taps

    def _back(self, inverse, active, size):
        """Which rows of the copies hand their gradient to each input pixel, in the form of `_taps`."""
        taps = []
        for inside, pixel, weight in self._sample(inverse, size):
            rows = sampling.copy_rows(inside, pixel, size[0] * size[1])
            if active is not None:
                nothing = ops.size(rows)
                visible = ops.take(ops.reshape(active, (-1,)), ops.minimum(rows, nothing - 1), axis=0)
                rows = ops.where(visible, rows, nothing)
            taps.append((rows, None if weight is None else ops.reshape(weight, ops.shape(rows))))
        return taps

    def _sample(self, transforms, size):
        if self.interpolation == "nearest":
            return [(*sampling.nearest(transforms, size), None)]
        return sampling.bilinear(transforms, size)

    def _merge(self, copies, active):
        """Merge copies (n, B*h*w, C) to (B*h*w, C), or (B*h*w, n*C) side by side."""
        if self.aggregation == "max":
            return ops.max(copies, axis=0)
        if self.aggregation == "none":
            return ops.transpose(copies, (1, 0, 2))
        if active is None:
            return ops.mean(copies, axis=0)

        # A pixel without any mask has only zero copies: divide by one instead of nought.
        count = ops.sum(ops.cast(active, copies.dtype), axis=0)
        return ops.sum(copies, axis=0) / ops.reshape(ops.maximum(count, 1), (-1, 1))

    def compute_output_shape(self, input_shape):
        batch, height, width, channels = input_shape[0]
        copies = input_shape[1][1] if self.aggregation == "none" else 1
        return (batch, height, width, copies * channels)

    def get_config(self):
        config = {key: getattr(self, key) for key in ("image_size", "aggregation", "interpolation", "gradient")}
        return {**super().get_config(), **config}


def warped_copies(maps, taps, back):
    """All warped copies of a batch of maps.

    Args:
        maps: (B, h, w, C) float.
        taps: list of (rows (n, B*h*w) int32 into `sampling.table(maps)`, weights (n, B*h*w) or None).
        back: taps from each input pixel into the table of the copies, or None for the exact gradient.

    Returns:
        (n, B*h*w, C).
    """
    if back is None:
        return _read(maps, taps)

    @ops.custom_gradient
    def warp(maps):
        def gradient(*arguments, upstream=None):
            upstream = arguments[0] if upstream is None else upstream
            return ops.reshape(ops.sum(_read(upstream, back), axis=0), ops.shape(maps))

        return _read(maps, taps), gradient

    return warp(maps)


def resize_masks(masks, size):
    """Masks at the scale of a map, by TensorFlow 1's nearest neighbour: the top-left sample of each cell.

    Args:
        masks: (B, n, H, W), 0 or 1.
        size: (height, width) of the map.

    Returns:
        (n, B, height*width) bool.
    """
    for axis, length in zip((2, 3), size, strict=True):
        if masks.shape[axis] != length:
            masks = ops.take(masks, np.arange(length) * masks.shape[axis] // length, axis=axis)
    masks = ops.transpose(ops.cast(masks, "bool"), (1, 0, 2, 3))
    return ops.reshape(masks, (masks.shape[0], -1, size[0] * size[1]))


def _read(maps, taps):
    values = sampling.table(maps)
    total = 0
    for rows, weights in taps:
        read = ops.take(values, rows, axis=0)
        total = total + (read if weights is None else read * ops.cast(weights, read.dtype)[..., None])
    return total


def _checked(name, value, allowed):
    if value not in allowed:
        raise OptionsError(f"{name} is {value!r}, but must be one of {', '.join(allowed)}: choose one of these.")
    return value
