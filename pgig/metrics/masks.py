"""The masks of the masked scores: the body drawn from keypoints, and what a mask does to a picture.

Ma et al., "Pose Guided Person Image Generation", 2017, as pose-gan's `produce_ma_mask` drew it with
scikit-image 0.13: today's scikit-image also fills the right and lower border of a polygon and gives another
mask.
"""

import numpy as np

from pgig.errors import DataError
from pgig.pose.joints import BODY_LIMBS as LIMBS

# Coordinates beyond it are treated as missing: no picture is as large.
_FARTHEST = 1e6

# Pixels drawn at a time: keeps the work in the cache, and its memory small for any number of pictures.
_PIXELS_AT_A_TIME = 2**20


def ma_mask(keypoints, size, radius=4):
    """Masks of the body: thick limbs and joints, small gaps closed.

    Args:
        keypoints: (N, 18, 3) y, x, visible, in pixels.
        size: (height, width).
        radius: half the thickness of a limb and radius of a joint, in pixels, an integer.

    Returns:
        (N, H, W) bool.
    """
    keypoints = np.asarray(keypoints, dtype=np.float64)
    masks = np.zeros((len(keypoints), *size), dtype=bool)
    step = max(1, _PIXELS_AT_A_TIME // (size[0] * size[1]))
    for start in range(0, len(keypoints), step):
        points = keypoints[start : start + step, :, :2]
        visible = (keypoints[start : start + step, :, 2] > 0.5) & (np.abs(points) < _FARTHEST).all(axis=-1)
        mask = masks[start : start + step]
        _draw_limbs(mask, points, visible, radius)
        _draw_joints(mask, points, visible, radius)
        mask[:] = ~_dilate(~_dilate(mask))
    return masks


def apply_mask(pixels, mask):
    """Pictures seen through a mask: black outside.

    Args:
        pixels: (N, H, W, 3) uint8.
        mask: (N, H, W) bool, or uint8 for mask pictures, of which 255 keeps a pixel and 128 halves it: the
            product with mask / 255 is truncated to bytes, as in score_mask.py of PG2 and DPIG.

    Returns:
        (N, H, W, 3) uint8.

    Raises:
        DataError: the mask does not fit the pictures.
    """
    pixels, mask = np.asarray(pixels), np.asarray(mask)
    if mask.shape != pixels.shape[:3] or mask.dtype not in (np.bool_, np.uint8):
        raise DataError(
            f"Pictures of shape {pixels.shape} met a mask of shape {mask.shape} and type {mask.dtype}: give one "
            "(N, H, W) mask of truth values or bytes, of the same size."
        )
    if mask.dtype == np.bool_:
        return pixels * mask[..., None]
    return (mask[..., None] / 255 * pixels).astype(np.uint8)


def _draw_limbs(mask, points, visible, radius):
    """Fill a rectangle around each limb whose two ends are visible and apart; writes `mask` (N, H, W)."""
    count, height, width = mask.shape
    first, second = np.array(LIMBS).T
    start, end = points[:, first], points[:, second]
    along = start - end
    length = np.sqrt((along**2).sum(axis=-1))
    picture, limb = np.nonzero(visible[:, first] & visible[:, second] & (length > 0))

    start, end, along, length = (array[picture, limb] for array in (start, end, along, length))
    across = radius * np.stack([-along[:, 1], along[:, 0]], axis=-1) / length[:, None]
    corners = np.stack([start + across, start - across, end - across, end + across], axis=1)

    # Pixels of a row from one crossing up to the other are inside: paint +1 at the one and -1 at the other.
    left, right = _crossings(corners, height, width)
    line = (picture[:, None] * height + np.arange(height)) * (width + 1)
    cells = count * height * (width + 1)
    steps = np.bincount((line + left).ravel(), minlength=cells)
    steps -= np.bincount((line + right).ravel(), minlength=cells)
    mask |= steps.reshape(count, height, width + 1).cumsum(axis=-1)[..., :-1] > 0


def _crossings(corners, height, width):
    """Where the outlines of quadrilaterals cross the rows of the picture.

    The rule: a pixel is inside when an odd number of edges crosses its row to its right; an edge crosses the
    rows from its upper end (included) to its lower end (excluded). For a quadrilateral that is the pixels
    from ceil(left crossing) to ceil(right crossing) - 1.

    Args:
        corners: (M, 4, 2) row, column.

    Returns:
        Two (M, H) integer arrays in [0, W]: first column inside, first column behind; both 0 in rows not
        crossed.
    """
    before = np.roll(corners, 1, axis=1)
    (v_i, u_i), (v_j, u_j) = np.moveaxis(corners, -1, 0), np.moveaxis(before, -1, 0)
    top = np.ceil(np.minimum(v_i, v_j)).clip(0, height).astype(int)
    bottom = np.ceil(np.maximum(v_i, v_j)).clip(0, height).astype(int)

    # One entry per edge and row that it crosses.
    shape, rows = (bottom - top).shape, (bottom - top).ravel()
    edge = np.repeat(np.arange(rows.size), rows)
    row = np.arange(edge.size) - np.repeat(rows.cumsum() - rows, rows) + top.ravel()[edge]
    v_i, u_i, v_j, u_j = (array.ravel()[edge] for array in (v_i, u_i, v_j, u_j))
    column = (u_j - u_i) * (row - v_i) / (v_j - v_i) + u_i
    column = np.ceil(column.clip(-1, width)).clip(0).astype(int)

    # Going around a convex outline, a row is crossed once on the way up and once on the way down.
    crossings = np.zeros((2, shape[0], height), dtype=int)
    crossings[(v_i > v_j).astype(int), edge // shape[1], row] = column
    return crossings.min(axis=0), crossings.max(axis=0)


def _draw_joints(mask, points, visible, radius):
    """Fill the open disk around each visible joint; `mask` (N, H, W) is written."""
    height, width = mask.shape[1:]
    picture, joint = np.nonzero(visible)
    # Centres far outside are moved to where their disk still misses the picture, and their numbers stay
    # small.
    centre = points[picture, joint].clip(-2 * radius, max(height, width) + 2 * radius)
    offsets = np.arange(-radius, radius + 2)
    rows, columns = (np.floor(centre[:, i, None]).astype(int) + offsets for i in (0, 1))

    distance = ((rows - centre[:, 0, None]) / radius)[:, :, None] ** 2
    distance = distance + ((columns - centre[:, 1, None]) / radius)[:, None, :] ** 2
    inside = distance < 1
    inside &= ((rows >= 0) & (rows < height))[:, :, None]
    inside &= ((columns >= 0) & (columns < width))[:, None, :]
    which, row, column = np.nonzero(inside)
    mask[picture[which], rows[which, row], columns[which, column]] = True


def _dilate(mask):
    """Dilation of (N, H, W) with a 5x5 square; outside the picture counts as False."""
    for axis in (1, 2):
        grown = mask.copy()
        for shift in (1, 2):
            low, high = [slice(None)] * 3, [slice(None)] * 3
            low[axis], high[axis] = slice(None, -shift), slice(shift, None)
            grown[tuple(low)] |= mask[tuple(high)]
            grown[tuple(high)] |= mask[tuple(low)]
        mask = grown
    return mask
