"""Boxes around parts of the body against the rule, joint by joint."""

import numpy as np
import pytest
from keras import ops

from pgig.pose.part_boxes import PARTS, part_boxes

SIZE = (128, 64)

# Joints and margins (x, y) of head, left arm, right arm, belly, left leg, right leg and hip, by number.
RULE = (
    ((0, 1, 14, 15, 16, 17), 5, 10), ((5, 6, 7), 5, 10), ((2, 3, 4), 5, 10), ((1, 2, 5, 8, 11), 5, 5),
    ((11, 12, 13), 5, 5), ((8, 9, 10), 5, 5), ((8, 11), 10, 20),
)  # fmt: skip


def plain_boxes(pose, size):
    boxes = []
    for joints, margin_x, margin_y in RULE:
        found = [pose[joint] for joint in joints if pose[joint][2] > 0]
        if len(found) < 2:
            boxes.append((0, 0, 0, 0))
            continue
        ys, xs = [joint[0] for joint in found], [joint[1] for joint in found]
        low = max(min(xs) - margin_x, 1), max(min(ys) - margin_y, 1)
        boxes.append((*low, min(max(xs) + margin_x, size[1]), min(max(ys) + margin_y, size[0])))
    return boxes


def test_boxes_of_people_and_of_points_anywhere(strangers, crowd, compiled):
    poses = np.concatenate([strangers, crowd])
    poses[:, :, :2] = np.where(poses[..., 2:] > 0, np.clip(poses[..., :2], 0, (127, 63)), -1)
    boxes = ops.convert_to_numpy(compiled(lambda keypoints: part_boxes(keypoints, SIZE), 1)(poses))
    assert boxes.dtype == np.float32 and boxes.shape == (24, len(PARTS), 4)
    np.testing.assert_array_equal(boxes, [plain_boxes(pose, SIZE) for pose in poses])
    assert (boxes == 0).all(-1).any() and (boxes[..., 2:] == SIZE[::-1]).any((0, 1)).all()


def test_parts_have_names_and_order():
    assert list(PARTS) == ["head", "left arm", "right arm", "belly", "left leg", "right leg", "hip"]


@pytest.mark.parametrize("joints", [0, 1])
def test_a_part_of_fewer_than_two_joints_has_no_box(standing, joints):
    standing[[5, 6, 7], 2] = 0
    standing[[5, 6, 7][:joints], 2] = 1
    boxes = ops.convert_to_numpy(part_boxes(standing[None], SIZE))[0]
    assert not boxes[1].any() and boxes[[0, 2, 3, 4, 5, 6]].all()


def test_joints_outside_the_picture_never_lead_a_box_out_of_it(standing):
    poses = np.tile(standing, (3, 1, 1))
    poses[0, 2:5, :2] = (-1e30, 500)
    poses[1, 2:5, :2] = (-40, -40)
    poses[2, 2:4, :2] = (60, -9)
    boxes = ops.convert_to_numpy(part_boxes(poses, SIZE))
    assert (boxes[..., :2] >= 1).all() and (boxes[..., 2:] <= SIZE[::-1]).all()
    assert (boxes[..., :2] <= boxes[..., 2:]).all()
    np.testing.assert_array_equal(boxes[:2, 2], [(64, 1, 64, 1), (1, 1, 1, 1)])
    np.testing.assert_array_equal(boxes[2, 2], (1, 46, 62, 70))
