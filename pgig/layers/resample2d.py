"""A map warped by a flow, every pixel read through a small Gaussian window.

Ren et al., "Deep Image Spatial Transformation for Person Image Generation", CVPR 2020, section 3.2; the operator
`resample2d` of RenYurui/Global-Flow-Local-Attention. A window wider than bilinear sampling lets gradients reach the
flow from further away.
"""

import keras
from keras import ops

from pgig.errors import OptionsError
from pgig.layers import weighted_gather as gather

# What the original divides by instead of nought.
_TINY = 1e-8


def resample2d(source, flow, kernel=2, dilation=1, sigma=5.0):
    """Read the source at displaced positions, as a mean with Gaussian weights.

    Along each axis kernel // 2 pixels on either side of the position take part, `dilation` pixels apart, with weights
    exp(-distance^2 / (2 sigma^2)); the weights of all pixels of a window are divided by their sum. Outside the map
    every pixel is the nearest one of the border; distances are those to where it was sought.

    Args:
        source: (B, Hs, Ws, C) float.
        flow: (B, H, W, 2) float, x then y, in pixels of the source.
        kernel: pixels of the window along each axis, from 2 on; an odd number acts as the even one below.
        dilation: steps between them, from 1 on.
        sigma: of the Gaussian, in pixels, from 0 on; 0 takes only what lies right at the position.

    Returns:
        (B, H, W, C), dtype of `source`. Gradients reach the source and the flow, as derivatives to the right where the
        position is whole. Where no pixel of the window has a weight the result is 0; where the flow is not a number
        neither is the result.

    Raises:
        OptionsError: an empty window.
    """
    check_window(kernel, dilation, sigma)
    height, width = flow.shape[1:3]
    size = source.shape[1:3]
    taps = [
        _gaussian(*gather.split_position(position, length, kernel * dilation), kernel // 2, dilation, sigma)
        for position, length in zip(gather.positions(flow), size, strict=True)
    ]
    (y, y_weights), (x, x_weights) = taps
    weights = gather.tap_weights(y_weights, x_weights)
    total = ops.sum(weights, axis=0)
    weights = weights / ops.where(total == 0, _TINY, total)
    values = gather.weighted_gather(source, gather.table_rows(y, x, size), weights)
    return ops.reshape(values, (-1, height, width, source.shape[-1]))


def check_window(kernel, dilation, sigma):
    """Raise an `OptionsError` unless a window of `resample2d` has pixels."""
    if not (isinstance(kernel, int) and isinstance(dilation, int) and kernel >= 2 and dilation >= 1 and sigma >= 0):
        raise OptionsError(
            f"A window of {kernel!r} pixels, {dilation!r} apart, with sigma {sigma!r} cannot be sampled: choose whole "
            f"numbers, at least 2 pixels, at least 1 apart, and a sigma of at least 0."
        )


@keras.saving.register_keras_serializable(package="pgig")
class Resample2D(keras.layers.Layer):
    """`resample2d` as a layer: call([source, flow]).

    Args:
        kernel, dilation, sigma: as for `resample2d`.

    Raises:
        OptionsError: an empty window.
    """

    def __init__(self, kernel=2, dilation=1, sigma=5.0, **kwargs):
        # Positions need float32 whatever the policy says; the map alone is cast.
        super().__init__(autocast=False, **kwargs)
        check_window(kernel, dilation, sigma)
        self.kernel, self.dilation, self.sigma = kernel, dilation, sigma

    def call(self, inputs):
        source, flow = inputs
        return resample2d(ops.cast(source, self.compute_dtype), flow, self.kernel, self.dilation, self.sigma)

    def compute_output_shape(self, input_shape):
        source, flow = input_shape
        return (*flow[:3], source[-1])

    def get_config(self):
        window = {"kernel": self.kernel, "dilation": self.dilation, "sigma": self.sigma}
        return {**super().get_config(), **window}


def _gaussian(whole, fraction, pairs, dilation, sigma):
    """Pixels of the window along one axis and their weights: (2 * pairs, ...) each."""
    pixels, distances = [], []
    for j in range(pairs):
        pixels += [whole - j * dilation, whole + (j + 1) * dilation]
        distances += [j * dilation + fraction, (j + 1) * dilation - fraction]
    width = 2 * sigma * sigma or _TINY
    return ops.stack(pixels), ops.exp(-ops.square(ops.stack(distances)) / width)
