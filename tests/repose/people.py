"""A standing figure with its joints, for photos of any size."""

import numpy as np
from PIL import Image, ImageDraw

from pgig.pose.formats import named_poses
from pgig.pose.joints import DRAW_LIMBS


def figure(height, top=0.0, left=0.0, name="standing-front"):
    """A named pose, so many pixels high, its head at row `top`, its middle at column `left`: (18, 3)."""
    keypoints = np.array(named_poses()[name].keypoints, np.float64)
    keypoints[:, :2] = keypoints[:, :2] * height + (top, left)
    keypoints[named_poses()[name].keypoints[:, 2] == 0] = (-1, -1, 0)
    return keypoints.astype(np.float32)


def photo(keypoints, size, ground=(90, 120, 60)):
    """A figure drawn with red limbs, and a white dot on its nose: (H, W, 3) uint8."""
    picture = Image.new("RGB", size[::-1], ground)
    pen = ImageDraw.Draw(picture)
    for start, end in DRAW_LIMBS:
        pen.line([*keypoints[start, 1::-1], *keypoints[end, 1::-1]], fill=(200, 30, 30), width=max(1, size[0] // 40))
    y, x = keypoints[0, :2]
    pen.ellipse([x - 3, y - 3, x + 3, y + 3], fill="white")
    return np.asarray(picture)
