import numpy as np
import pytest
from PIL import Image

from pgig.cli.options import parse
from pgig.data.photos import read_photo
from pgig.errors import DataError
from pgig.pose.files import write_annotations
from pgig.repose.framing import framing_of
from pgig.repose.subjects import Finder, framed, read_subject, read_target
from tests.estimate.dots import DotEstimator
from tests.repose.people import figure


@pytest.fixture
def finder():
    return Finder(DotEstimator())


def places(drawn):
    return np.array([values[:2] for values in drawn.values()], np.float32)


def test_the_person_of_a_photo(people, finder):
    subject = read_subject("photos/one.png", finder)
    np.testing.assert_array_equal(subject.keypoints[:, :2], places(people["photos/one.png"]))
    assert subject.name == "one.png" and subject.pixels.shape == (160, 120, 3)
    assert len(subject.sentences) == 1 and "18 of 18" in subject.sentences[0] and "0.80" in subject.sentences[0]


def test_pictures_in_memory(people, finder):
    pixels = read_photo("photos/one.png")
    for read in (read_subject, read_target):
        np.testing.assert_array_equal(read(pixels, finder).keypoints[:, :2], places(people["photos/one.png"]))


def test_nobody_and_too_many(people, finder):
    Image.new("RGB", (100, 100)).save("empty.png")
    with pytest.raises(DataError, match="Nobody was found in empty.png"):
        read_subject("empty.png", finder)
    with pytest.raises(DataError, match="this part of one.png"):
        read_subject("photos/one.png", finder, box=(0, 0, 10, 10))
    with pytest.raises(DataError, match="--person 2 is none of the 1 found"):
        read_subject("photos/one.png", finder, person=2)


def test_joints_that_are_given(people):
    estimator = DotEstimator()
    given = figure(100, 20, 60)
    np.save("own.npy", given)
    write_annotations("table.csv", ["a/one.png", "two.png"], [given, figure(50, 20, 60)])
    for keypoints in (given, "own.npy", "table.csv"):
        subject = read_subject("photos/one.png", Finder(estimator), keypoints=keypoints)
        np.testing.assert_allclose(subject.keypoints, given, atol=0.5)
    assert not estimator.seen


def without(keypoints, *joints):
    keypoints[list(joints)] = -1, -1, 0
    return keypoints


@pytest.mark.parametrize(
    "keypoints, problem",
    [
        (figure(300, 20, 60), "do not all lie in its 160 x 120 pixels"),
        ("walking", "a pose without a photo"),
        (without(figure(100, 20, 60), 8), "right hip"),
    ],
)
def test_joints_that_do_not_fit(people, finder, keypoints, problem):
    with pytest.raises(DataError, match=problem):
        read_subject("photos/one.png", finder, keypoints=keypoints)


def test_poses_of_all_kinds(people, finder):
    assert read_target("arms-up", finder).pixels is None
    assert read_target(figure(0.7), finder).keypoints.shape == (18, 3)
    assert read_target("photos/two.png", finder).pixels is not None
    with pytest.raises(DataError, match="no pose 'flying'"):
        read_target("flying", finder)


def test_what_is_said_of_a_crop(people, finder):
    framing = framing_of(parse(["--dataset", "market"]).data)
    near = framed(read_subject(read_photo("photos/one.png")[:108, 25:60], finder), framing)
    assert near.pixels.shape == (128, 64, 3)
    assert any("its border is repeated" in sentence for sentence in near.sentences)
    wide = framed(read_target("t-pose", finder), framing)
    assert wide.pixels is None and any("smaller than those" in sentence for sentence in wide.sentences)
    half = without(figure(100, 20, 60), 9, 10, 12, 13)
    subject = read_subject("photos/one.png", finder, keypoints=half)
    assert any("legs" in sentence for sentence in framed(subject, framing).sentences)
    assert not any("legs" in sentence for sentence in near.sentences)


def test_a_light_one_keeps_the_crop(people, finder):
    one = framed(read_subject("photos/one.png", finder), framing_of(parse(["--dataset", "market"]).data))
    light = one.light()
    assert light.subject.pixels is None and light.pixels is one.pixels and one.subject.pixels is not None
