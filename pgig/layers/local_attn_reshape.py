"""The coefficients of every pixel as a small square, in the layout of the patches that they weigh.

The operator `local_attn_reshape` of RenYurui/Global-Flow-Local-Attention.
"""

import keras
from keras import ops

from pgig.errors import OptionsError
from pgig.layers.block_extractor import check_kernel


def local_attn_reshape(x, kernel):
    """Lay channel a * kernel + b of pixel (y, x) at row kernel * y + a, column kernel * x + b.

    Args:
        x: (B, H, W, kernel * kernel).
        kernel: side of a square, from 1 on.

    Returns:
        (B, kernel * H, kernel * W, 1), dtype of `x`.

    Raises:
        OptionsError: a kernel below 1, or another number of channels.
    """
    check_kernel(kernel)
    height, width, channels = x.shape[1:]
    if channels != kernel * kernel:
        raise OptionsError(
            f"A square of side {kernel} has {kernel * kernel} coefficients, but there are {channels} channels: "
            f"give as many channels as coefficients."
        )
    squares = ops.transpose(ops.reshape(x, (-1, height, width, kernel, kernel)), (0, 1, 3, 2, 4))
    return ops.reshape(squares, (-1, kernel * height, kernel * width, 1))


@keras.saving.register_keras_serializable(package="pgig")
class LocalAttnReshape(keras.layers.Layer):
    """`local_attn_reshape` as a layer.

    Args:
        kernel: side of a square.

    Raises:
        OptionsError: a kernel below 1, or another number of channels.
    """

    def __init__(self, kernel, **kwargs):
        super().__init__(**kwargs)
        check_kernel(kernel)
        self.kernel = kernel

    def call(self, x):
        return local_attn_reshape(x, self.kernel)

    def compute_output_shape(self, input_shape):
        batch, height, width, _ = input_shape
        return (batch, self.kernel * height, self.kernel * width, 1)

    def get_config(self):
        return {**super().get_config(), "kernel": self.kernel}
