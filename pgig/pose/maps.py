"""Joints as maps: one channel per joint, and back."""

from keras import ops

from pgig.pose.joints import MISSING

# Twice the square of the standard deviation of 6 pixels.
_WIDTH = 72.0

# The squared distance of a missing joint: far enough for a map of zeros.
_FAR = 1e9


def heat_maps(keypoints, size, form="staircase"):
    """Draw one map per joint.

    Args:
        keypoints: (B, 18, 3) y, x, visible.
        size: (height, width) in pixels.
        form: "gaussian" is exp(-d^2 / 72) at distance d, as in the paper (Siarohin et al., Deformable GANs
            for Pose-based Human Image Generation, 2018). "staircase" is exp(floor(-d^2 / 72)), as its program
            computes it (an integer division) and its weights expect it; for joints at whole pixels. "point" is 1 at
            the joint's pixel (fractions are cut off) and 0 elsewhere, as the maps of DeepFashion are that
            `tengteng95/Pose-Transfer` stores in bytes. Joints outside the picture leave their tails in it, or nothing.

    Returns:
        (B, H, W, 18) float32 in [0, 1]; zero for a missing joint.

    Raises:
        ValueError: `form` is none of the three.
    """
    height, width = size
    keypoints = ops.cast(keypoints, "float32")
    if form == "point":
        keypoints = ops.trunc(keypoints)
    y, x, visible = keypoints[:, None, :, 0], keypoints[:, None, :, 1], keypoints[:, None, :, 2] > 0
    rows = ops.square(ops.arange(height, dtype="float32")[:, None] - y)
    columns = ops.square(ops.arange(width, dtype="float32")[:, None] - x)
    rows = ops.where(visible, rows, _FAR)[:, :, None]
    columns = columns[:, None]

    if form == "gaussian":
        return ops.exp(rows / -_WIDTH) * ops.exp(columns / -_WIDTH)
    if form == "staircase":
        # Distances are multiples of 1/72: the slack keeps a step where it belongs however division rounds.
        return ops.exp(-ops.ceil((rows + columns) / _WIDTH - 1e-3))
    if form == "point":
        return ops.cast(rows == 0, "float32") * ops.cast(columns == 0, "float32")
    raise ValueError(f'form is "staircase", "gaussian" or "point", not {form!r}')


def peaks(maps):
    """Find the joints in heat maps.

    Args:
        maps: (B, H, W, J) float.

    Returns:
        (B, J, 3) float32 y, x, visible: the first pixel in row-major order with the channel's largest value,
        if that is above 0.1; else the joint is missing, (-1, -1, 0).
    """
    height, width, joints = maps.shape[1:]
    maps = ops.reshape(maps, (-1, height * width, joints))
    largest = ops.max(maps, axis=1, keepdims=True)

    # argmax does not promise the first of equal pixels on every back end.
    number = ops.arange(height * width, dtype="int32")[:, None]
    first = ops.min(ops.where(maps >= largest, number, height * width), axis=1)
    first = ops.minimum(first, height * width - 1)

    keypoints = ops.stack([first // width, first % width, ops.ones_like(first)], axis=-1)
    missing = ops.convert_to_tensor((MISSING, MISSING, 0), dtype=keypoints.dtype)
    found = ops.transpose(largest, (0, 2, 1)) > 0.1
    return ops.cast(ops.where(found, keypoints, missing), "float32")
