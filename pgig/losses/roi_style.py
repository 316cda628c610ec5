"""The style of every part of the body, the loss that `tengteng95/Pose-Transfer` adds for PATN_Fine.

A part's box is brought to one size whatever its own: RoI alignment with one bilinear sample in the middle of each cell,
as the library `longcw/RoIAlign.pytorch` does it, which the authors trained with.
"""

from keras import ops

from pgig.layers.bilinear import read_bilinear
from pgig.losses.style import gram

# Cells (rows, columns) of each part, in the order of `pgig.pose.part_boxes.PARTS`.
CELLS = ((16, 16), (16, 7), (16, 7), (32, 32), (32, 7), (32, 7), (16, 16))


def part_style_loss(features, target_features, boxes, size, cells=CELLS):
    """How far the Gram matrices of the parts are from those of the same places in the target.

    Args:
        features: (B, h, w, C) map of the generated pictures.
        target_features: (B, h, w, C) map of the target pictures, without gradient.
        boxes: (B, parts, 4) x1, y1, x2, y2 in pixels of the target pictures; fractions are cut off. A part whose box is
            zero is missing.
        size: (height, width) of the pictures in pixels. (The original takes boxes as pixels of the map, which for its
            map of full size is the same.)
        cells: (rows, columns) of each part.

    Returns:
        float32 scalar: the sum over parts of the mean squared difference over matrices; of each part, over the samples
        that have it.
    """
    boxes = ops.trunc(ops.cast(boxes, "float32"))
    present = ops.cast(ops.any(boxes != 0, axis=-1), "float32")
    generated = _aligned(features, boxes, size, cells)
    wanted = _aligned(ops.stop_gradient(target_features), boxes, size, cells)

    total = 0.0
    for part, (ours, theirs) in enumerate(zip(generated, wanted, strict=True)):
        difference = ops.mean(ops.square(gram(ours) - gram(theirs)), axis=(1, 2))
        has = present[:, part]
        total = total + ops.sum(has * difference) / ops.maximum(ops.sum(has), 1.0)
    return total


def _aligned(features, boxes, size, cells):
    """What lies in the cells of each part: list of (B, rows, columns, C) float32, one for each part."""
    height, width = features.shape[1:3]
    places = []
    for part, (down, across) in enumerate(cells):
        left, top, right, bottom = (boxes[:, part, edge, None] for edge in range(4))
        rows = _middles(top, bottom, down, height / size[0])
        columns = _middles(left, right, across, width / size[1])
        grid = (-1, down * across)
        places.append((ops.reshape(ops.repeat(rows, across, axis=1), grid), ops.tile(columns, (1, down))))

    # All parts in one reading: each has a gradient as large as the map.
    rows, columns = (ops.concatenate(axis, axis=1) for axis in zip(*places, strict=True))
    read = ops.cast(read_bilinear(features, rows, columns), "float32")
    parts, first = [], 0
    for down, across in cells:
        last = first + down * across
        parts.append(ops.reshape(read[:, first:last], (-1, down, across, features.shape[-1])))
        first = last
    return parts


def _middles(start, stop, count, scale):
    """The middles of `count` equal cells between two edges (B, 1), in pixels of a map of `scale`: (B, count)."""
    shares = (ops.arange(count, dtype="float32") + 0.5) / count
    return (start + (stop - start) * shares) * scale - 0.5
