"""A skeleton over a picture, smooth and thick enough to be seen. Pillow and Numpy only.

(`pgig.pose.draw` makes the one-pixel drawings of the sample grids.)
"""

import numpy as np
from PIL import Image, ImageDraw

from pgig.pose.joints import COLOURS, DRAW_LIMBS, HEAD

# The lines to the ears from the shoulders, which sample grids show, clutter the neck.
_LIMBS = DRAW_LIMBS[:17]

# Width of a limb as a share of the person's extent, in pixels at least; in the face as a share of that.
_WIDTH, _THINNEST, _FACE = 0.016, 2.0, 0.55
# Around everything lies a dark rim, so that light limbs are seen before a light ground.
_RIM, _RIM_COLOUR = 0.35, (20, 20, 20, 150)
# Drawn so much larger and then reduced, lines have smooth edges.
_SUPERSAMPLING = 3


def over_picture(pixels, keypoints):
    """Draw a pose over a picture: a coloured line for each limb and a disc for each joint.

    Args:
        pixels: (H, W, 3) uint8; the drawing is meant for heights of some hundred pixels.
        keypoints: (18, 3) y, x, visible in pixels. What falls outside the picture is left out.

    Returns:
        (H, W, 3) uint8. Limb and joint have the colour of `joints.COLOURS`, a limb that of its second joint.
    """
    keypoints = np.asarray(keypoints, np.float64)
    seen = np.flatnonzero(keypoints[:, 2] > 0)
    if not len(seen):
        return np.array(pixels)
    height, width = pixels.shape[:2]
    layer = Image.new("RGBA", (width * _SUPERSAMPLING, height * _SUPERSAMPLING))
    pen = ImageDraw.Draw(layer)
    places = {joint: (keypoints[joint, 1::-1] + 0.5) * _SUPERSAMPLING for joint in seen}
    thick = max(_THINNEST, _WIDTH * np.ptp(keypoints[seen, :2], axis=0).max()) * _SUPERSAMPLING
    limbs = [(start, end) for start, end in _LIMBS if start in places and end in places]

    for rim in (_RIM * thick, 0):
        for start, end in limbs:
            wide = thick * (_FACE if start in HEAD else 1)
            _line(pen, places[start], places[end], wide + 2 * rim, _RIM_COLOUR if rim else COLOURS[end])
        for joint, place in places.items():
            radius = thick * 0.8 * (_FACE if joint in HEAD else 1) + rim
            _disc(pen, place, radius, _RIM_COLOUR if rim else COLOURS[joint])
    layer = layer.resize((width, height), Image.Resampling.BOX)
    return np.asarray(Image.alpha_composite(Image.fromarray(pixels).convert("RGBA"), layer).convert("RGB"))


def fitted(pixels, height):
    """A picture enlarged or reduced to be looked at.

    Args:
        pixels: (H, W, 3) uint8.
        height: wanted height in pixels; it becomes less where the width would be more than its double.

    Returns:
        (h, w, 3) uint8, and the factors (y, x) by which the sides have changed.
    """
    old = np.array(pixels.shape[:2])
    factor = min(height / old[0], 2 * height / old[1])
    new = np.maximum(1, np.rint(old * factor)).astype(int)
    shown = Image.fromarray(pixels).resize((int(new[1]), int(new[0])), Image.Resampling.BICUBIC, reducing_gap=3)
    return np.asarray(shown), new / old


def scaled(keypoints, factors):
    """Keypoints (18, 3) of a picture whose sides (y, x) have changed by factors; pixels' centres are whole numbers."""
    keypoints = np.array(keypoints, np.float32)
    seen = keypoints[:, 2] > 0
    keypoints[seen, :2] = (keypoints[seen, :2] + 0.5) * np.float32(factors) - 0.5
    return keypoints


def _line(pen, start, end, width, colour):
    """A line as a polygon: Pillow's own wide lines have widths of whole pixels and uneven ends."""
    along = end - start
    length = np.hypot(*along)
    if length:
        side = np.array([-along[1], along[0]]) * (width / 2 / length)
        pen.polygon([tuple(corner) for corner in (start + side, end + side, end - side, start - side)], fill=colour)


def _disc(pen, centre, radius, colour):
    pen.ellipse([*(centre - radius), *(centre + radius)], fill=colour)
