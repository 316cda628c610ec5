"""A pose in words, for the person who took the photo."""

import numpy as np

from pgig.pose.check import is_valid
from pgig.pose.joints import TORSO

# Each joint in words. Eyes and ears: tables and estimators hold the person's right one first, whatever the names in
# `pgig.pose.joints` say.
WORDS = (
    "nose", "neck", "right shoulder", "right elbow", "right wrist", "left shoulder", "left elbow", "left wrist",
    "right hip", "right knee", "right ankle", "left hip", "left knee", "left ankle",
    "right eye", "left eye", "right ear", "left ear",
)  # fmt: skip

# A joint this near to the border, as a share of the picture's longer side, may be where the picture is cut off.
_NEAR = 0.01

# Mean scores of an estimator below which a person is to look at the drawing first.
_UNSURE = 0.4


def describe(keypoints, scores=None, size=None):
    """How good a pose is.

    Args:
        keypoints: (18, 3) y, x, visible.
        scores: (18,) of the estimator, 0 to 1, or None.
        size: (height, width) of the picture in pixels, or None: then nothing is said about its border.

    Returns:
        (usable, text): whether both shoulders and both hips are known, without which nothing can be generated from the
        pose; and one to three sentences.
    """
    keypoints = np.asarray(keypoints)
    visible = keypoints[:, 2] > 0
    if not visible.any():
        return False, "No joint was found: there seems to be nobody in the picture."
    missing = _words(np.flatnonzero(~visible))
    sentences = [f"{visible.sum()} of {len(WORDS)} joints were found{missing and ', all but ' + missing}"]
    if scores is not None:
        mean = float(np.mean(np.asarray(scores)[visible]))
        unsure = ", which is little: look at the drawing" if mean < _UNSURE else ""
        sentences[0] += f" (mean score {mean:.2f}{unsure})"

    usable = bool(is_valid(keypoints))
    if not usable:
        lacking = _words([joint for joint in TORSO if not visible[joint]])
        sentences.append(f"Without {lacking} the pose cannot be used: take a photo that shows the whole torso")
    if size is not None:
        near = _NEAR * max(size)
        distance = np.minimum(keypoints[:, :2], np.asarray(size) - 1 - keypoints[:, :2]).min(axis=1)
        border = _words(np.flatnonzero(visible & (distance < near)))
        if border:
            sentences.append(f"At the border of the picture: {border}; the person may be cut off there")
    return usable, ". ".join(sentences) + "."


def _words(joints):
    """Joints as `a, b and c`; a right and a left one together as `both knees`."""
    words, listed = [WORDS[joint] for joint in joints], []
    for word in words:
        side, _, part = word.partition(" ")
        if side == "left" and f"right {part}" in words:
            continue
        both = side == "right" and f"left {part}" in words
        listed.append(f"both {part}s" if both else word)
    return " and ".join([", ".join(listed[:-1]), listed[-1]] if len(listed) > 1 else listed)
