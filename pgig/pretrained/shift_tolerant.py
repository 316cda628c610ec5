"""AlexNet and VGG16 in the shift-tolerant form of ST-LPIPS, trained on ImageNet for that metric.

Ghildyal and Liu, "Shift-tolerant perceptual similarity metric", 2022: every stride is taken out of convolutions
and poolings and put into a fixed blur, whose reflected borders are twice as wide as its reach.
"""

import keras
import numpy as np
from keras import ops

from pgig.errors import WeightsError
from pgig.pretrained import trunks
from pgig.pretrained.filling import check_arrays, fill

# Least height and width: borders of two reflected pixels need maps of at least three.
SMALLEST = {"alex": 21, "vgg": 18}

# Number of each convolution in the files' `net.sliceK`.
_INDICES = {"alex": (0, 5, 9, 11, 13), "vgg": (0, 2, 6, 8, 12, 14, 16, 20, 22, 24, 28, 30, 32)}

FILTER = np.outer((1, 2, 1), (1, 2, 1)) / 16


class Blur(keras.layers.Layer):
    """Every second pixel of a map filtered by `FILTER`: (B, H, W, C) -> (B, (H + 3) // 2, (W + 3) // 2, C)."""

    def compute_output_shape(self, input_shape):
        """Shape of the result; unknown lengths stay unknown."""
        batch, *size, channels = input_shape
        return (batch, *(length and (length + 3) // 2 for length in size), channels)

    def call(self, x):
        """Filter rows, then columns, as sums of shifted maps."""
        x = ops.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0)), mode="reflect")
        x = 0.25 * (x[:, :-2:2] + x[:, 2::2]) + 0.5 * x[:, 1:-1:2]
        return 0.25 * (x[:, :, :-2:2] + x[:, :, 2::2]) + 0.5 * x[:, :, 1:-1:2]


def build_shift_tolerant(trunk):
    """A trunk without its weights, from pictures scaled by the file's own numbers to its five outputs.

    Args:
        trunk: "alex" or "vgg".

    Returns:
        `keras.Model` from (B, H, W, 3) float32 to five (B, h, w, channels), each after its ReLU.
    """
    settings = trunks.TRUNKS[trunk]
    image = keras.Input((None, None, 3), dtype="float32")
    x, taps = image, []
    for convolution in settings.convolutions:
        if convolution.pooled:
            x = Blur(dtype="float32")(trunks.max_pool(x, settings.pool, 1))
        strided = convolution.stride > 1
        x = trunks.conv(x, convolution, stride=1)
        x = ops.relu(Blur(dtype="float32")(x) if strided else x)
        if convolution.tap:
            taps.append(x)
    return keras.Model(image, taps, name=f"{trunk}_shift_tolerant")


def load_shift_tolerant(trunk, arrays, path):
    """`build_shift_tolerant` with weights.

    Args:
        trunk: "alex" or "vgg".
        arrays: {name: array} as `trunks.read_weights` gives them for a file of the package stlpips-pytorch.
        path: that file, for the message.

    Returns:
        `keras.Model`, as `build_shift_tolerant`.

    Raises:
        WeightsError: a tensor is missing, of another shape or not finite, or the file blurs in another way.
    """
    filters = [array for name, array in arrays.items() if name.endswith(".filt")]
    if not all(array.shape[:2] == FILTER.shape and np.allclose(array, FILTER[..., None, None]) for array in filters):
        raise WeightsError(f"{path} blurs with another filter than {FILTER.tolist()}: give the published file.")
    model = build_shift_tolerant(trunk)
    names, group = [], 1
    for convolution, index in zip(trunks.TRUNKS[trunk].convolutions, _INDICES[trunk], strict=True):
        name = f"net.slice{group}.{index}"
        names.append((f"{name}.weight", f"{name}.bias"))
        group += convolution.tap
    fill(model, names, arrays, path)
    return model


def read_scaling(arrays, path):
    """What is subtracted from pictures in -1..1, and what they are divided by: two (3,) arrays.

    Raises:
        WeightsError: a tensor is missing, of another shape or not finite, or a divisor is not above 0.
    """
    names = ("scaling_layer.shift", "scaling_layer.scale")
    check_arrays({name: (1, 1, 3, 1) for name in names}, arrays, path)
    shift, scale = (arrays[name].reshape(3) for name in names)
    if not (scale > 0).all():
        raise WeightsError(f"{path} divides by {scale.tolist()} instead of deviations: give the published file.")
    return shift, scale
