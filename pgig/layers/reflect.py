"""Padding by the mirrored picture."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="pgig")
class ReflectionPadding2D(keras.layers.Layer):
    """Continue a map beyond its edges by its mirror image, the edge itself not repeated.

    Args:
        margin: rows and columns added on every side, fewer than the map has: (B, h, w, C) becomes
            (B, h + 2 margin, w + 2 margin, C).
    """

    def __init__(self, margin, **kwargs):
        super().__init__(**kwargs)
        self.margin = margin

    def call(self, x):
        edges = (self.margin, self.margin)
        return ops.pad(x, ((0, 0), edges, edges, (0, 0)), mode="reflect")

    def compute_output_shape(self, input_shape):
        batch, height, width, channels = input_shape
        more = 2 * self.margin
        return (batch, height and height + more, width and width + more, channels)

    def get_config(self):
        return {**super().get_config(), "margin": self.margin}
