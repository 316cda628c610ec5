import numpy as np
import pytest

from pgig.pose.describe import WORDS, describe
from pgig.pose.joints import FLIP, INDEX, NAMES


def pose(*missing):
    keypoints = np.column_stack([np.arange(20, 38), np.full(18, 30), np.ones(18)]).astype(float)
    keypoints[[INDEX[name] for name in missing]] = -1, -1, 0
    return keypoints


def test_words_name_the_joints():
    """Left and right are exchanged by mirroring, and stand where the names have them except for eyes and ears."""
    assert len(WORDS) == len(NAMES) == len(set(WORDS))
    for joint, mirrored in enumerate(FLIP):
        exchanged = WORDS[joint].replace("right", "#").replace("left", "right")
        assert exchanged.replace("#", "left") == WORDS[mirrored]
    assert [WORDS[INDEX[name]] for name in ("Rsho", "Lank", "Rhip")] == ["right shoulder", "left ankle", "right hip"]
    assert WORDS[14] == "right eye" and WORDS[17] == "left ear"


@pytest.mark.parametrize(
    "missing, usable, text",
    [
        ((), True, "18 of 18 joints were found."),
        (("Rkne", "Lkne", "Lank"), True, "15 of 18 joints were found, all but both knees and left ankle."),
        (
            ("nose", "Rhip", "Lhip"), False,
            "15 of 18 joints were found, all but nose and both hips. Without both hips the pose cannot be used: take a "
            "photo that shows the whole torso.",
        ),
        (NAMES, False, "No joint was found: there seems to be nobody in the picture."),
    ],
)  # fmt: skip
def test_sentences(missing, usable, text):
    assert describe(pose(*missing)) == (usable, text)


def test_scores_of_the_visible_joints_are_averaged():
    scores = np.full(18, 0.9)
    scores[0] = 0.0
    assert describe(pose("nose"), scores)[1] == "17 of 18 joints were found, all but nose (mean score 0.90)."
    assert "(mean score 0.20, which is little: look at the drawing)" in describe(pose(), np.full(18, 0.2))[1]


def test_joints_at_the_border_are_named():
    keypoints = pose()
    assert "border" not in describe(keypoints, size=(128, 64))[1]
    keypoints[INDEX["Rank"], 0], keypoints[INDEX["Lwri"], 1] = 127, 0
    usable, text = describe(keypoints, size=(128, 64))
    assert usable and text.endswith(
        "At the border of the picture: left wrist and right ankle; the person may be cut off there."
    )
