"""Inception-v3 with the weights of torchvision, and the network of 2015 in the form that PyTorch programs use.

Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", 2016. Layers have torchvision's names.

The two differ in the pooling branches: torchvision averages nine pixels everywhere, with zeros around the picture; the
network of 2015 averages those inside the picture, and takes the maximum in its last block. Each also has its own resize
and its own range of pixels.
"""

import keras
import numpy as np
from keras import ops

from pgig.errors import WeightsError
from pgig.pretrained.batches import checked_pixels, in_batches
from pgig.pretrained.catalogue import fingerprint
from pgig.pretrained.resize import resize_bilinear
from pgig.weights.torch_file import read_torch

FEATURES = 2048
TORCHVISION, PORT_2015 = "torchvision", "2015"
CLASSES = {TORCHVISION: 1000, PORT_2015: 1008}

_SIZE = (299, 299)
_EPSILON = 1e-3
# torchvision's step from the ImageNet mean and deviation to -1..1, which GFLA's program applies to pixels in 0..1.
_SCALE, _SHIFT = (0.458, 0.448, 0.450), (0.030, 0.088, 0.188)

_SETTINGS = {"data_format": "channels_last", "dtype": "float32"}
_BATCH_NORM = ("weight", "bias", "running_mean", "running_var")
# The classifier at the side, for training only, and counters.
_IGNORED = ("AuxLogits.", "num_batches_tracked")


class InceptionTorchvision:
    """Features of torchvision's ImageNet network, as GFLA and the papers after it compare them in their FID.

    Args:
        path: torchvision's `inception_v3_google-*.pth`.
        batch_size: pictures that run at a time; it does not change the result.

    Raises:
        WeightsError: the file is missing, damaged, or of another network.
    """

    name = "inception-torchvision"
    version = 1

    def __init__(self, path, batch_size=32):
        self.batch_size = batch_size
        self.fingerprint = f"{self.name}-{self.version}-{fingerprint(path)}"
        self._model, _ = load_inception(TORCHVISION, path)

    def __call__(self, pixels):
        """Features of pictures.

        Args:
            pixels: (N, H, W, 3) RGB of any size, uint8 or float32 in 0..255, as a resize without rounding leaves them;
                they are resized to 299x299, pixel centres at halves.

        Returns:
            (N, 2048) float32, means over the last block's output, at least 0.

        Raises:
            DataError: `pixels` is of another shape or type.
        """
        pixels = checked_pixels(pixels, "Inception-v3", ("uint8", "float32"))
        return in_batches(self._model, self.batch_size, pixels.astype(np.float32))


class InceptionPort2015:
    """Features and class probabilities of the network of 2015, from the file that PyTorch programs use.

    The resize is that of TensorFlow's graph, so that the values are those of the graph.

    Args:
        path: `pt_inception-2015-12-05-6726825d.pth`, also called `weights-inception-2015-12-05-6726825d.pth`.
        batch_size: pictures that run at a time; it does not change the result.

    Raises:
        WeightsError: the file is missing, damaged, or of another network.
    """

    name = "inception-2015-port"
    version = 1

    def __init__(self, path, batch_size=32):
        self.batch_size = batch_size
        self.fingerprint = f"{self.name}-{self.version}-{fingerprint(path)}"
        self._model, self._classifier = load_inception(PORT_2015, path)

    def __call__(self, pixels):
        """Features of pictures.

        Args:
            pixels: (N, H, W, 3) uint8 RGB of any size; they are resized to 299x299 as in TensorFlow 1.

        Returns:
            (N, 2048) float32, means over the last block's output, at least 0.

        Raises:
            DataError: `pixels` is of another shape or type.
        """
        pixels = checked_pixels(pixels, "Inception-v3")
        return in_batches(self._model, self.batch_size, pixels.astype(np.float32))

    def probabilities(self, features):
        """Class probabilities for the inception score: without the bias, as in the published scores.

        Args:
            features: (N, 2048) as `__call__` returns them.

        Returns:
            (N, 1008) float32, rows sum to 1.
        """
        logits = np.asarray(features, np.float32) @ self._classifier
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)


def load_inception(flavour, path):
    """A network with the weights of a file.

    Args:
        flavour: "torchvision" or "2015".
        path: a `.pth` file with torchvision's names.

    Returns:
        (`keras.Model` from (B, H, W, 3) float32 in 0..255 to (B, 2048) float32, (2048, classes) float32 weights of the
        classifier).

    Raises:
        WeightsError: the file is unreadable, or tensors are missing, left over, of another shape or not finite; all are
            listed.
    """
    model, convolutions = build_inception(flavour)
    arrays = {name: array for name, array in read_torch(path).items() if not _is_ignored(name)}
    shapes = {"fc.weight": (CLASSES[flavour], FEATURES), "fc.bias": (CLASSES[flavour],)}
    for name, layer in convolutions.items():
        height, width, channels, filters = layer.kernel.shape
        shapes[f"{name}.conv.weight"] = (filters, channels, height, width)
        shapes |= {f"{name}.bn.{part}": (filters,) for part in _BATCH_NORM}
    _check(shapes, arrays, path, flavour)

    for name, layer in convolutions.items():
        layer.set_weights(_folded(name, arrays))
    return model, np.ascontiguousarray(arrays["fc.weight"].T, dtype=np.float32)


def build_inception(flavour):
    """A network without its weights.

    Args:
        flavour: "torchvision" or "2015".

    Returns:
        (`keras.Model` from (B, H, W, 3) float32 in 0..255 to (B, 2048) float32, {torchvision's name of a unit: its
        convolution}).
        The batch normalisation that follows each convolution is to be in the convolution's kernel and bias.
    """
    net = _Units(counts_padding=flavour == TORCHVISION)
    pixels = keras.Input((None, None, 3), dtype="float32")
    x = Prepared(flavour, dtype="float32")(pixels)

    x = net.unit(x, "Conv2d_1a_3x3", 32, 3, stride=2)
    x = net.unit(x, "Conv2d_2a_3x3", 32, 3, padding="valid")
    x = net.unit(x, "Conv2d_2b_3x3", 64, 3)
    x = net.unit(_shrinking_pool(x), "Conv2d_3b_1x1", 80)
    x = net.unit(x, "Conv2d_4a_3x3", 192, 3, padding="valid")
    x = _shrinking_pool(x)

    for name, pooled in (("Mixed_5b", 32), ("Mixed_5c", 64), ("Mixed_5d", 64)):
        x = _block_a(net, x, name, pooled)
    x = _block_b(net, x, "Mixed_6a")
    for name, inner in (("Mixed_6b", 128), ("Mixed_6c", 160), ("Mixed_6d", 160), ("Mixed_6e", 192)):
        x = _block_c(net, x, name, inner)
    x = _block_d(net, x, "Mixed_7a")
    x = _block_e(net, x, "Mixed_7b", net.average(x))
    x = _block_e(net, x, "Mixed_7c", net.average(x) if flavour == TORCHVISION else _largest(x))
    features = keras.layers.GlobalAveragePooling2D(**_SETTINGS)(x)
    return keras.Model(pixels, features, name=f"inception_{flavour}"), net.convolutions


@keras.saving.register_keras_serializable("pgig")
class Prepared(keras.layers.Layer):
    """Pixels resized to 299x299 and scaled as one of the two networks was used.

    Args:
        flavour: "torchvision" or "2015".
    """

    def __init__(self, flavour, **kwargs):
        super().__init__(**kwargs)
        self.flavour = flavour

    def call(self, pixels):
        if self.flavour == PORT_2015:
            return (resize_bilinear(pixels, _SIZE, "legacy") - 128) / 128
        scale, shift = (ops.convert_to_tensor(numbers, dtype="float32") for numbers in (_SCALE, _SHIFT))
        return resize_bilinear(pixels / 255, _SIZE, "half-pixel") * scale - shift

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *_SIZE, 3)

    def get_config(self):
        return {**super().get_config(), "flavour": self.flavour}


class _Units:
    """Makes the convolutions of one network and remembers them by torchvision's names."""

    def __init__(self, counts_padding):
        self.counts_padding = counts_padding
        self.convolutions = {}

    def unit(self, x, name, filters, size=1, stride=1, padding="same"):
        """Convolution, batch normalisation and ReLU; one with a stride pads nothing."""
        # PyTorch allows no dots in the names of layers. Weights come from a file: others would be made in vain.
        layer = keras.layers.Conv2D(
            filters,
            size,
            stride,
            padding if stride == 1 else "valid",
            activation="relu",
            kernel_initializer="zeros",
            trainable=False,
            name=name.replace(".", "_"),
            **_SETTINGS,
        )
        self.convolutions[name] = layer
        return layer(x)

    def chain(self, x, name, *units):
        """Units one after the other, each (end of its name, filters, size)."""
        for end, filters, size in units:
            x = self.unit(x, f"{name}{end}", filters, size)
        return x

    def average(self, x):
        """Mean of 3x3 pixels around each pixel."""
        if self.counts_padding:
            x = keras.layers.ZeroPadding2D(1, **_SETTINGS)(x)
        padding = "valid" if self.counts_padding else "same"
        return keras.layers.AveragePooling2D(3, 1, padding, **_SETTINGS)(x)


def _largest(x):
    return keras.layers.MaxPooling2D(3, 1, "same", **_SETTINGS)(x)


def _shrinking_pool(x):
    return keras.layers.MaxPooling2D(3, 2, **_SETTINGS)(x)


def _block_a(net, x, name, pooled):
    return _joined(
        net.unit(x, f"{name}.branch1x1", 64),
        net.chain(x, f"{name}.branch5x5", ("_1", 48, 1), ("_2", 64, 5)),
        net.chain(x, f"{name}.branch3x3dbl", ("_1", 64, 1), ("_2", 96, 3), ("_3", 96, 3)),
        net.unit(net.average(x), f"{name}.branch_pool", pooled),
    )


def _block_b(net, x, name):
    double = net.chain(x, f"{name}.branch3x3dbl", ("_1", 64, 1), ("_2", 96, 3))
    return _joined(
        net.unit(x, f"{name}.branch3x3", 384, 3, stride=2),
        net.unit(double, f"{name}.branch3x3dbl_3", 96, 3, stride=2),
        _shrinking_pool(x),
    )


def _block_c(net, x, name, inner):
    row, column = (1, 7), (7, 1)
    double = (("_1", inner, 1), ("_2", inner, column), ("_3", inner, row), ("_4", inner, column), ("_5", 192, row))
    return _joined(
        net.unit(x, f"{name}.branch1x1", 192),
        net.chain(x, f"{name}.branch7x7", ("_1", inner, 1), ("_2", inner, row), ("_3", 192, column)),
        net.chain(x, f"{name}.branch7x7dbl", *double),
        net.unit(net.average(x), f"{name}.branch_pool", 192),
    )


def _block_d(net, x, name):
    small = net.unit(x, f"{name}.branch3x3_1", 192)
    large = net.chain(x, f"{name}.branch7x7x3", ("_1", 192, 1), ("_2", 192, (1, 7)), ("_3", 192, (7, 1)))
    return _joined(
        net.unit(small, f"{name}.branch3x3_2", 320, 3, stride=2),
        net.unit(large, f"{name}.branch7x7x3_4", 192, 3, stride=2),
        _shrinking_pool(x),
    )


def _block_e(net, x, name, pooled):
    single = net.unit(x, f"{name}.branch3x3_1", 384)
    double = net.chain(x, f"{name}.branch3x3dbl", ("_1", 448, 1), ("_2", 384, 3))
    return _joined(
        net.unit(x, f"{name}.branch1x1", 320),
        net.unit(single, f"{name}.branch3x3_2a", 384, (1, 3)),
        net.unit(single, f"{name}.branch3x3_2b", 384, (3, 1)),
        net.unit(double, f"{name}.branch3x3dbl_3a", 384, (1, 3)),
        net.unit(double, f"{name}.branch3x3dbl_3b", 384, (3, 1)),
        net.unit(pooled, f"{name}.branch_pool", 192),
    )


def _joined(*branches):
    return keras.layers.Concatenate(dtype="float32")(branches)


def _folded(name, arrays):
    """Kernel (height, width, in, out) and bias of a convolution that does its batch normalisation's work too."""
    scale, shift, mean, variance = (arrays[f"{name}.bn.{part}"].astype(np.float64) for part in _BATCH_NORM)
    factor = scale / np.sqrt(variance + _EPSILON)
    kernel = arrays[f"{name}.conv.weight"].transpose(2, 3, 1, 0) * factor
    return [kernel.astype(np.float32), (shift - mean * factor).astype(np.float32)]


def _check(shapes, arrays, path, flavour):
    """Raise WeightsError with everything in which the tensors of a file are not those expected."""
    wrong = [f"{name} is missing" for name in shapes if name not in arrays]
    wrong += [f"{name[:80]} is left over" for name in arrays if name not in shapes]
    for name in shapes.keys() & arrays.keys():
        array = arrays[name]
        if array.shape != shapes[name]:
            wrong.append(f"{name} has shape {array.shape} instead of {shapes[name]}")
        elif array.dtype.kind != "f" or not np.isfinite(array).all():
            wrong.append(f"{name} holds values that are not finite numbers")
        elif name.endswith("running_var") and array.min() < 0:
            wrong.append(f"{name} holds variances below 0")
    if wrong:
        which = "torchvision's inception_v3_google" if flavour == TORCHVISION else "pt_inception-2015-12-05"
        listed = "; ".join(sorted(wrong))
        raise WeightsError(f"{path} does not fit this Inception-v3: {listed}; give {which} as published.")


def _is_ignored(name):
    return name.startswith(_IGNORED[0]) or name.endswith(_IGNORED[1])
