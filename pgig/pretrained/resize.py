"""Bilinear resizing in the three conventions of TensorFlow, which place the same pixels differently.

Each network wants the one that it was trained with: the difference shows in published scores.
"""

from keras import ops

# "legacy": pixel i of the result lies at i * in / out (TensorFlow 1, align_corners false).
# "half-pixel": centres of pixels are at i + 1/2 (TensorFlow 2, PyTorch with align_corners false).
# "align-corners": the first and the last pixels of both pictures lie on each other.
RULES = ("legacy", "half-pixel", "align-corners")


def resize_bilinear(images, size, rule="legacy"):
    """Pictures of another size, without antialiasing, as TensorFlow's `ResizeBilinear` computes them in float32.

    Args:
        images: (B, H, W, C) float tensor. H and W may be unknown inside a layer's `call`; between layers of a
            functional model they must be given.
        size: (height, width) of the result, two integers.
        rule: one of RULES.

    Returns:
        (B, height, width, C) tensor of the same type.
    """
    if rule not in RULES:
        raise ValueError(f"rule must be one of {RULES}, not {rule!r}")
    # Columns before rows, and differences before products: the same roundings as the original's.
    return _resize_axis(_resize_axis(images, 2, size[1], rule), 1, size[0], rule)


def _resize_axis(images, axis, size, rule):
    """Interpolate along one axis between the two neighbours of each place."""
    length = ops.shape(images)[axis]
    if isinstance(length, int) and length == size:
        return images

    last = ops.cast(length, "float32") - 1
    step = ops.arange(size, dtype="float32")
    if rule == "align-corners" and size > 1:
        places = step * (last / (size - 1))
    elif rule == "half-pixel":
        places = (step + 0.5) * ((last + 1) / size) - 0.5
    else:
        places = step * ((last + 1) / size)

    low = ops.floor(places)
    part = ops.cast(places - low, images.dtype)
    low, high = (ops.cast(ops.clip(index, 0, last), "int32") for index in (low, low + 1))
    before, after = (ops.take(images, index, axis=axis) for index in (low, high))
    return before + (after - before) * ops.reshape(part, (size, 1, 1) if axis == 1 else (size, 1))
