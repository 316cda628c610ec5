"""Boxes of body parts as the authors' converters write them beside each pose, for DPIG. Numpy only.

The 37 parts are those of `datasets/convert_market.py` and `convert_DF.py` of
`charliememory/Pose-Guided-Person-Image-Generation`; the published networks of DPIG use the first seven.
"""

import numpy as np

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
_MEMBERS = np.array([[joint in part for joint in INDEX.values()] for part in PARTS])
_SHINS = [PARTS.index(indices(names)) for names in ("Lkne Lank", "Rkne Rank")]


def part_boxes(keypoints, size, whole_head=True):
    """Boxes around the visible joints of each part.

    Args:
        keypoints: (18, 3) y, x, visible.
        size: (height, width) of the picture.
        whole_head: True for the rule of DeepFashion: wide margins unless both shins are visible, and room above the
            nose for the head. False for the one of Market: narrow margins.

    Returns:
        (37, 4) int64 of (y1, x1, y2, x2), inside the picture; (0, 0, 1, 1) where nothing is visible;
        (37,) int64, 1 where a part has a visible joint.
    """
    keypoints = np.asarray(keypoints, np.float64)
    visible = _MEMBERS & (keypoints[:, 2] > 0)
    count = visible.sum(axis=1)
    points = keypoints[:, :2].copy()
    margin, single = 6, 10
    if whole_head:
        whole = (count[_SHINS] > 0).all()
        margin, single, head = (10, 20, 10) if whole else (20, 40, 25)
        points[INDEX["nose"], 0] = max(0, points[INDEX["nose"], 0] - head)

    room = np.where(count > 1, margin, single)[:, None]
    low = np.where(visible[..., None], points, np.inf).min(axis=1) - room
    high = np.where(visible[..., None], points, -np.inf).max(axis=1) + room
    boxes = np.concatenate([np.maximum(low, 0), np.minimum(high, np.asarray(size) - 1)], axis=1)
    boxes = np.where(count[:, None] > 0, boxes, [0, 0, 1, 1])
    return np.trunc(boxes).astype(np.int64), (count > 0).astype(np.int64)
