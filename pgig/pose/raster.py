"""Filling polygons on the device, all of a batch at once.

The even-odd rule is half open: a pixel centre on a left or upper border is inside, on a right or lower one
outside. (scikit-image counted like this until 0.13; later versions count all border points as inside.)

An edge meets each scan line in at most one point, so everything that needs precision is done once per edge
and scan line. What is left for the pixels of a line is to compare their number with that point, rounded up.
"""

from keras import ops


def fill_polygons(corners, size, scan="rows"):
    """Pixels inside polygons.

    Args:
        corners: (..., n, 2) y, x of the corners, once around, in the precision wanted; need not be convex.
        size: (height, width) in pixels.
        scan: "rows" looks where edges meet the rows (stick figures); "columns" where they meet the columns
            (limb regions). The two differ only in how pixels exactly on a slanted edge are rounded.

    Returns:
        (..., H, W) bool. A polygon without area is empty, apart from rounding.
    """
    corners, (height, width) = ops.convert_to_tensor(corners), size
    if scan == "rows":
        along, across, lines, pixels = corners[..., 1], corners[..., 0], height, width
    else:
        along, across, lines, pixels = corners[..., 0], corners[..., 1], width, height

    limits = _crossings(along, across, lines, pixels)
    numbers = ops.arange(pixels, dtype="int32")
    if scan == "rows":
        limits, numbers = limits[..., :, None], numbers[None, :]
    else:
        limits, numbers = limits[..., None, :], numbers[:, None]

    # A pixel is inside when an odd number of edges lies beyond it.
    inside = False
    for edge in range(limits.shape[-3]):
        inside = ops.logical_xor(inside, numbers < limits[..., edge, :, :])
    return inside


def _crossings(along, across, lines, pixels):
    """For each edge and scan line, the number of pixels before their crossing: (..., n, lines) int32."""
    line = ops.arange(lines, dtype=across.dtype)
    u, v = along[..., None], across[..., None]
    previous_u, previous_v = ops.roll(along, 1, axis=-1)[..., None], ops.roll(across, 1, axis=-1)[..., None]

    # One end on or before the line, the other beyond it. Edges along the line never cross it.
    crosses = ops.logical_xor(v <= line, previous_v <= line)
    rise = previous_v - v
    rise = ops.where(rise == 0, ops.ones_like(rise), rise)
    crossing = (previous_u - u) * (line - v) / rise + u

    # For whole p, p < crossing exactly when p < crossing rounded up.
    crossing = ops.where(crosses, ops.clip(crossing, 0, pixels), ops.zeros_like(crossing))
    whole = ops.cast(crossing, "int32")
    return whole + ops.cast(crossing > ops.cast(whole, crossing.dtype), "int32")
