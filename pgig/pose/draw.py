"""Skeleton drawings for people to look at. Numpy, on the host."""

import numpy as np
from skimage.draw import line_aa

from pgig.pose.joints import COLOURS, DRAW_LIMBS

_RADIUS = 2


def draw_skeleton(keypoints, size):
    """Draw a pose: limbs as white anti-aliased lines, over them a coloured disk for each joint.

    Args:
        keypoints: (18, 3) y, x, visible.
        size: (height, width) in pixels.

    Returns:
        picture (H, W, 3) uint8 on black, and (H, W) bool: which pixels were drawn on. What falls outside the
        picture is left out.
    """
    keypoints = np.asarray(keypoints)
    height, width = size
    points, visible = keypoints[:, :2].astype(int), keypoints[:, 2] > 0
    picture, drawn = np.zeros((height, width, 3), np.uint8), np.zeros((height, width), bool)

    for start, end in DRAW_LIMBS:
        if visible[start] and visible[end]:
            rows, columns, brightness = line_aa(*points[start], *points[end])
            inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
            rows, columns, brightness = rows[inside], columns[inside], brightness[inside]
            picture[rows, columns] = (255 * brightness).astype(np.uint8)[:, None]
            drawn[rows, columns] = True

    rows, columns = np.ogrid[:height, :width]
    for joint in np.flatnonzero(visible):
        y, x = points[joint]
        disk = ((rows - y) / _RADIUS) ** 2 + ((columns - x) / _RADIUS) ** 2 < 1
        picture[disk] = COLOURS[joint]
        drawn |= disk
    return picture, drawn
