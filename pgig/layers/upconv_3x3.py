"""The up-convolution of residual generators: 3x3, stride 2, twice the size."""

import keras
import numpy as np
from keras import ops

from pgig.layers.upconv import UpConv2D

# Which rows of the kernel the two taps of each output phase take; row 3 is a row of zeros.
_ROWS = np.array([1, 3, 2, 0])


@keras.saving.register_keras_serializable(package="pgig")
class UpConv3x3(UpConv2D):
    """Transposed 3x3 convolution of stride 2: (B, h, w, C) to (B, 2h, 2w, filters).

    It is PyTorch's with padding 1 and output padding 1: of the 2h + 1 rows and columns that reach any input, the
    first ones are dropped. Keras's "same" drops the last ones. On JAX it is computed in the sub-pixel form, because
    the kernel gradient of a transposed convolution is an order of magnitude slower there.

    Args:
        filters: number of output channels.
        kernel_initializer: initializer of the kernel; its fan-in is 9 * filters, as PyTorch counts it.
        use_bias: whether there is a bias.

    Weights:
        kernel: (3, 3, filters, C); bias: (filters,), zeros at the start.
    """

    side = 3

    def __init__(self, filters, kernel_initializer="glorot_uniform", use_bias=True, **kwargs):
        super().__init__(filters, kernel_initializer, **kwargs)
        self.use_bias = use_bias

    def build(self, input_shape):
        super().build(input_shape)
        self.bias = self.add_weight(name="bias", shape=(self.filters,), initializer="zeros") if self.use_bias else 0.0

    def call(self, x):
        if keras.backend.backend() == "jax":
            return sub_pixel(x, self.kernel) + self.bias
        y = ops.conv_transpose(x, self.kernel, strides=2, padding="valid", data_format="channels_last")
        # Not by indices: TensorFlow's gradient of those takes longer than the convolution.
        batch, height, width, channels = ops.shape(y)
        return ops.slice(y, (0, 1, 1, 0), (batch, height - 1, width - 1, channels)) + self.bias

    def get_config(self):
        return {**super().get_config(), "use_bias": self.use_bias}


def sub_pixel(x, kernel):
    """The same up-convolution, without the bias, as one 2x2 convolution to the four output phases, interleaved.

    Output row 2i reads row 1 of the kernel at input row i; row 2i + 1 reads row 2 there and row 0 at row i + 1.

    Args:
        x: (B, h, w, C).
        kernel: (3, 3, filters, C).

    Returns:
        (B, 2h, 2w, filters).
    """
    x, kernel = ops.convert_to_tensor(x), ops.convert_to_tensor(kernel)
    height, width, channels = x.shape[1:]
    filters = kernel.shape[2]

    kernel = ops.pad(kernel, ((0, 1), (0, 1), (0, 0), (0, 0)))
    taps = ops.take(ops.take(kernel, _ROWS, axis=0), _ROWS, axis=1)
    taps = ops.reshape(taps, (2, 2, 2, 2, filters, channels))
    taps = ops.reshape(ops.transpose(taps, (1, 3, 5, 0, 2, 4)), (2, 2, channels, 4 * filters))

    padded = ops.pad(x, ((0, 0), (0, 1), (0, 1), (0, 0)))
    y = ops.conv(padded, taps, strides=1, padding="valid", data_format="channels_last")
    y = ops.transpose(ops.reshape(y, (-1, height, width, 2, 2, filters)), (0, 1, 3, 2, 4, 5))
    return ops.reshape(y, (-1, 2 * height, 2 * width, filters))
