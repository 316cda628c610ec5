"""From the bytes of a batch to what networks take, and from what networks make to pictures for people.

Pictures are (B, h, w, 3) float32 in [-1, 1], computed where the networks run.
"""

import math

import numpy as np
from keras import ops

from pgig.layers.block_extractor import block_extractor
from pgig.layers.local_attn_reshape import local_attn_reshape


def to_image(pixels):
    """Bytes 0..255 as float32 in [-1, 1]: (v / 255 - 0.5) * 2."""
    return (ops.cast(pixels, "float32") / 255.0 - 0.5) * 2.0


def grey_picture(values, low, high):
    """Numbers as grey.

    Args:
        values: (B, h, w, 1) float.
        low, high: what is shown black and white; what lies beyond is too.

    Returns:
        (B, h, w, 3).
    """
    grey = ops.clip((ops.cast(values, "float32") - low) / (high - low), 0.0, 1.0)
    return ops.repeat(2.0 * grey - 1.0, 3, axis=-1)


# Hues between red, yellow, green, cyan, blue, magenta and red: how many, which channel changes, and whether it grows.
_HUES = ((15, 1, True), (6, 0, False), (4, 2, True), (11, 1, False), (13, 0, True), (6, 2, False))


def _wheel():
    """The 55 pure hues of the colour wheel of optical flow: (55, 3) float32 in 0..1."""
    colour, rows = np.array([255.0, 0.0, 0.0]), []
    for count, channel, grows in _HUES:
        for step in np.floor(255 * np.arange(count) / count):
            colour[channel] = step if grows else 255 - step
            rows.append(colour / 255)
        colour[channel] = 255 if grows else 0
    return np.stack(rows).astype("float32")


_WHEEL = _wheel()


def flow_picture(flow):
    """A flow field as hue (direction) and saturation (length): still is white, the longest of a sample pure.

    The colour wheel is that of Baker et al., "A Database and Evaluation Methodology for Optical Flow", 2011. As in
    RenYurui/Global-Flow-Local-Attention (util/flow_util.py), x and y change places: down is red, right is yellow-green,
    up is cyan, left is violet.

    Args:
        flow: (B, h, w, 2) x, y.

    Returns:
        (B, h, w, 3).
    """
    flow = ops.cast(flow, "float32")
    length = ops.sqrt(ops.sum(ops.square(flow), axis=-1, keepdims=True))
    flow = flow / (ops.max(length, axis=(1, 2), keepdims=True) + 1e-5)
    length = ops.sqrt(ops.sum(ops.square(flow), axis=-1, keepdims=True))

    place = (ops.arctan2(-flow[..., 0], -flow[..., 1]) / math.pi + 1.0) / 2.0 * (len(_WHEEL) - 1)
    # Clipped for what is not a number, which no integer can hold.
    before = ops.clip(ops.cast(ops.floor(place), "int32"), 0, len(_WHEEL) - 1)
    share = (place - ops.floor(place))[..., None]
    first, second = (ops.take(_WHEEL, number % len(_WHEEL), axis=0) for number in (before, before + 1))
    pure = (1.0 - share) * first + share * second
    return 2.0 * (1.0 - length * (1.0 - pure)) - 1.0


def part_picture(masks):
    """Regions in different hues on black; where several lie on each other, the mean of theirs.

    Args:
        masks: (B, n, h, w), 0 or 1.

    Returns:
        (B, h, w, 3).
    """
    count = masks.shape[1]
    hues = _WHEEL[np.arange(count) * len(_WHEEL) // count]
    masks = ops.cast(masks, "float32")
    depth = ops.maximum(ops.sum(masks, axis=1), 1.0)[..., None]
    return 2.0 * ops.einsum("bnhw,nc->bhwc", masks, hues) / depth - 1.0


def attention_picture(weights):
    """The weights of local attention as small squares: white where all weight is, black where none.

    Shown are their square roots: spread evenly over 5 x 5 samples, weights of 1/25 would look as black as none.

    Args:
        weights: (B, h, w, k * k) in 0..1, channel a * k + b that of row a, column b of the patch of a position.

    Returns:
        (B, k h, k w, 3).
    """
    kernel = math.isqrt(weights.shape[-1])
    return grey_picture(ops.sqrt(local_attn_reshape(weights, kernel)), 0.0, 1.0)


def attended_picture(image, flow, weights):
    """The source picture as local attention reads it: every position has the mean colour of what it looks at.

    Args:
        image: (B, H, W, 3) in [-1, 1], the source; H and W multiples of h and w.
        flow: (B, h, w, 2) x, y from the position itself, in pixels of the flow field.
        weights: (B, h, w, k * k) with sum 1, as for `attention_picture`.

    Returns:
        (B, h, w, 3).
    """
    kernel = math.isqrt(weights.shape[-1])
    factor = tuple(length // small for length, small in zip(image.shape[1:3], flow.shape[1:3], strict=True))
    image = ops.average_pool(image, factor, factor, data_format="channels_last")
    patches = block_extractor(image, flow, kernel) * local_attn_reshape(ops.cast(weights, "float32"), kernel)
    return kernel**2 * ops.average_pool(patches, kernel, kernel, data_format="channels_last")
