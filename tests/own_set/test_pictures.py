from types import SimpleNamespace

import numpy as np
import pytest

from pgig.config import Shared
from pgig.data.paths import data_paths
from pgig.own_set.pictures import sort_photos, whole_photo
from pgig.own_set.poses import Found
from pgig.pose.formats import read_pose
from pgig.pose.joints import INDEX
from pgig.repose.framing import framing_of

SIZE = 256, 176
FRAMING = framing_of(data_paths(Shared(dataset="fasion-resize", use_records=0)))


def standing(height=300, top=50, left=100):
    """A named pose somewhere in a photo of 400 x 300 pixels."""
    keypoints = np.array(read_pose("standing-front").keypoints, np.float32)
    seen = keypoints[:, 2] > 0
    low, high = keypoints[seen, :2].min(axis=0), keypoints[seen, :2].max(axis=0)
    keypoints[seen, :2] = (keypoints[seen, :2] - low) * (height / (high - low)[0]) + [top, left]
    return keypoints


def decided(keypoints, size=(400, 300), people=1, score=0.8, framing=FRAMING):
    photo = SimpleNamespace(shown="a.jpg", digest="a")
    found = Found(size, people, keypoints, np.full(18, score, np.float32))
    return sort_photos([photo], {"a": found}, SIZE, framing)


def without(keypoints, *joints):
    keypoints = keypoints.copy()
    keypoints[[INDEX[joint] for joint in joints]] = -1, -1, 0
    return keypoints


def test_a_person_is_framed_as_those_of_the_known_set():
    (picture,) = decided(standing()).pictures
    shoulders, hips = ([INDEX[name] for name in names] for names in (("Rsho", "Lsho"), ("Rhip", "Lhip")))
    torso = np.hypot(*(picture.keypoints[shoulders, :2].mean(axis=0) - picture.keypoints[hips, :2].mean(axis=0)))
    assert abs(torso / SIZE[0] - FRAMING.whole.torso) < 0.05
    assert picture.doubts == [] and picture.keypoints[:, 2].sum() == standing()[:, 2].sum()


def test_whole_photos_keep_their_shape():
    (picture,) = decided(standing(), framing=None).pictures
    # The 300 columns decide: they have less room than the 400 rows.
    scale = 176 / 300
    assert picture.frame.factors == pytest.approx((scale, scale))
    middle = (standing()[:, :2] + 0.5 - [200, 150]) * scale + [128, 88] - 0.5
    seen = standing()[:, 2] > 0
    np.testing.assert_allclose(picture.keypoints[seen, :2], middle[seen], atol=0.51)


def test_a_photo_of_the_pictures_size_stays_as_it_is():
    pixels = np.random.default_rng(0).integers(0, 256, (*SIZE, 3), dtype=np.uint8)
    np.testing.assert_array_equal(whole_photo(SIZE, SIZE).crop(pixels), pixels)


def test_what_is_left_out():
    nobody = decided(np.float32([[-1, -1, 0]] * 18), people=0)
    assert [photo.shown for photo in nobody.nobody] == ["a.jpg"] and not (nobody.pictures or nobody.unusable)
    head = decided(without(standing(), "Rhip", "Lsho"))
    assert [why for _, why in head.unusable] == ["without right hip, left shoulder"]
    assert not (head.pictures or head.nobody)
    point = standing()
    point[:, :2] = 100
    assert "lie on one place" in decided(point).unusable[0][1]
    for one in (nobody, head):
        assert len(one.others) == 1


def test_shoulders_that_fall_out_of_the_picture():
    keypoints = without(standing(height=60, left=150), "Relb", "Lelb")
    middle = keypoints[[INDEX["Rhip"], INDEX["Lhip"]], 1].mean()
    keypoints[[INDEX["Rsho"], INDEX["Lsho"]], 1] = middle - 60, middle + 60
    ((_, why),) = decided(keypoints).unusable
    assert why == "without left shoulder, right shoulder within the picture"


@pytest.mark.parametrize(
    ("change", "doubt"),
    [
        ({"score": 0.35}, "score 0.35"),
        ({"people": 3}, "3 people"),
        ({"keypoints": standing(height=100)}, "enlarged 2"),
        ({"keypoints": standing(top=-40), "size": (230, 300)}, "% beyond the photo"),
        ({"keypoints": without(standing(), "nose", "Leye", "Reye", "Lear", "Rear", "Relb", "Rwri")}, "11 of 18 joints"),
    ],
)
def test_doubts(change, doubt):
    (picture,) = decided(**{"keypoints": standing()} | change).pictures
    assert any(doubt in text for text in picture.doubts), picture.doubts
