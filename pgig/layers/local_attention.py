"""Local attention: every target pixel takes a weighted mean of a patch of the source, where the flow says.

Ren et al., "Deep Image Spatial Transformation for Person Image Generation", CVPR 2020, section 3.3; the block
`ExtractorAttn` of RenYurui/Global-Flow-Local-Attention.

The original lays all patches side by side, in maps kernel x kernel times as large, and reads them with a convolution
whose stride is its kernel. Here no map is larger than the source by more than a margin, and the numbers are the same:

- The patches of the target lie where the target's pixels are, so their convolution is an ordinary one.
- All samples of a patch of the source lie at the same fraction between pixels. So the convolution of the patch is the
  bilinear mean of the convolutions around four whole positions: convolve first, then sample.
- For the same reason the weighted mean of the patch is one of (kernel + 1)^2 pixels.
"""

import keras
from keras import ops

from pgig.layers import weighted_gather as gather
from pgig.layers.block_extractor import check_kernel
from pgig.layers.valid_conv import valid_conv


@keras.saving.register_keras_serializable(package="pgig")
class LocalAttention(keras.layers.Layer):
    """Attention over the patch of the source that the flow points at.

    Args:
        kernel: side of a patch, from 1 on.
        hidden: channels between the two convolutions that give the coefficients.
        negative_slope: of the leaky ReLU between them.
        kernel_initializer: initializer of both kernels; biases start at zero.

    Inputs of a call:
        source: (B, Hs, Ws, C) float.
        target: (B, H, W, C) float.
        flow: (B, H, W, 2) float, x then y, in pixels of the source: pixel (y, x) of the target attends to the patch
            around (y + flow_y, x + flow_x). Patches are those of `block_extractor`.

    Output:
        (B, H, W, C): the mean of the patch with the coefficients as weights, divided by kernel * kernel, as published
        weights expect it.

    Weights:
        kernel1: (kernel, kernel, 2C, hidden), channels of the target first; bias1: (hidden,);
        kernel2: (1, 1, hidden, kernel * kernel), bias2: (kernel * kernel,).

    Raises:
        OptionsError: a kernel below 1.
    """

    def __init__(self, kernel, hidden=128, negative_slope=0.1, kernel_initializer="glorot_uniform", **kwargs):
        # Positions need float32 whatever the policy says; the maps alone are cast.
        super().__init__(autocast=False, **kwargs)
        check_kernel(kernel)
        self.kernel = kernel
        self.hidden = hidden
        self.negative_slope = negative_slope
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape):
        side, taps, channels = self.kernel, self.kernel**2, input_shape[0][-1]
        kernels = {"initializer": self.kernel_initializer}
        self.kernel1 = self.add_weight(name="kernel1", shape=(side, side, 2 * channels, self.hidden), **kernels)
        self.bias1 = self.add_weight(name="bias1", shape=(self.hidden,), initializer="zeros")
        self.kernel2 = self.add_weight(name="kernel2", shape=(1, 1, self.hidden, taps), **kernels)
        self.bias2 = self.add_weight(name="bias2", shape=(taps,), initializer="zeros")

    def call(self, inputs):
        source, target, flow = inputs
        source = ops.cast(source, self.compute_dtype)
        places = self._places(source, flow)
        coefficients = self._coefficients(source, target, places)

        # One row of coefficients for each tap.
        taps = ops.reshape(ops.transpose(coefficients, (3, 0, 1, 2)), (self.kernel, self.kernel, *_batch(flow)))
        y, x = ([whole + i - self.kernel // 2 for i in range(self.kernel + 1)] for whole, _ in places)
        rows = gather.table_rows(ops.stack(y), ops.stack(x), source.shape[1:3])
        weights = _corners(taps, *(fraction for _, fraction in places)) / self.kernel**2
        mean = gather.weighted_gather(source, rows, ops.reshape(weights, ops.shape(rows)))
        return ops.reshape(mean, (-1, *self.compute_output_shape([x.shape for x in inputs])[1:]))

    def coefficients(self, source, target, flow):
        """Weights of the samples of every patch.

        Args:
            source, target, flow: as for a call.

        Returns:
            (B, H, W, kernel * kernel), positive, with sum 1: channel a * kernel + b is row a, column b of the patch;
            float32, or float64 for float64 flows.
        """
        source = ops.cast(source, self.compute_dtype)
        return self._coefficients(source, target, self._places(source, flow))

    def _places(self, source, flow):
        """Row and column that each pixel attends to, as (whole, fraction), (B, H, W) each."""
        lengths = source.shape[1:3]
        return [
            gather.split_position(position, length, self.kernel)
            for position, length in zip(gather.positions(flow), lengths, strict=True)
        ]

    def _coefficients(self, source, target, places):
        kernel1, bias1, kernel2, bias2 = (
            ops.cast(weight, self.compute_dtype) for weight in (self.kernel1, self.bias1, self.kernel2, self.bias2)
        )
        for_target, for_source = ops.split(kernel1, 2, axis=2)
        before, after = self.kernel // 2, self.kernel - 1 - self.kernel // 2
        hidden = valid_conv(_extend(ops.cast(target, self.compute_dtype), before, after), for_target)

        # Patches that lie wholly beyond the border are all alike, so that the answers end there.
        answers = valid_conv(_extend(source, self.kernel - 1, self.kernel - 1), for_source)
        (y, y_weights), (x, x_weights) = (gather.neighbours(whole + after, fraction) for whole, fraction in places)
        rows, weights = gather.table_rows(y, x, answers.shape[1:3]), gather.tap_weights(y_weights, x_weights)
        sampled = gather.weighted_gather(answers, rows, weights)

        hidden = hidden + ops.reshape(sampled, ops.shape(hidden)) + bias1
        hidden = ops.leaky_relu(hidden, self.negative_slope)
        logits = valid_conv(hidden, kernel2) + bias2
        return ops.softmax(ops.cast(logits, weights.dtype), axis=-1)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape[1])

    def get_config(self):
        return {
            **super().get_config(),
            "kernel": self.kernel,
            "hidden": self.hidden,
            "negative_slope": self.negative_slope,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }


def _corners(taps, y, x):
    """Weights of the pixels of a patch, from those of samples that lie between them.

    Args:
        taps: (k, k, B, H, W): weight of sample (a, b).
        y, x: (B, H, W): where samples lie between two pixels, in [0, 1).

    Returns:
        (k + 1, k + 1, B, H, W).
    """
    for axis, fraction in enumerate((y, x)):
        near, far = ([(0, 0)] * 5 for _ in range(2))
        near[axis], far[axis] = (0, 1), (1, 0)
        far = fraction * ops.pad(taps, far)
        taps = (1 - fraction) * ops.pad(taps, near) + far
    return taps


def _extend(maps, before, after):
    """Repeat the border of maps (B, h, w, C) along both axes."""
    for axis in (1, 2):
        length = maps.shape[axis]
        if length == 1:
            maps = ops.repeat(maps, before + 1 + after, axis=axis)
            continue
        first, middle, last = ops.split(maps, [1, length - 1], axis=axis)
        maps = ops.concatenate([first] * (before + 1) + [middle] + [last] * (after + 1), axis=axis)
    return maps


def _batch(maps):
    return ops.shape(maps)[:3]
