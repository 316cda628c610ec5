"""Which of OpenPose's candidates are the joints of the person in a picture. Numpy only."""

import numpy as np

from pgig.pose.joints import MISSING, NAMES

# People of a picture are rows of numbers: the candidates' ids joint by joint, the score of the person, its joints.
_ROW = len(NAMES) + 2


def choose_joints(candidates, people, first=False):
    """Choose a candidate of each joint.

    Args:
        candidates: list of at least 18 lists of candidates (x, y, score, id), in pixels.
        people: (P, 20) array: 18 ids of candidates (-1: none), score, number of joints.
        first: False: the person of the highest score, and the last candidate of each joint that belongs to it, as
            `convert_market.py` of `charliememory/Pose-Guided-Person-Image-Generation` has it; without any person the
            first candidates. True: the first candidate of each joint whoever it belongs to, as its `convert_DF.py`.

    Returns:
        (18, 3) float32 y, x, visible, whole pixels; a missing joint is (-1, -1, 0).

    Raises:
        ValueError, TypeError, IndexError, OverflowError: the arguments are not such lists.
    """
    if not isinstance(candidates, list) or len(candidates) < len(NAMES):
        raise ValueError("no candidates for all joints")
    people = np.asarray(people, np.float64).reshape(-1, _ROW)
    scores = np.where(people[:, -2] > -1, people[:, -2], -np.inf)
    ids = None
    if not first and np.isfinite(scores).any():
        ids = set(people[np.argmax(scores), : len(NAMES)].tolist())

    joints = np.full((len(NAMES), 3), [MISSING, MISSING, 0], np.float32)
    for joint, found in enumerate(candidates[: len(NAMES)]):
        ours = found if ids is None else [candidate for candidate in found if candidate[3] in ids]
        if ours:
            x, y, *_ = ours[0] if ids is None else ours[-1]
            joints[joint] = int(y), int(x), 1
    return joints
