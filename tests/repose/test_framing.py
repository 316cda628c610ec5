from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pgig.cli.options import parse
from pgig.errors import DataError
from pgig.pose.check import is_valid
from pgig.pose.files import read_annotations
from pgig.pose.joints import indices
from pgig.repose.framing import body_length, frame_person, framing_of
from tests.repose.people import figure

DEMO = Path(__file__).resolve().parents[2] / "data" / "demo-annotation-train.csv"


def framing(dataset="market", **changes):
    data = parse(["--dataset", dataset]).data
    return framing_of(replace(data, **{"annotations_file_train": "nowhere.csv"} | changes))


def place(keypoints, framing):
    """Length of the torso and its middle row, in heights of the picture, of a framed pose."""
    joints = frame_person(keypoints, framing).joints(keypoints)
    shoulders, hips = (joints[list(indices(names)), :2].mean(axis=0) for names in ("Rsho Lsho", "Rhip Lhip"))
    return body_length(joints) / framing.size[0], (shoulders + hips)[0] / 2 / framing.size[0]


def test_the_demo_sets_figures_are_those_of_its_table():
    known = framing("demo")
    measured = framing("demo", annotations_file_train=str(DEMO))
    assert measured.origin.endswith("train.csv")
    for name in ("whole", "part"):
        ours, theirs = getattr(known, name), getattr(measured, name)
        assert (ours.torso, ours.middle) == pytest.approx((theirs.torso, theirs.middle), abs=0.002)


def test_people_of_the_demo_set_stay_nearly_where_they_are():
    keypoints = read_annotations(DEMO).keypoints
    boxes = [frame_person(pose, framing("demo")).box for pose in keypoints[is_valid(keypoints)][::5]]
    assert np.median(boxes, axis=0) == pytest.approx((0, 0, 128, 64), abs=2)
    # Their sizes differ by some percent, as people do.
    heights = np.array(boxes)[:, 2] - np.array(boxes)[:, 0]
    assert 0.85 < np.quantile(heights, 0.1) / 128 and np.quantile(heights, 0.9) / 128 < 1.15


@pytest.mark.parametrize("height, top, left", [(0.9, 0, 0), (40, 3, 17), (3000, -400, 2500)])
def test_size_and_place_in_the_photo_do_not_matter(height, top, left):
    expected = frame_person(figure(100), framing()).joints(figure(100))
    keypoints = figure(height, top, left)
    moved = frame_person(keypoints, framing()).joints(keypoints)
    np.testing.assert_allclose(moved, expected, atol=1)


@pytest.mark.parametrize("dataset", ["market", "fasion", "demo"])
def test_whole_bodies(dataset):
    known = framing(dataset)
    torso, middle = place(figure(500, 20, 100), known)
    assert torso == pytest.approx(known.whole.torso, abs=0.015)
    assert middle == pytest.approx(known.whole.middle, abs=0.015)


def test_upper_bodies_are_larger_where_the_data_set_has_them_so():
    keypoints = figure(500, 20, 100)
    keypoints[list(indices("Rkne Lkne Rank Lank"))] = -1, -1, 0
    known = framing("fasion")
    assert known.knows_parts and not framing("market").knows_parts
    torso, middle = place(keypoints, known)
    assert torso == pytest.approx(known.part.torso, abs=0.01) and middle == pytest.approx(known.part.middle, abs=0.01)


def test_limbs_tell_the_size_of_a_torso_that_leans_towards_the_camera():
    upright, leaning = figure(500), figure(500)
    upper = leaning[:, 0] < leaning[indices("Rhip")[0], 0] - 1
    leaning[upper, 0] = leaning[indices("Rhip")[0], 0] + (leaning[upper, 0] - leaning[indices("Rhip")[0], 0]) * 0.3
    shoulders = list(indices("Rsho Lsho"))
    assert leaning[shoulders, 0].mean() > upright[shoulders, 0].mean() + 80
    assert body_length(leaning) == pytest.approx(body_length(upright), rel=0.2)


def test_arms_that_reach_far_make_the_person_smaller_but_not_much_too_small():
    wide = figure(500, name="t-pose")
    frame = frame_person(wide, framing())
    assert 0.6 <= frame.smaller < 0.85
    assert (frame.joints(wide)[:, 2] == wide[:, 2]).sum() >= 16
    assert frame_person(figure(500), framing()).smaller == 1
    up = figure(500, name="arms-up")
    assert frame_person(up, framing()).joints(up)[:, 2].all()


def test_no_joint_is_at_the_border():
    for name in ("walking", "sitting", "running", "arms-up"):
        keypoints = figure(300, 5, 5, name)
        joints = frame_person(keypoints, framing("demo")).joints(keypoints)
        seen = joints[joints[:, 2] > 0, :2]
        assert len(seen) == (keypoints[:, 2] > 0).sum()
        assert (seen >= 3).all() and (seen <= (124, 60)).all()


def test_stretched_pictures():
    stretched = framing("fasion", old_size=(256, 176), image_size=(256, 256))
    y0, x0, y1, x1 = frame_person(figure(500), stretched).box
    assert (y1 - y0) / (x1 - x0) == pytest.approx(256 / 176)


def test_a_table_of_few_rows_says_nothing(tmp_path):
    table = tmp_path / "train.csv"
    table.write_text("\n".join(DEMO.read_text().split("\n")[:15]))
    known = framing_of(replace(parse(["--dataset", "market"]).data, annotations_file_train=str(table)))
    assert known == framing("market")


def test_a_pose_without_extent():
    with pytest.raises(DataError, match="on one place"):
        frame_person(np.tile(np.float32([3, 3, 1]), (18, 1)), framing())
