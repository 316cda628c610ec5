import numpy as np
import pytest

from pgig.estimate.decode import FIELD_CHANNELS, decode, scales
from pgig.pose.joints import DRAW_LIMBS, INDEX

SIZE = (96, 96)
POSE = {
    "nose": (12, 30), "neck": (24, 30), "Rsho": (24, 22), "Relb": (36, 18), "Rwri": (48, 16),
    "Lsho": (24, 38), "Lelb": (36, 42), "Lwri": (48, 44), "Rhip": (52, 25), "Rkne": (68, 24),
    "Rank": (84, 24), "Lhip": (52, 35), "Lkne": (68, 36), "Lank": (84, 36),
}  # fmt: skip


def maps(people):
    """Heat maps and fields as a perfect estimator would give them; people are (joint -> y, x; confidence)."""
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    heat, fields = np.zeros((*SIZE, 19)), np.zeros((*SIZE, 38))
    for pose, confidence in people:
        points = {INDEX[name]: np.array(point, float) for name, point in pose.items()}
        for joint, (y, x) in points.items():
            blob = confidence * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / 18)
            heat[..., joint] = np.maximum(heat[..., joint], blob)
        for (first, second), channel in zip(DRAW_LIMBS, FIELD_CHANNELS, strict=True):
            if first in points and second in points:
                along = points[second] - points[first]
                length = np.hypot(*along)
                y, x = along / length
                t = (rows - points[first][0]) * y + (columns - points[first][1]) * x
                offset = (columns - points[first][1]) * y - (rows - points[first][0]) * x
                near = (t >= -1) & (t <= length + 1) & (np.abs(offset) <= 2)
                fields[near, channel], fields[near, channel + 1] = confidence * x, confidence * y
    return heat, fields


def expected(pose):
    keypoints = np.tile(np.float32([-1, -1, 0]), (18, 1))
    for name, point in pose.items():
        keypoints[INDEX[name]] = *point, 1
    return keypoints


def test_a_person_comes_back_with_missing_joints_missing():
    np.testing.assert_array_equal(decode(*maps([(POSE, 0.9)])), expected(POSE))
    assert decode(*maps([(POSE, 0.9)])).dtype == np.float32


def test_the_most_confident_of_several_people_wins():
    left = {name: (y, x - 6) for name, (y, x) in POSE.items()}
    right = {name: (y, x + 40) for name, (y, x) in POSE.items()}
    for first, second in ((0.9, 0.6), (0.6, 0.9)):
        result = decode(*maps([(left, first), (right, second)]))
        np.testing.assert_array_equal(result, expected(left if first > second else right))


@pytest.mark.parametrize("joints", [(), ("neck", "Rsho", "Relb")])
def test_fewer_than_four_joints_are_no_person(joints):
    few = {name: POSE[name] for name in joints}
    np.testing.assert_array_equal(decode(*maps([(few, 0.9)])), expected({}))


def test_weak_maps_are_no_person():
    np.testing.assert_array_equal(decode(*maps([(POSE, 0.15)])), expected({}))


def test_random_maps_of_any_size_are_decoded():
    generator = np.random.default_rng(0)
    for size in ((1, 1), (7, 40), (33, 21)):
        heat, fields = generator.random((*size, 19)), generator.normal(size=(*size, 38))
        keypoints = decode(heat, fields)
        seen = keypoints[keypoints[:, 2] > 0, :2]
        assert (seen >= 0).all() and (seen < size).all()


def test_whole_factors_are_rounded_down_but_never_to_nothing():
    assert scales(128) == (1.4375, 2, 4.3125, 5)
    assert scales(1000) == (0.184, 0.368, 0.552, 0.736)
