"""Boxes around parts of the body, as the programs of PG2 and DPIG cut it up.

Parts and rules are those of `datasets/convert_market.py` and `convert_DF.py` of
`charliememory/Disentangled-Person-Image-Generation`. Its networks use the first seven parts; its records hold all.
"""

import numpy as np
from keras import ops

from pgig.pose.geometry import extents, split_keypoints
from pgig.pose.joints import INDEX, indices

_LIMBS = (
    "Lsho Lelb", "Lelb Lwri", "Rsho Relb", "Relb Rwri", "Lhip Lkne", "Lkne Lank", "Rhip Rkne", "Rkne Rank",
)  # fmt: skip
PARTS = (
    indices("nose neck Rsho Lsho Leye Reye Lear Rear"),
    indices("Rsho Relb Rwri Lsho Lelb Lwri Rhip Lhip"),
    indices("Rhip Rkne Rank Lhip Lkne Lank"),
    indices("Lsho Lelb Lwri"),
    indices("Rsho Relb Rwri"),
    indices("Lhip Lkne Lank"),
    indices("Rhip Rkne Rank"),
    indices("Rsho Lsho Rhip Lhip"),
    *map(indices, _LIMBS),
    tuple(INDEX.values()),
    *((joint,) for joint in INDEX.values()),
    indices("Rsho Relb Rwri Rhip Rkne Rank"),
    indices("Lsho Lelb Lwri Lhip Lkne Lank"),
)
_SHINS = tuple(indices(names) for names in ("Lkne Lank", "Rkne Rank"))

# Margin in pixels, and margin around a single joint; then how far the nose moves up to make room for the head.
_MARKET = (6, 10)
_WHOLE_BODY, _CLOSE_UP = (10, 20, 10), (20, 40, 25)


def body_boxes(keypoints, size, rule, parts=7):
    """Boxes around the visible joints of each part.

    Args:
        keypoints: (B, 18, 3) y, x, visible.
        size: (height, width) of the picture in pixels.
        rule: `"market"`: narrow margins. `"deepfashion"`: wider ones, widest unless both shins are visible, and room
            above the nose for the head. Joints outside the picture, which the original programs never met, count
            where they are; the nose above it, by "deepfashion", in the first row.
        parts: how many of `PARTS`, from the first on.

    Returns:
        boxes (B, parts, 4) float32 of y1, x1, y2, x2, whole pixels inside the picture; (0, 0, 1, 1) for a part
        without a visible joint.
        visible (B, parts) float32, 1 for a part with a visible joint, else 0.
    """
    points, seen = split_keypoints(keypoints)
    if rule == "market":
        margin, single = _MARKET
    else:
        whole = ops.logical_and(*(ops.any(ops.take(seen, joints, axis=1), axis=1) for joints in _SHINS))
        margin, single, head = (
            ops.cast(ops.where(whole, *choice), points.dtype)[:, None]
            for choice in zip(_WHOLE_BODY, _CLOSE_UP, strict=True)
        )
        # The nose never leaves the picture on its way up.
        is_nose = np.eye(len(INDEX))[INDEX["nose"]]
        rows = points[..., 0]
        raised = ops.where(rows > head, rows - head, ops.zeros_like(rows))
        points = ops.stack([ops.where(is_nose > 0, raised, rows), points[..., 1]], axis=-1)

    low, high, count = extents(points, seen, PARTS[:parts])
    room = ops.cast(ops.where(count == 1, single, margin), points.dtype)[..., None]
    limits = np.array(size) - 1.0
    bounds = [ops.clip(corner, 0.0, ops.cast(limits, points.dtype)) for corner in (low - room, high + room)]
    boxes = ops.cast(ops.trunc(ops.concatenate(bounds, axis=-1)), "float32")
    empty = ops.convert_to_tensor(np.float32([0, 0, 1, 1]))
    return ops.where(count[..., None] > 0, boxes, empty), ops.cast(count > 0, "float32")
