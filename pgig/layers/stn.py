"""Spatial transformer: bilinear sampling by a learned affine matrix.

Jaderberg et al., "Spatial Transformer Networks", 2015; the default numbers are those of the layer in
AliaksandrSiarohin/pose-gan.
"""

import keras
import numpy as np
from keras import ops

from pgig.errors import OptionsError


@keras.saving.register_keras_serializable(package="pgig")
class SpatialTransformer(keras.layers.Layer):
    """Sample a map at affinely moved positions; gradients reach the map and the matrix.

    Args:
        align: `"original"`: coordinates -1..1 stretch to 0..w (not w-1) and the clipped corners enter the weights, so
            that at the identity the last row and column are zero; old weights depend on it. `"corners"`: the textbook
            form, -1 and 1 are the centres of the border pixels, zeros outside.

    Inputs of a call:
        x: (B, h, w, C) float.
        theta: (B, 6): a 2x3 matrix, first row for x (column), second for y (row), in coordinates -1..1.

    Output:
        (B, h, w, C).

    Raises:
        OptionsError: another `align`.
    """

    def __init__(self, align="original", **kwargs):
        # Positions need float32 whatever the policy says; the map alone is cast.
        super().__init__(autocast=False, **kwargs)
        if align not in ("original", "corners"):
            raise OptionsError(f"align is {align!r}, but must be original or corners: choose one of these.")
        self.align = align

    def call(self, inputs):
        maps, theta = inputs
        maps, theta = ops.cast(maps, self.compute_dtype), ops.cast(theta, "float32")
        height, width, channels = maps.shape[1:]
        column, row = self._positions(theta, height, width)

        rows, columns = self._corners(row, height), self._corners(column, width)
        first = (ops.arange(ops.shape(maps)[0], dtype="int32") * (height * width))[:, None]
        values = ops.reshape(maps, (-1, channels))
        total = 0
        for y, y_weight in rows:
            for x, x_weight in columns:
                read = ops.take(values, first + y * width + x, axis=0)
                total = total + read * ops.cast(y_weight * x_weight, maps.dtype)[..., None]
        return ops.reshape(total, (-1, height, width, channels))

    def _positions(self, theta, height, width):
        """Column and row, (B, h*w) each, that every output pixel reads."""
        y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
        grid = np.stack([x.ravel(), y.ravel(), np.ones(x.size)]).astype("float32")
        moved = ops.matmul(ops.reshape(theta, (-1, 2, 3)), ops.convert_to_tensor(grid))
        margin = 0 if self.align == "original" else 1
        return 0.5 * (moved[:, 0] + 1) * (width - margin), 0.5 * (moved[:, 1] + 1) * (height - margin)

    def _corners(self, position, length):
        """The two pixels around a position along one axis: [(index int32, weight), ...], (B, h*w) each."""
        low = ops.floor(ops.stop_gradient(position))
        high = low + 1
        low_clipped, high_clipped = ops.clip(low, 0, length - 1), ops.clip(high, 0, length - 1)
        if self.align == "original":
            weights = high_clipped - position, position - low_clipped
        else:
            weights = (
                ops.where(low == low_clipped, high - position, 0.0),
                ops.where(high == high_clipped, position - low, 0.0),
            )
        indices = ops.cast(low_clipped, "int32"), ops.cast(high_clipped, "int32")
        return list(zip(indices, weights, strict=True))

    def compute_output_shape(self, input_shape):
        return tuple(input_shape[0])

    def get_config(self):
        return {**super().get_config(), "align": self.align}
