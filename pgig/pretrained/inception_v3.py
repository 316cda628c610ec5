"""Inception-v3 with the weights of torchvision, and the network of 2015 in the form that PyTorch programs use.

Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", 2016. Layers have torchvision's names.

The two differ in the pooling branches: torchvision averages nine pixels everywhere, with zeros around the picture; the
network of 2015 averages those inside the picture, and takes the maximum in its last block. Each also has its own resize
and its own range of pixels.
"""

import keras
import numpy as np
from keras import ops

from pgig.pretrained.batches import checked_pixels, in_batches
from pgig.pretrained.catalogue import fingerprint
from pgig.pretrained.filling import check_arrays
from pgig.pretrained.inception_2015 import class_probabilities
from pgig.pretrained.inception_blocks import (
    SETTINGS,
    Units,
    block_a,
    block_b,
    block_c,
    block_d,
    block_e,
    largest,
    shrinking_pool,
)
from pgig.pretrained.resize import resize_bilinear
from pgig.weights.torch_file import read_torch

FEATURES = 2048
TORCHVISION, PORT_2015 = "torchvision", "2015"
CLASSES = {TORCHVISION: 1000, PORT_2015: 1008}
_FILES = {TORCHVISION: "torchvision's inception_v3_google", PORT_2015: "pt_inception-2015-12-05"}

_SIZE = (299, 299)
_EPSILON = 1e-3
# torchvision's step from the ImageNet mean and deviation to -1..1, which GFLA's program applies to pixels in 0..1.
_SCALE, _SHIFT = (0.458, 0.448, 0.450), (0.030, 0.088, 0.188)

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
            (N, 1008) float64, rows of sum 1.
        """
        return class_probabilities(features, self._classifier)


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
    below = [name for name, array in arrays.items() if name.endswith("running_var") and (array < 0).any()]
    check_arrays(
        shapes,
        arrays,
        path,
        network="this Inception-v3",
        give=f"{_FILES[flavour]} as published",
        strict=True,
        also=[f"{name} holds variances below 0" for name in below if name in shapes],
    )

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
    net = Units(counts_padding=flavour == TORCHVISION)
    pixels = keras.Input((None, None, 3), dtype="float32")
    x = Prepared(flavour, dtype="float32")(pixels)

    x = net.unit(x, "Conv2d_1a_3x3", 32, 3, stride=2)
    x = net.unit(x, "Conv2d_2a_3x3", 32, 3, padding="valid")
    x = net.unit(x, "Conv2d_2b_3x3", 64, 3)
    x = net.unit(shrinking_pool(x), "Conv2d_3b_1x1", 80)
    x = net.unit(x, "Conv2d_4a_3x3", 192, 3, padding="valid")
    x = shrinking_pool(x)

    for name, pooled in (("Mixed_5b", 32), ("Mixed_5c", 64), ("Mixed_5d", 64)):
        x = block_a(net, x, name, pooled)
    x = block_b(net, x, "Mixed_6a")
    for name, inner in (("Mixed_6b", 128), ("Mixed_6c", 160), ("Mixed_6d", 160), ("Mixed_6e", 192)):
        x = block_c(net, x, name, inner)
    x = block_d(net, x, "Mixed_7a")
    x = block_e(net, x, "Mixed_7b", net.average(x))
    x = block_e(net, x, "Mixed_7c", net.average(x) if flavour == TORCHVISION else largest(x))
    features = keras.layers.GlobalAveragePooling2D(**SETTINGS)(x)
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


def _folded(name, arrays):
    """Kernel (height, width, in, out) and bias of a convolution that does its batch normalisation's work too."""
    scale, shift, mean, variance = (arrays[f"{name}.bn.{part}"].astype(np.float64) for part in _BATCH_NORM)
    factor = scale / np.sqrt(variance + _EPSILON)
    kernel = arrays[f"{name}.conv.weight"].transpose(2, 3, 1, 0) * factor
    return [kernel.astype(np.float32), (shift - mean * factor).astype(np.float32)]


def _is_ignored(name):
    return name.startswith(_IGNORED[0]) or name.endswith(_IGNORED[1])
