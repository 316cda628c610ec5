"""Boxes of body parts: margins, the head, missing joints, borders."""

import numpy as np
import pytest
from keras import ops

from pgig.pose.body_parts import PARTS, body_boxes
from pgig.pose.joints import INDEX, indices

SIZE = (256, 200)


def pose(**places):
    """(18, 3) with joints by name, all others missing."""
    keypoints = np.tile(np.float32([-1, -1, 0]), (18, 1))
    for name, place in places.items():
        keypoints[INDEX[name]] = *place, 1
    return keypoints


LEGS = {"Lkne": (200, 60), "Rank": (230, 40)}
ARM = {"Lsho": (100, 80), "Lelb": (120, 70.5)}


def boxes_of(keypoints, rule):
    return [ops.convert_to_numpy(values)[0] for values in body_boxes(keypoints[None], SIZE, rule, len(PARTS))]


def box(part, keypoints, rule="deepfashion"):
    boxes, visible = boxes_of(keypoints, rule)
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
    assert box("Lsho Lelb", keypoints, "market") == [94, 64, 126, 86]
    assert box("Lsho", keypoints, "market") == [90, 70, 110, 90]
    assert box("Rsho Relb", keypoints) is None


@pytest.mark.parametrize(("joints", "top"), [({}, 60 - 25 - 40), (LEGS, 60 - 10 - 20)])
def test_the_nose_makes_room_for_the_head(joints, top):
    keypoints = pose(nose=(60, 100), **joints)
    assert box("nose", keypoints)[0] == max(0, top)
    assert box("nose", keypoints, "market")[0] == 50
    # It moves up to the border and no further: the box of one joint reaches as far down as from there.
    assert box("nose", pose(nose=(5, 100), **joints))[2] == (20 if joints else 40)
    # From above it comes down to the border, and stays where it is by the rule that knows no head.
    assert box("nose", pose(nose=(-4, 100), **joints))[2] == (20 if joints else 40)
    assert box("nose", pose(nose=(-4, 100), **joints), "market")[2] == 6


@pytest.mark.parametrize("rule", ["market", "deepfashion"])
def test_boxes_stay_inside_and_nothing_is_a_pixel(rule):
    boxes, _ = boxes_of(pose(Lsho=(0, 199), Lelb=(255, 0)), rule)
    assert boxes[3].tolist() == [0, 0, 255, 199]
    boxes, visible = boxes_of(pose(), rule)
    assert boxes.tolist() == [[0, 0, 1, 1]] * 37 and not visible.any()
    boxes, visible = boxes_of(pose(Lsho=(900, -900), nose=(-1e30, 1e30)), rule)
    assert (boxes >= 0).all() and (boxes <= np.tile(np.array(SIZE) - 1, 2)).all()
    assert (boxes[:, :2] <= boxes[:, 2:]).all() and visible[0] == visible[3] == 1


def test_batches_compiled_and_the_first_parts(strangers, crowd, compiled):
    poses = np.concatenate([strangers, crowd]).astype(np.float32)
    for rule in ("market", "deepfashion"):
        whole = [ops.convert_to_numpy(values) for values in body_boxes(poses, SIZE, rule, len(PARTS))]
        some = compiled(lambda keypoints, rule=rule: body_boxes(keypoints, SIZE, rule), 1)(poses)
        for first, every in zip(some, whole, strict=True):
            np.testing.assert_array_equal(ops.convert_to_numpy(first), every[:, :7])
        single = [boxes_of(one, rule) for one in poses]
        np.testing.assert_array_equal([boxes for boxes, _ in single], whole[0])
