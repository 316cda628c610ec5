"""Putting a generated person back into the photo, with soft edges."""

import numpy as np
from PIL import Image

from pgig.pose.joints import BODY_LIMBS
from pgig.repose.framing import body_length

# In torsos: the picture is kept whole so near to a line of either body, and fades out beyond.
_KEPT, _FADED = 0.3, 0.65

# Share of the picture's longer side over which it fades at its own border.
_BORDER = 0.06


def paste(photo, frame, pixels, poses):
    """Put a picture where it was cut out, around the bodies in it.

    Args:
        photo: (h, w, 3) uint8.
        frame: `Frame` by which a picture was cut out of the photo.
        pixels: (height, width, 3) uint8, the new picture.
        poses: list of (18, 3) keypoints in the picture: the body that was there and the new one, both of which are
            covered by the new picture.

    Returns:
        (h, w, 3) uint8: the photo's pixels where the new picture does not count.
    """
    y0, x0, y1, x1 = frame.box
    height, width = photo.shape[:2]
    top, left = max(0, int(np.floor(y0))), max(0, int(np.floor(x0)))
    bottom, right = min(height, int(np.ceil(y1))), min(width, int(np.ceil(x1)))
    (fy, fx), size = frame.factors, (right - left, bottom - top)

    # What of the picture lies in the photo, in pixels of the picture.
    area = np.array([left - x0, top - y0, right - x0, bottom - y0]) * (fx, fy, fx, fy)
    area = np.clip(area, 0, (*pixels.shape[1::-1], *pixels.shape[1::-1]))

    def placed(picture):
        return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC, box=tuple(area)), np.float32)

    share = np.rint(255 * opacity(poses, pixels.shape[:2])).astype(np.uint8)
    share = placed(share)[..., None] / 255
    pasted = np.array(photo)
    part = pasted[top:bottom, left:right]
    part[:] = np.rint(part * (1 - share) + placed(pixels) * share).clip(0, 255).astype(np.uint8)
    return pasted


def opacity(poses, size):
    """How much of a picture counts when it is pasted: 1 on the bodies, 0 far from them and at the border.

    Args:
        poses: list of (18, 3) keypoints in the picture, valid.
        size: (height, width) in pixels.

    Returns:
        (height, width) float32, 0 to 1, without steps.
    """
    places = np.stack(np.mgrid[: size[0], : size[1]], axis=-1).astype(np.float32)
    near = np.zeros(size, np.float32)
    for pose in poses:
        distance = _distance(places, np.asarray(pose, np.float32)) / body_length(pose)
        near = np.maximum(near, _smooth((_FADED - distance) / (_FADED - _KEPT)))
    edge = np.minimum(places, np.array(size, np.float32) - 1 - places).min(axis=-1)
    return near * _smooth(edge / (_BORDER * max(size)))


def _distance(places, pose):
    """Distance of each place (h, w, 2) from the nearest line of a body or joint, in pixels."""
    visible = pose[:, 2] > 0
    lines = [(start, end) for start, end in BODY_LIMBS if visible[start] and visible[end]]
    lines += [(joint, joint) for joint in np.flatnonzero(visible)]
    nearest = np.full(places.shape[:2], np.inf, np.float32)
    for start, end in lines:
        origin, along = pose[start, :2], pose[end, :2] - pose[start, :2]
        share = np.clip((places - origin) @ along / max(float(along @ along), 1e-6), 0, 1)
        away = places - origin - share[..., None] * along
        nearest = np.minimum(nearest, np.hypot(away[..., 0], away[..., 1]))
    return nearest


def _smooth(share):
    share = np.clip(share, 0, 1)
    return share * share * (3 - 2 * share)
