"""The up-convolution of the decoders: 4x4, stride 2, twice the size."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="pgig")
class UpConv2D(keras.layers.Layer):
    """Transposed 4x4 convolution of stride 2, "same" padding, no bias: (B, h, w, C) to (B, 2h, 2w, filters).

    The weight is that of `keras.layers.Conv2DTranspose(filters, 4, strides=2, padding="same", use_bias=False)`, and so
    is the result. On JAX it is computed in the sub-pixel form, because the kernel gradient of a transposed
    convolution is an order of magnitude slower there.

    Args:
        filters: number of output channels.
        kernel_initializer: initializer of the weight.

    Weights:
        kernel: (4, 4, filters, C).
    """

    side = 4

    def __init__(self, filters, kernel_initializer="glorot_uniform", **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape):
        shape = (self.side, self.side, self.filters, input_shape[-1])
        self.kernel = self.add_weight(name="kernel", shape=shape, initializer=self.kernel_initializer)

    def call(self, x):
        if keras.backend.backend() == "jax":
            return sub_pixel(x, self.kernel)
        return ops.conv_transpose(x, self.kernel, strides=2, padding="same", data_format="channels_last")

    def compute_output_shape(self, input_shape):
        batch, height, width, _ = input_shape
        return (batch, height and 2 * height, width and 2 * width, self.filters)

    def get_config(self):
        initializer = keras.initializers.serialize(self.kernel_initializer)
        return {**super().get_config(), "filters": self.filters, "kernel_initializer": initializer}


def sub_pixel(x, kernel):
    """The same up-convolution as one 2x2 convolution to the four output phases, interleaved.

    Args:
        x: (B, h, w, C).
        kernel: (4, 4, filters, C).

    Returns:
        (B, 2h, 2w, filters).
    """
    x, kernel = ops.convert_to_tensor(x), ops.convert_to_tensor(kernel)
    height, width, channels = x.shape[1:]
    filters = kernel.shape[2]

    # Row r of the kernel is tap r // 2 of phase r % 2; a transposed convolution reads its taps backwards.
    phases = ops.reshape(kernel, (2, 2, 2, 2, filters, channels))
    phases = ops.flip(ops.transpose(phases, (0, 2, 5, 1, 3, 4)), axis=(0, 1))
    phases = ops.reshape(phases, (2, 2, channels, 4 * filters))
    padded = ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    y = ops.conv(padded, phases, strides=1, padding="valid", data_format="channels_last")

    # One row and column more than needed came out. Output row 2i takes phase 1 at i, output row 2i+1 phase 0 at i+1.
    y = ops.reshape(y, (-1, height + 1, width + 1, 2, 2, filters))
    y = ops.stack([y[:, :-1, :, 1], y[:, 1:, :, 0]], axis=2)
    y = ops.stack([y[:, :, :, :-1, 1], y[:, :, :, 1:, 0]], axis=4)
    return ops.reshape(y, (-1, 2 * height, 2 * width, filters))
