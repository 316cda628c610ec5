"""Boxes of body parts: margins, the head, missing joints, borders."""

import numpy as np
import pytest

from pgig.data.authors_parts import PARTS, part_boxes
from pgig.pose.joints import INDEX, indices

SIZE = (256, 200)


def pose(**places):
    """(18, 3) with joints by name, all others missing."""
    keypoints = np.zeros((18, 3))
    for name, place in places.items():
        keypoints[INDEX[name]] = *place, 1
    return keypoints


LEGS = {"Lkne": (200, 60), "Rank": (230, 40)}
ARM = {"Lsho": (100, 80), "Lelb": (120, 70.5)}


def box(part, keypoints, whole_head=True):
    boxes, visible = part_boxes(keypoints, SIZE, whole_head)
    number = PARTS.index(indices(part))
    return boxes[number].tolist() if visible[number] else None


def test_the_parts():
    assert len(PARTS) == 37 and PARTS[16] == tuple(range(18)) and PARTS[17:35] == tuple((k,) for k in range(18))
    assert PARTS[3] == (5, 6, 7) and PARTS[35] == (2, 3, 4, 8, 9, 10)


@pytest.mark.parametrize(("joints", "margin"), [(ARM, 20), (ARM | LEGS, 10), (ARM | {"Lkne": (9, 9)}, 20)])
def test_margins_are_wide_unless_both_shins_are_seen(joints, margin):
    keypoints = pose(**joints)
    assert box("Lsho Lelb", keypoints) == [100 - margin, int(70.5 - margin), 120 + margin, 80 + margin]
    assert box("Lsho", keypoints) == [100 - 2 * margin, 80 - 2 * margin, 100 + 2 * margin, 80 + 2 * margin]
    assert box("Lsho Lelb", keypoints, whole_head=False) == [94, 64, 126, 86]
    assert box("Lsho", keypoints, whole_head=False) == [90, 70, 110, 90]
    assert box("Rsho Relb", keypoints) is None


@pytest.mark.parametrize(("joints", "top"), [({}, 60 - 25 - 40), (LEGS, 60 - 10 - 20)])
def test_the_nose_makes_room_for_the_head(joints, top):
    keypoints = pose(nose=(60, 100), **joints)
    assert box("nose", keypoints)[0] == max(0, top)
    assert box("nose", keypoints, whole_head=False)[0] == 50


def test_boxes_stay_inside_and_nothing_is_a_pixel():
    boxes, visible = part_boxes(pose(Lsho=(0, 199), Lelb=(255, 0)), SIZE)
    assert boxes[3].tolist() == [0, 0, 255, 199]
    boxes, visible = part_boxes(pose(), SIZE)
    assert boxes.tolist() == [[0, 0, 1, 1]] * 37 and not visible.any()
