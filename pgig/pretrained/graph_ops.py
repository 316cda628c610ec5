"""The operations of frozen graphs that are run: pure mathematics, each by its name in TensorFlow.

Every function takes the operation's attributes and the values of its inputs, and returns its one output. Values are
tensors, weights, or numpy arrays for small constants (shapes, axes, vectors). What an operation does not
support it refuses with a ValueError that says so.
"""

import math

import numpy as np
from keras import backend, ops

from pgig.pretrained.resize import resize_bilinear

# Nothing in the networks is larger; a damaged file may claim any number.
_LONGEST = 4096

_ACTIVATIONS = {"Relu": ops.relu, "Relu6": ops.relu6, "Elu": ops.elu, "Sigmoid": ops.sigmoid, "Tanh": ops.tanh}


def _host(value, what):
    """Integers that must be known before the graph runs."""
    if not isinstance(value, np.ndarray) or value.dtype.kind != "i":
        raise ValueError(f"{what} is not a constant of integers")
    return value


def _window(attributes, name):
    """The two spatial numbers of an attribute such as strides, which has one number for each axis."""
    if attributes.get("data_format", "NHWC") != "NHWC":
        raise ValueError(f"data_format is {attributes['data_format']!r} instead of 'NHWC'")
    numbers = attributes.get(name, (1, 1, 1, 1))
    good = isinstance(numbers, tuple) and len(numbers) == 4 and all(isinstance(number, int) for number in numbers)
    if not good or numbers[0] != 1 or numbers[3] != 1 or not all(1 <= number <= _LONGEST for number in numbers):
        raise ValueError(f"{name} is {str(numbers)[:80]}")
    return numbers[1:3]


def _padding(attributes):
    padding = attributes.get("padding")
    if padding not in ("SAME", "VALID"):
        raise ValueError(f"padding is {str(padding)[:80]!r} instead of 'SAME' or 'VALID'")
    return padding.lower()


def _convolution(function):
    def run(attributes, images, kernel):
        return function(
            images,
            kernel,
            strides=_window(attributes, "strides"),
            padding=_padding(attributes),
            data_format="channels_last",
            dilation_rate=_window(attributes, "dilations"),
        )

    return run


def _fused(run):
    """An operation followed by a bias and perhaps an activation, as graph optimizers write it."""

    def fused(attributes, x, weights, bias):
        first, *rest = attributes.get("fused_ops", ("",))
        if first != "BiasAdd" or len(rest) > 1 or not set(rest) <= set(_ACTIVATIONS):
            raise ValueError(f"fused_ops is {str(attributes.get('fused_ops'))[:80]}")
        x = ops.add(run(attributes, x, weights), bias)
        return _ACTIVATIONS[rest[0]](x) if rest else x

    return fused


def _padded(padding, images, window, strides, fill):
    """Pictures ready for a pooling without padding, and how much was put on each side of both axes.

    Back ends differ in how their poolings count padding, so it is put there by hand. The odd row goes to the end.
    """
    amounts = [(0, 0), (0, 0)]
    if padding == "same":
        lengths = ops.shape(images)[1:3]
        if not all(isinstance(length, int) for length in lengths):
            raise ValueError("the size of the pictures is not known")
        for axis, (length, taps, stride) in enumerate(zip(lengths, window, strides, strict=True)):
            total = max((-(-length // stride) - 1) * stride + taps - length, 0)
            amounts[axis] = (total // 2, total - total // 2)
        if np.any(amounts):
            images = ops.pad(images, [(0, 0), *amounts, (0, 0)], constant_values=fill)
    return images, amounts


def _max_pool(attributes, images):
    window, strides = _window(attributes, "ksize"), _window(attributes, "strides")
    images, _ = _padded(_padding(attributes), images, window, strides, fill=-np.inf)
    return ops.max_pool(images, window, strides, "valid", "channels_last")


def _average_pool(attributes, images):
    """Mean over the part of the window that lies inside the picture."""
    window, strides = _window(attributes, "ksize"), _window(attributes, "strides")
    lengths = ops.shape(images)[1:3]
    images, amounts = _padded(_padding(attributes), images, window, strides, fill=0.0)
    means = ops.average_pool(images, window, strides, "valid", "channels_last")
    if not np.any(amounts):
        return means

    def share(axis):
        inside = np.pad(np.ones(lengths[axis]), amounts[axis])
        windows = np.lib.stride_tricks.sliding_window_view(inside, window[axis])[:: strides[axis]]
        return windows.mean(axis=-1)

    shares = np.outer(share(0), share(1))[..., None]
    return ops.multiply(means, (1 / shares).astype("float32"))


def _batch_norm(images, mean, variance, shift, scale, epsilon):
    """(x - mean) / sqrt(variance + epsilon) * scale + shift, with the constants put together beforehand."""
    vectors = (mean, variance, shift, scale)
    if not all(isinstance(vector, np.ndarray) and vector.ndim == 1 for vector in vectors):
        raise ValueError("the statistics of the normalization are not constant vectors")
    mean, variance, shift, scale = (vector.astype("float64") for vector in vectors)
    if np.any(variance + epsilon <= 0):
        raise ValueError("the normalization has a variance that is not positive")
    factor = scale / np.sqrt(variance + epsilon)
    return ops.add(ops.multiply(images, factor.astype("float32")), (shift - mean * factor).astype("float32"))


def _fused_batch_norm(attributes, images, scale, shift, mean, variance):
    # The attribute is true where it is not written; a frozen file writes false, which the reader leaves out.
    if attributes.get("is_training"):
        raise ValueError("the normalization is in training mode")
    return _batch_norm(images, mean, variance, shift, scale, attributes.get("epsilon", 0.0))


def _global_batch_norm(attributes, images, mean, variance, shift, scale):
    scale = scale if attributes.get("scale_after_normalization") else np.ones_like(mean)
    return _batch_norm(images, mean, variance, shift, scale, attributes.get("variance_epsilon", 0.0))


def _resize(attributes, images, size):
    height, width = (int(length) for length in _host(size, "the size"))
    if not (1 <= height <= _LONGEST and 1 <= width <= _LONGEST):
        raise ValueError(f"the size is {(height, width)}")
    rule = "align-corners" if attributes.get("align_corners") else "legacy"
    if attributes.get("half_pixel_centers"):
        if rule != "legacy":
            raise ValueError("align_corners and half_pixel_centers exclude each other")
        rule = "half-pixel"
    return resize_bilinear(ops.cast(images, "float32"), (height, width), rule)


def _matmul(attributes, x, y):
    x = ops.swapaxes(x, -1, -2) if attributes.get("transpose_a") else x
    return ops.matmul(x, ops.swapaxes(y, -1, -2) if attributes.get("transpose_b") else y)


def _cast(attributes, x):
    return ops.cast(x, backend.standardize_dtype(attributes.get("DstT")))


def _concat(axis, parts):
    return ops.concatenate(parts, axis=int(_host(axis, "the axis")))


def _reshape(attributes, x, shape):
    """Another shape of each row; the graph may have been written for one picture alone."""
    first, *row = (int(length) for length in _host(shape, "the shape"))
    if first not in (-1, 1) or min(row, default=1) < 1 or math.prod(row) != math.prod(x.shape[1:]):
        raise ValueError(f"the shape {(first, *row)} mixes pictures of shape {tuple(x.shape)[1:]}")
    return ops.reshape(x, (-1, *row))


def _squeeze(attributes, x):
    if not attributes.get("squeeze_dims"):
        raise ValueError("squeeze_dims is not given")
    return ops.squeeze(x, axis=attributes["squeeze_dims"])


def _plain(function):
    """An operation without attributes."""
    return lambda attributes, *inputs: function(*inputs)


def _depthwise_by_taps(images, kernel, strides, padding, data_format, dilation_rate):
    """A depthwise convolution as a sum over the kernel's places: on a CPU, XLA's own takes four times as long."""
    taps, steps = kernel.shape[:2], dilation_rate
    reach = [(n - 1) * step + 1 for n, step in zip(taps, steps, strict=True)]
    images, _ = _padded(padding, images, reach, strides, fill=0.0)
    height, width = (
        (length - window) // stride + 1
        for length, window, stride in zip(ops.shape(images)[1:3], reach, strides, strict=True)
    )
    total = 0.0
    for y in range(taps[0]):
        for x in range(taps[1]):
            rows = slice(y * steps[0], y * steps[0] + (height - 1) * strides[0] + 1, strides[0])
            columns = slice(x * steps[1], x * steps[1] + (width - 1) * strides[1] + 1, strides[1])
            total = total + images[:, rows, columns] * kernel[y, x, :, 0]
    return total


def _depthwise_convolution(images, kernel, **options):
    # Many taps would make a long program; several maps for one channel are nowhere in these networks.
    short = len(kernel.shape) == 4 and math.prod(kernel.shape[:2]) <= 49 and kernel.shape[3] == 1
    if backend.backend() == "jax" and short:
        return _depthwise_by_taps(images, kernel, **options)
    return ops.depthwise_conv(images, kernel, **options)


_conv, _depthwise = _convolution(ops.conv), _convolution(_depthwise_convolution)
_identity = _plain(lambda x: x)

OPERATIONS = {
    "Add": _plain(ops.add),
    "AddV2": _plain(ops.add),
    "AvgPool": _average_pool,
    "BatchNormWithGlobalNormalization": _global_batch_norm,
    "BiasAdd": _plain(ops.add),
    "Cast": _cast,
    "CheckNumerics": _identity,
    "Concat": lambda attributes, axis, *parts: _concat(axis, parts),
    "ConcatV2": lambda attributes, *inputs: _concat(inputs[-1], inputs[:-1]),
    "Conv2D": _conv,
    "DepthwiseConv2dNative": _depthwise,
    "ExpandDims": _plain(lambda x, axis: ops.expand_dims(x, int(_host(axis, "the axis")))),
    "FusedBatchNorm": _fused_batch_norm,
    "FusedBatchNormV3": _fused_batch_norm,
    "FusedDepthwiseConv2dNative": _fused(_depthwise),
    "Identity": _identity,
    "MatMul": _matmul,
    "MaxPool": _max_pool,
    "Mul": _plain(ops.multiply),
    "RealDiv": _plain(ops.divide),
    "Relu": _plain(ops.relu),
    "Relu6": _plain(ops.relu6),
    "Reshape": _reshape,
    "ResizeBilinear": _resize,
    "Sigmoid": _plain(ops.sigmoid),
    "Softmax": _plain(ops.softmax),
    "Squeeze": _squeeze,
    "Sub": _plain(ops.subtract),
    "_FusedConv2D": _fused(_conv),
    "_FusedMatMul": _fused(_matmul),
}
