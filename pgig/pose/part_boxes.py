"""Boxes around parts of the body, as `tengteng95/Pose-Transfer` cuts it up for PATN_Fine.

The rule is that of its `tool/gen_segment_bbox.py`: the box around the joints of a part, with a margin.
"""

import numpy as np
from keras import ops

from pgig.pose.geometry import extents, split_keypoints
from pgig.pose.joints import indices

# The joints of each part, and the margin of its box in pixels, (x, y). The margins are made for pictures of 256 x 176
# and are not scaled with the picture.
PARTS = {
    "head": (indices("nose neck Leye Reye Lear Rear"), (5, 10)),
    "left arm": (indices("Lsho Lelb Lwri"), (5, 10)),
    "right arm": (indices("Rsho Relb Rwri"), (5, 10)),
    "belly": (indices("neck Rsho Lsho Rhip Lhip"), (5, 5)),
    "left leg": (indices("Lhip Lkne Lank"), (5, 5)),
    "right leg": (indices("Rhip Rkne Rank"), (5, 5)),
    "hip": (indices("Rhip Lhip"), (10, 20)),
}


def part_boxes(keypoints, size):
    """Boxes around the parts of the body.

    Args:
        keypoints: (B, 18, 3) y, x, visible.
        size: (height, width) of the picture in pixels.

    Returns:
        (B, 7, 4) float32, parts in the order of `PARTS`, as x1, y1, x2, y2 in pixels of the picture: the visible joints
        of the part and the margin around them, cut to [1, width] and [1, height] (the original counts from one there).
        Zeros for a part with fewer than two visible joints; without area, all of it at the edge, where its joints lie
        that far outside the picture.
    """
    margins = ops.convert_to_tensor(np.array([margin for _, margin in PARTS.values()], "float32"))
    points, visible = split_keypoints(keypoints)
    points = ops.flip(ops.cast(points, "float32"), axis=-1)
    low, high, count = extents(points, visible, [joints for joints, _ in PARTS.values()])
    limits = ops.convert_to_tensor(np.array(size[::-1] * 2, "float32"))
    boxes = ops.clip(ops.concatenate([low - margins, high + margins], axis=-1), 1.0, limits)
    return ops.where(count[..., None] >= 2, boxes, 0.0)
