"""Sampling correctness: a flow is good where it finds features as like the target's as any that the source has.

Ren et al., "Deep Image Spatial Transformation for Person Image Generation", CVPR 2020, section 3.1.
"""

import math

import numpy as np
from keras import ops

from pgig.errors import OptionsError
from pgig.layers.block_extractor import block_extractor
from pgig.layers.resample2d import resample2d

EPSILON = 1e-8
BLOCK = 128
SAMPLINGS = ("gaussian", "bilinear")


def sampling_correctness(target_features, source_features, flow, block=BLOCK, sampling="gaussian", mask=None):
    """Mean of exp(-c / m) - exp(-1) over the target's positions: near 0 where the flow finds the best of the source.

    c is the cosine between the target's feature and the source's at the displaced position, m the largest cosine
    between the target's feature and any of the source.

    Args:
        target_features: (B, H, W, C) float.
        source_features: (B, H, W, C) float. Features are data: they get no gradient.
        flow: (B, h, w, 2) float, x then y. Brought to (H, W) by nearest neighbours; its vectors are pixels of the
            features' size whatever h and w are.
        block: target positions of a picture whose cosines to the whole source are held at a time.
        sampling: `"gaussian"`: a window of 4x4 pixels, sigma 2; `"bilinear"`: between the nearest four, nothing
            outside, vectors shortened by (W - 1) / W and (H - 1) / H, as a form of the original that it does not use.
        mask: (B, h', w', 1) float or None: weight of each target position, brought to (H, W) likewise.

    Returns:
        float32 scalar.

    Raises:
        OptionsError: another `sampling`.
    """
    if sampling not in SAMPLINGS:
        raise OptionsError(f"sampling is {sampling!r}: choose {' or '.join(SAMPLINGS)}.")
    target, source = (ops.stop_gradient(ops.cast(x, "float32")) for x in (target_features, source_features))
    size = target.shape[1:3]
    flow = _to_size(ops.cast(flow, "float32"), size)
    read = _bilinear(source, flow) if sampling == "bilinear" else resample2d(source, flow, 4, 1, 2.0)
    found = _cosine(read, target)
    best = ops.reshape(_best_cosine(target, source, block), (-1, *size))
    loss = ops.exp(-found / (best + EPSILON)) - math.exp(-1.0)
    if mask is None:
        return ops.mean(loss)
    mask = _to_size(ops.cast(mask, "float32"), size)[..., 0]
    return ops.sum(mask * loss) / (ops.sum(mask) + EPSILON)


def _best_cosine(target, source, block):
    """Largest cosine of each target position with any source position: (B, H * W)."""
    channels = target.shape[-1]
    target, source = (ops.reshape(x, (-1, x.shape[1] * x.shape[2], channels)) for x in (target, source))
    source = source / _length(source)[..., None]

    # The matrix of all pairs is larger than all features together. The loop is the back end's own: of blocks that stand
    # one after the other, a graph may compute all before it looks for the first maximum.
    places = target.shape[1]
    block = min(block, places)
    count = -(-places // block)
    padded = ops.pad(target, ((0, 0), (0, count * block - places), (0, 0)))
    parts = ops.transpose(ops.reshape(padded, (-1, count, block, channels)), (1, 0, 2, 3))
    best = ops.map(lambda part: ops.max(ops.einsum("bic,bjc->bij", part, source), axis=-1), parts)
    best = ops.reshape(ops.transpose(best, (1, 0, 2)), (-1, count * block))[:, :places]
    return ops.stop_gradient(best / _length(target))


def _length(x):
    return ops.sqrt(ops.sum(ops.square(x), axis=-1)) + EPSILON


def _cosine(a, b):
    """Cosine of the last axes: (B, H, W); 0 where either is nought, and so is the gradient."""
    square = ops.sum(ops.square(a), axis=-1) * ops.sum(ops.square(b), axis=-1)
    return ops.sum(a * b, axis=-1) * ops.rsqrt(ops.maximum(square, EPSILON**2))


def _bilinear(source, flow):
    """The source at the displaced positions, as a grid whose corners are pixel centres reads it."""
    height, width = source.shape[1:3]
    shrink = ops.convert_to_tensor(np.array([(width - 1) / width, (height - 1) / height], "float32"))
    # A border of zeros, whose pixels stand for all that is further out.
    return block_extractor(ops.pad(source, ((0, 0), (1, 1), (1, 1), (0, 0))), flow * shrink + 1.0, 1)


def _to_size(maps, size):
    """Nearest neighbours as PyTorch takes them: pixel i comes from pixel floor(i * old / new)."""
    for axis, new in enumerate(size, 1):
        old = maps.shape[axis]
        if old != new:
            maps = ops.take(maps, ops.convert_to_tensor(np.arange(new, dtype="int32") * old // new), axis=axis)
    return maps
