"""Spectral normalisation (Miyato et al., "Spectral Normalization for Generative Adversarial Networks", 2018)."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="pgig")
class SpectralConv2D(keras.layers.Layer):
    """A convolution whose kernel is divided by its largest singular value, as PyTorch's `spectral_norm` estimates it.

    Seen as a matrix M of (filters, all the rest), the kernel is divided by sigma = u M v. Every call while training
    first takes one step of the power iteration, v = M' u and u = M v, both brought to length 1, and keeps them; other
    calls use what is kept. The gradient of the kernel goes through sigma as well; u and v count as constants. All of
    this is float32 whatever the dtype policy.

    Args:
        filters: number of output channels.
        kernel_size: rows and columns of the kernel.
        strides: pixels between two places of the kernel.
        padding: rows and columns of zeros on every side.
        use_bias: whether an offset is added.
        kernel_initializer: initializer of the kernel.
        epsilon: smallest length that u and v are divided by.

    Weights:
        kernel: (kernel_size, kernel_size, C, filters); bias: (filters,), zeros at the start; and, not trained,
        u: (filters,); v: (C * kernel_size * kernel_size,), which counts channels outermost, as in PyTorch's files.
        Both start as random vectors of length 1.
    """

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding=0,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        epsilon=1e-12,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.filters = filters
        self.kernel_size = kernel_size
        self.strides = strides
        self.padding = padding
        self.use_bias = use_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.epsilon = epsilon

    def build(self, input_shape):
        channels, side = input_shape[-1], self.kernel_size
        self.kernel = self.add_weight(
            name="kernel",
            shape=(side, side, channels, self.filters),
            initializer=self.kernel_initializer,
            autocast=False,
        )
        if self.use_bias:
            self.bias = self.add_weight(name="bias", shape=(self.filters,), initializer="zeros")
        vector = {"initializer": unit_vector, "trainable": False, "autocast": False}
        self.u = self.add_weight(name="u", shape=(self.filters,), **vector)
        self.v = self.add_weight(name="v", shape=(channels * side * side,), **vector)

    def call(self, x, training=None):
        kernel = ops.cast(self._normalised(training), self.compute_dtype)
        padding = "valid"
        if self._is_same(x.shape[1:3]):
            padding = "same"
        elif self.padding:
            edges = (self.padding, self.padding)
            x = ops.pad(x, ((0, 0), edges, edges, (0, 0)))
        y = ops.conv(x, kernel, self.strides, padding, data_format="channels_last")
        return y + self.bias if self.use_bias else y

    def _normalised(self, training):
        """The kernel over its spectral norm, after a step of the power iteration where there is training."""
        matrix = ops.reshape(self.kernel, (-1, self.filters))
        constant = ops.stop_gradient(matrix)
        # Copies: on PyTorch, a later step would change in place what this call's gradient needs.
        u, v = ops.copy(self.u), ops.copy(self._rows_first(self.v))
        if training:
            v = self._unit(ops.matmul(constant, u))
            u = self._unit(ops.matmul(v, constant))
            self.u.assign(u)
            self.v.assign(self._channels_first(v))
        sigma = ops.sum(ops.matmul(v, matrix) * u)
        return self.kernel / sigma

    def _rows_first(self, v):
        """PyTorch's order of v, by channel, row, column, to that of our kernel: by row, column, channel."""
        side = self.kernel_size
        return ops.reshape(ops.transpose(ops.reshape(v, (-1, side * side)), (1, 0)), (-1,))

    def _channels_first(self, v):
        """The opposite of `_rows_first`."""
        side = self.kernel_size
        return ops.reshape(ops.transpose(ops.reshape(v, (side * side, -1)), (1, 0)), (-1,))

    def _unit(self, vector):
        length = ops.sqrt(ops.sum(ops.square(vector)))
        return vector / ops.maximum(length, self.epsilon)

    def _is_same(self, size):
        """Whether the padding is what back ends call "same", which spares a copy of the map."""
        return all(
            max((-(-length // self.strides) - 1) * self.strides + self.kernel_size - length, 0) == 2 * self.padding
            for length in size
        )

    def compute_output_shape(self, input_shape):
        batch, *size, _ = input_shape
        return (batch, *((n + 2 * self.padding - self.kernel_size) // self.strides + 1 for n in size), self.filters)

    def get_config(self):
        names = ("filters", "kernel_size", "strides", "padding", "use_bias", "epsilon")
        initializer = keras.initializers.serialize(self.kernel_initializer)
        own = {name: getattr(self, name) for name in names}
        return {**super().get_config(), **own, "kernel_initializer": initializer}


def unit_vector(shape, dtype=None):
    """A random vector of length 1: an initializer."""
    vector = keras.initializers.RandomNormal(0.0, 1.0)(shape, dtype)
    return vector / ops.sqrt(ops.sum(ops.square(vector)))
