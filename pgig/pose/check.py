"""What is wrong with a pose? Numpy only, for the data side and for `pgig check`."""

import numpy as np

from pgig.pose.joints import HEAD, MASK_LIMBS, NAMES, TORSO


def is_valid(keypoints):
    """Whether a pose can be used: both shoulders and both hips are visible.

    Args:
        keypoints: (..., 18, 3) y, x, visible.

    Returns:
        (...) bool.
    """
    return (np.asarray(keypoints)[..., TORSO, 2] > 0).all(-1)


def outside(keypoints, size):
    """Which visible joints lie outside the picture.

    Args:
        keypoints: (..., 18, 3) y, x, visible.
        size: (height, width) in pixels.

    Returns:
        (..., 18) bool.
    """
    keypoints = np.asarray(keypoints)
    coordinates = keypoints[..., :2]
    inside = (coordinates >= 0) & (coordinates < np.asarray(size))
    return (keypoints[..., 2] > 0) & ~inside.all(-1)


def describe_problems(keypoints, size=None):
    """Say in words what is wrong with a pose.

    Args:
        keypoints: (18, 3) y, x, visible.
        size: (height, width) in pixels; None skips the test for joints outside the picture.

    Returns:
        List of sentences without a full stop, worst first; empty when nothing is wrong. The pose can be used
        for training if and only if `is_valid` holds and no joint is outside.
    """
    keypoints = np.asarray(keypoints)
    visible = keypoints[:, 2] > 0
    if not visible.any():
        return ["no joint was found"]

    problems = []
    missing = [NAMES[joint] for joint in TORSO if not visible[joint]]
    if missing:
        problems.append(f"{_list(missing)} missing: the pose cannot be used without shoulders and hips")
    if size is not None:
        picture = f"the picture ({size[0]} x {size[1]} pixels)"
        for joint in np.flatnonzero(outside(keypoints, size)):
            y, x = keypoints[joint, :2]
            problems.append(f"{NAMES[joint]} at row {y:g}, column {x:g} is outside {picture}")
    if not visible[list(HEAD)].any():
        problems.append("no joint of the head was found: the head is not carried over")

    # Two joints of a limb on the same pixel give the limb no direction, hence no region.
    for start, end in MASK_LIMBS:
        if visible[start] and visible[end] and (keypoints[start, :2] == keypoints[end, :2]).all():
            both = f"{NAMES[start]} and {NAMES[end]}"
            problems.append(f"{both} lie on the same pixel: that limb is not carried over")
    return problems


def _list(words):
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
