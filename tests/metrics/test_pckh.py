import numpy as np
import pytest

from pgig.errors import DataError
from pgig.metrics.pckh import pckh, pckh_counts, pckh_of_files, target_name
from pgig.pose.files import HEADER
from pgig.pose.joints import indices

NOSE, NECK, SHOULDER = indices("nose neck Rsho")


def pose(**points):
    """(18, 3) of the given joints; the others are missing."""
    keypoints = np.tile(np.float32([-1, -1, 0]), (18, 1))
    for name, (y, x) in points.items():
        keypoints[indices(name)[0]] = y, x, 1
    return keypoints


# A head 10 wide and 20 high: a joint may be off by less than 5 columns and 10 rows.
TARGET = pose(nose=(10, 30), neck=(30, 40), Rsho=(30, 60))


def counts(target, predicted):
    correct, total = pckh_counts(target[None], predicted[None])
    return int(correct[0]), int(total[0])


@pytest.mark.parametrize("off, right", [((9.9, 4.9), 1), ((10, 0), 0), ((0, 5), 0), ((-9.9, -4.9), 1), ((0, -5), 0)])
def test_a_joint_must_be_nearer_than_half_the_head_on_each_axis(off, right):
    predicted = TARGET.copy()
    predicted[SHOULDER, :2] += off
    assert counts(TARGET, predicted) == (2 + right, 3)


def test_joints_that_are_missing_in_the_prediction_or_the_target():
    assert counts(TARGET, pose(nose=(10, 30))) == (1, 3)
    assert counts(TARGET, np.concatenate([TARGET[:3], pose(nose=(1, 1), Lank=(1, 1))[3:]])) == (3, 3)
    # A missing joint is wrong even where both tables give it the same coordinates.
    assert counts(TARGET, TARGET * [1, 1, 0]) == (0, 3)


def test_without_two_points_of_the_head_a_picture_is_left_out():
    assert counts(pose(neck=(30, 40), Rsho=(30, 60)), TARGET) == (0, 0)


def test_a_head_without_width_makes_all_joints_wrong_but_counted():
    flat = pose(nose=(10, 40), neck=(30, 40), Rsho=(30, 60))
    assert counts(flat, flat) == (0, 3)


def test_pictures_do_not_depend_on_each_other():
    random = np.random.default_rng(0)
    places, seen = random.uniform(0, 40, (2, 30, 18, 2)), random.random((2, 30, 18, 1)) > 0.4
    target, predicted = np.concatenate([places, seen], axis=-1)
    correct, total = pckh_counts(target, predicted)
    singles = [pckh_counts(target[i : i + 1], predicted[i : i + 1]) for i in range(30)]
    assert [(c[0], t[0]) for c, t in singles] == list(zip(correct, total, strict=True))
    assert pckh(correct, total) == correct.sum() / total.sum()


def test_nothing_to_count():
    correct, total = pckh_counts(np.zeros((0, 18, 3)), np.zeros((0, 18, 3)))
    assert correct.shape == total.shape == (0,)
    assert np.isnan(pckh(correct, total))


def test_other_shapes_are_refused():
    with pytest.raises(DataError, match=r"\(1, 18, 3\) and predicted ones of shape \(2, 18, 3\)"):
        pckh_counts(np.zeros((1, 18, 3)), np.zeros((2, 18, 3)))


@pytest.mark.parametrize(
    "name, target",
    [
        ("a_1.jpg___b_2.jpg_vis.jpg", "b_2.jpg"),
        ("a_1.jpg___b_2.jpg_vis.png", "b_2.jpg"),
        ("a_1.jpg_b_2.jpg.png", "b_2.jpg"),
    ],
)
def test_target_names(name, target):
    assert target_name(name) == target


@pytest.mark.parametrize("name", ["a.jpg", "", "a_vis.jpg", "a.jpg___"])
def test_names_without_a_target_are_refused(name):
    with pytest.raises(DataError, match="says no target picture"):
        target_name(name)


def table(path, rows):
    """An annotation table of (name, ys, xs)."""
    lines = [HEADER] + [f"{name}: {ys.tolist()}: {xs.tolist()}" for name, ys, xs in rows]
    path.write_text("\n".join([*lines, ""]))
    return path


def test_a_joint_with_one_coordinate_of_minus_one_counts_by_its_y(tmp_path):
    ys, xs = np.full(18, -1), np.full(18, -1)
    ys[[NOSE, NECK]], xs[[NOSE, NECK]] = (10, 30), (30, 40)
    only_y, only_x = ys.copy(), xs.copy()
    only_y[SHOULDER], only_x[SHOULDER] = 20, 20
    targets = [("y.jpg", only_y, xs), ("x.jpg", ys, only_x)]
    predicted = [(f"a.jpg___{name}_vis.jpg", only_y, xs) for name, _, _ in targets]
    result = pckh_of_files(table(tmp_path / "t.csv", targets), table(tmp_path / "p.csv", predicted))
    assert result == {"correct": 4, "total": 3 + 2, "value": 4 / 5}


def test_a_target_without_annotation_is_named(tmp_path):
    row = (np.arange(18), np.arange(18))
    targets = table(tmp_path / "t.csv", [("b.jpg", *row)])
    predicted = table(tmp_path / "p.csv", [("a.jpg___b.jpg_vis.jpg", *row), ("a.jpg___c.jpg_vis.jpg", *row)])
    with pytest.raises(DataError, match="t.csv has no row for c.jpg"):
        pckh_of_files(targets, predicted)


def test_an_empty_table_of_predictions_is_refused(tmp_path):
    targets = table(tmp_path / "t.csv", [("b.jpg", np.arange(18), np.arange(18))])
    with pytest.raises(DataError, match="p.csv has no rows"):
        pckh_of_files(targets, table(tmp_path / "p.csv", []))
