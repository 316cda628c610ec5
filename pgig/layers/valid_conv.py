"""A convolution of stride one without a border, whose memory is that of its maps on every back end.

On the CPU, XLA's convolution lays the patches of its input side by side, kernel x kernel times the map, and takes twice
as long as the same products one tap after another. TensorFlow and PyTorch have direct convolutions.
"""

import keras
from keras import ops

from pgig.layers.weighted_gather import wide_dtype


def valid_conv(x, kernel):
    """Convolve maps where the kernel lies wholly inside.

    Args:
        x: (B, h, w, C) float.
        kernel: (k, l, C, filters) float.

    Returns:
        (B, h - k + 1, w - l + 1, filters).
    """
    if keras.backend.backend() == "jax":
        return tap_by_tap(x, kernel)
    return ops.conv(x, kernel, padding="valid", data_format="channels_last")


def tap_by_tap(x, kernel):
    """`valid_conv` as a sum of matrix products, one for each tap; the gradient likewise."""
    rows, columns, channels, filters = kernel.shape
    batch, height, width = x.shape[0], x.shape[1] - rows + 1, x.shape[2] - columns + 1
    seen = (batch, height, width, channels)
    wide = wide_dtype(x)

    def corner(tap):
        return (0, tap // columns, tap % columns, 0)

    def read(x, tap):
        return ops.reshape(ops.slice(x, corner(tap), seen), (-1, channels))

    def matrices(kernel):
        return ops.reshape(kernel, (-1, channels, filters))

    @ops.custom_gradient
    def convolve(x, kernel):
        def add(tap, total):
            return total + ops.cast(ops.matmul(read(x, tap), matrices(kernel)[tap]), wide)

        def gradient(*arguments, upstream=None):
            upstream = ops.reshape(arguments[0] if upstream is None else upstream, (-1, filters))

            def spread(tap, total):
                part = ops.reshape(ops.matmul(upstream, ops.transpose(matrices(kernel)[tap])), seen)
                sum_of_both = ops.slice(total, corner(tap), seen) + ops.cast(part, wide)
                return ops.slice_update(total, corner(tap), sum_of_both)

            def slope(tap):
                return ops.matmul(ops.transpose(read(x, tap)), upstream)

            slopes = ops.map(slope, ops.arange(rows * columns, dtype="int32"))
            back = ops.fori_loop(0, rows * columns, spread, ops.zeros_like(x, dtype=wide))
            return ops.cast(back, x.dtype), ops.reshape(slopes, ops.shape(kernel))

        result = ops.fori_loop(0, rows * columns, add, ops.zeros((batch * height * width, filters), wide))
        return ops.cast(ops.reshape(result, (batch, height, width, filters)), x.dtype), gradient

    return convolve(x, kernel)
