"""A ResNet-50 that names a person and 27 attributes of them, as Human-Pose-Transfer trained it for its score aPR.

He et al., "Deep Residual Learning for Image Recognition", 2016, with the stride in the middle convolution of a block as
torchvision has it, and heads as in Lin et al., "Improving Person Re-identification by Attribute and Identity Learning",
2019. Only the way forward; the weights are the state file of the original program.
"""

import keras
import numpy as np
from keras import layers

from pgig.errors import WeightsError
from pgig.pretrained.batches import checked_pixels, in_batches
from pgig.pretrained.catalogue import fingerprint
from pgig.weights.torch_file import read_torch

_BLOCKS = (3, 4, 6, 3)
_WIDTH = 64
_EXPANSION = 4
_BOTTLENECK = 512
_EPSILON = 1e-5
_SETTINGS = {"dtype": "float32"}
_PICTURES = _SETTINGS | {"data_format": "channels_last"}

# In the file but without a part in the outputs: ImageNet's classes, and the counters of the normalisations.
_UNUSED = ("model.fc.weight", "model.fc.bias")
_COUNTER = ".num_batches_tracked"

# PyTorch's names of what Keras calls so.
_PARTS = {
    "kernel": "weight",
    "bias": "bias",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


class AttributeNetwork:
    """The network as an extractor of logits.

    Args:
        path: the state file, `net_test_ARP.pth` or the like.
        attributes: {name: number of classes}, in the order of the outputs.
        identities: number of persons.
        batch_size: pictures that run at a time.

    Raises:
        WeightsError: the file is missing, damaged, or not of this network.
    """

    name = "resnet50-attributes"
    version = 1

    def __init__(self, path, attributes, identities=751, batch_size=32):
        self._lengths = [identities, *attributes.values()]
        self.batch_size = batch_size
        self._model = build(attributes, identities)
        _assign(self._model, read_torch(path), path)
        self.fingerprint = f"{self.name}-{self.version}-{fingerprint(path)}"

    def __call__(self, pixels):
        """Logits of the person and of all attributes, side by side.

        Args:
            pixels: (N, H, W, 3) uint8 RGB.

        Returns:
            (N, persons + classes of all attributes) float32; `split` takes them apart.

        Raises:
            DataError: `pixels` is of another shape or type.
        """
        pixels = checked_pixels(pixels, "The attribute network")
        return in_batches(self._model, self.batch_size, pixels)

    def split(self, logits):
        """(N, ...) rows of this network -> identity logits (N, persons), list of attribute logits (N, classes)."""
        identity, *attributes = np.split(logits, np.cumsum(self._lengths)[:-1], axis=1)
        return identity, attributes


def build(attributes, identities):
    """The network: `keras.Model` from (B, H, W, 3) uint8 to the logits of all heads side by side.

    Layers are named as in the state file, with `-` for its dots.
    """
    picture = keras.Input((None, None, 3), dtype="uint8")
    features = trunk(layers.Rescaling(1 / 127.5, -1.0, **_SETTINGS)(picture))
    head = _dense(features, "id_classifier.add_block.0", _BOTTLENECK)
    head = _dense(_normalised(head, "id_classifier.add_block.1"), "id_classifier.classifier.0", identities)
    heads = [_dense(features, f"attr_{name}_classifier", classes) for name, classes in attributes.items()]
    return keras.Model(picture, layers.Concatenate(**_SETTINGS)([head, *heads]))


def trunk(x):
    """The network up to its pooled features.

    Args:
        x: (B, H, W, 3) float32 symbolic tensor, scaled as the weights expect it.

    Returns:
        (B, 2048) symbolic tensor. The layers are named as torchvision's, after `model-`.
    """
    x = _convolution(x, "model.conv1", _WIDTH, 7, stride=2)
    x = layers.ReLU(**_SETTINGS)(_normalised(x, "model.bn1"))
    # What is pooled is not negative, so that zeros around it change nothing.
    x = layers.MaxPooling2D(3, strides=2, **_PICTURES)(layers.ZeroPadding2D(1, **_PICTURES)(x))
    for stage, blocks in enumerate(_BLOCKS):
        for block in range(blocks):
            name = f"model.layer{stage + 1}.{block}"
            x = _block(x, name, _WIDTH * 2**stage, stride=2 if stage and not block else 1, shortcut=not block)
    return layers.GlobalAveragePooling2D(**_PICTURES)(x)


def _block(x, name, width, stride, shortcut):
    y = layers.ReLU(**_SETTINGS)(_normalised(_convolution(x, f"{name}.conv1", width, 1), f"{name}.bn1"))
    y = layers.ReLU(**_SETTINGS)(_normalised(_convolution(y, f"{name}.conv2", width, 3, stride), f"{name}.bn2"))
    y = _normalised(_convolution(y, f"{name}.conv3", width * _EXPANSION, 1), f"{name}.bn3")
    if shortcut:
        x = _convolution(x, f"{name}.downsample.0", width * _EXPANSION, 1, stride)
        x = _normalised(x, f"{name}.downsample.1")
    return layers.ReLU(**_SETTINGS)(layers.Add(**_SETTINGS)([x, y]))


def _convolution(x, name, channels, size, stride=1):
    """PyTorch pads both sides alike, Keras's "same" does not where the stride is 2."""
    if size > 1:
        x = layers.ZeroPadding2D(size // 2, **_PICTURES)(x)
    return layers.Conv2D(channels, size, stride, use_bias=False, name=_layer_name(name), **_PICTURES)(x)


def _normalised(x, name):
    return layers.BatchNormalization(epsilon=_EPSILON, name=_layer_name(name), **_SETTINGS)(x)


def _dense(x, name, units):
    return layers.Dense(units, name=_layer_name(name), **_SETTINGS)(x)


def _layer_name(name):
    # Keras keeps dots and slashes for paths.
    return name.replace(".", "-")


def _assign(model, arrays, path):
    """Put the arrays of a state file into the model; all must be there, fit, and be finite."""
    known = {name: array for name, array in arrays.items() if name not in _UNUSED and not name.endswith(_COUNTER)}
    assign(model, known, path, "the attribute network")


def assign(model, arrays, path, network):
    """Put arrays under PyTorch's names into a model whose layers are named like them, with `-` for the dots.

    Args:
        model: `keras.Model` of convolutions, normalisations and dense layers.
        arrays: {name: array}, exactly those of the model.
        path: the file, for the message.
        network: what the message calls the model.

    Raises:
        WeightsError: an array is missing, not known, has another shape or is not finite; the first few are listed.
    """
    entries = {
        f"{layer.name.replace('-', '.')}.{_PARTS[variable.name]}": variable
        for layer in model.layers
        for variable in layer.weights
    }
    wrong = [f"{name} is missing" for name in entries if name not in arrays]
    wrong += [f"{name} is not known" for name in arrays if name not in entries]
    known = {}
    for name in entries.keys() & arrays.keys():
        array = arrays[name]
        known[name] = array = array.transpose(2, 3, 1, 0) if array.ndim == 4 else array.T
        if array.shape != tuple(entries[name].shape):
            wrong.append(f"{name} has another shape than {tuple(entries[name].shape)}")
        elif array.dtype.kind != "f" or not np.isfinite(array).all():
            wrong.append(f"{name} holds values that are not finite numbers")
    if wrong:
        raise WeightsError(f"{path} does not fit {network} ({len(wrong)} faults): {'; '.join(sorted(wrong)[:6])}.")
    for name, variable in entries.items():
        variable.assign(known[name].astype("float32"))
