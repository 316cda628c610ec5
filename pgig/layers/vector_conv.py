"""A convolution over maps and a vector that is the same everywhere, which is never spread over the picture."""

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable(package="pgig")
class VectorConv2D(keras.layers.Layer):
    """3x3 convolution, borders padded with zeros, of [a vector at every pixel, maps] and an activation.

    What the vector adds to a pixel depends only on which taps of the kernel lie inside of the picture there. So it is
    multiplied with each tap once, and every pixel gets the sum of its taps: for long vectors that is a small part of
    the work of the plain convolution, and of its memory.

    Args:
        filters: number of output channels.
        activation: name of the activation, or None.
        kernel_initializer: initializer of the kernel.

    Inputs of a call:
        vector: (B, E) float.
        maps: (B, H, W, C) float.

    Output:
        (B, H, W, filters).

    Weights:
        kernel: (3, 3, E + C, filters), the channels of the vector first; bias: (filters,), zeros at the start.
    """

    def __init__(self, filters, activation=None, kernel_initializer="glorot_uniform", **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.activation = keras.activations.get(activation)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape):
        (_, length), (*_, channels) = input_shape
        self.kernel = self.add_weight(
            name="kernel", shape=(3, 3, length + channels, self.filters), initializer=self.kernel_initializer
        )
        self.bias = self.add_weight(name="bias", shape=(self.filters,), initializer="zeros")

    def call(self, inputs):
        vector, maps = inputs
        (length,), (height, width, _) = vector.shape[1:], maps.shape[1:]
        kernel = ops.convert_to_tensor(self.kernel)
        of_vector, of_maps = ops.split(kernel, [length], axis=2)
        matrix = ops.reshape(ops.transpose(of_vector, (2, 0, 1, 3)), (length, 9 * self.filters))
        taps = ops.reshape(ops.matmul(vector, matrix), (-1, 9, self.filters))
        seen = ops.convert_to_tensor(_seen_taps(height, width), taps.dtype)
        everywhere = ops.reshape(ops.matmul(seen, taps), (-1, height, width, self.filters))
        y = ops.conv(maps, of_maps, padding="same", data_format="channels_last")
        return self.activation(y + everywhere + ops.cast(self.bias, y.dtype))

    def compute_output_shape(self, input_shape):
        return (*input_shape[1][:3], self.filters)

    def get_config(self):
        own = {
            "filters": self.filters,
            "activation": keras.activations.serialize(self.activation),
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }
        return {**super().get_config(), **own}


def _seen_taps(height, width):
    """Which of the nine taps of a kernel lie inside of the picture: (height * width, 9) of zeros and ones."""
    axes = []
    for length in (height, width):
        read = np.arange(length)[:, None] + np.arange(-1, 2)
        axes.append((read >= 0) & (read < length))
    return np.einsum("yk,xl->yxkl", *(axis.astype("float32") for axis in axes)).reshape(-1, 9)
