import json
from pathlib import Path

import numpy as np
import pytest

from pgig.errors import StorageError
from pgig.own_set.photos import find_photos
from pgig.own_set.poses import PoseStore, estimate, made_with
from tests.conftest import file_size_limit
from tests.estimate.dots import figure
from tests.own_set.conftest import put


@pytest.fixture
def found(photos):
    return find_photos(photos)[0]


def estimated(found, estimator, folder="poses"):
    store = PoseStore(folder, made_with((estimator, None)))
    unread = estimate(found, store, (estimator, None), show=False)
    return store, unread


def test_joints_come_back_from_the_file(found, estimator):
    store, unread = estimated(found, estimator)
    assert unread == {} and estimator.seen
    again = PoseStore("poses", made_with((estimator, None)))
    for photo in found:
        one, other = store[photo.digest], again[photo.digest]
        assert one.size == other.size == (80, 60) and one.people == other.people == 1
        np.testing.assert_array_equal(one.keypoints, other.keypoints)
        np.testing.assert_array_equal(one.scores, other.scores)
    places = [values[:2] for values in figure(6, 20, step=3).values()]
    np.testing.assert_array_equal(store[found[0].digest].keypoints[:, :2], places)


def test_a_killed_program_goes_on_after_the_last_whole_line(found, estimator):
    estimated(found, estimator)
    (path,) = Path("poses").iterdir()
    lines = path.read_text().splitlines(keepends=True)
    assert len(lines) == 8
    path.write_text("".join(lines[:4]) + lines[4][:40])
    del estimator.seen[:]
    store, _ = estimated(found, estimator)
    # Each small photo is looked at twice.
    seen = len(estimator.seen)
    assert 4 <= seen <= 8 and all(photo.digest in store for photo in found)
    estimated(found, estimator)
    assert len(estimator.seen) == seen


def test_photos_may_be_renamed_and_other_estimators_are_kept_apart(found, photos, estimator):
    estimated(found, estimator)
    Path("photos/ben").rename("photos/Benjamin")
    del estimator.seen[:]
    estimated(find_photos(photos)[0], estimator)
    assert estimator.seen == []
    estimator.fingerprint = "dots-2"
    estimated(found[:1], estimator)
    assert estimator.seen and len(list(Path("poses").iterdir())) == 2


def test_nobody_and_unreadable_photos(photos, estimator):
    put("photos/ben/nobody.png")
    Path("photos/ben/broken.png").write_bytes(b"no picture")
    Path("photos/ben/empty.png").write_bytes(b"")
    store, unread = estimated(find_photos(photos)[0], estimator)
    assert set(unread) == {"ben/broken.png", "ben/empty.png"}
    assert "is not a readable picture" in unread["ben/broken.png"]
    (nobody,) = (store[photo.digest] for photo in find_photos(photos)[0] if photo.shown == "ben/nobody.png")
    assert nobody.people == 0 and nobody.keypoints.tolist() == [[-1, -1, 0]] * 18


@pytest.mark.parametrize(
    "change",
    [
        {"size": [80]}, {"size": [0, 60]}, {"size": "big"}, {"people": -1}, {"people": True}, {"people": 1.5},
        {"keypoints": [[1, 2, 3]]}, {"keypoints": [[float("nan")] * 3] * 18}, {"scores": "x"}, {"photo": 7},
        {"scores": [1e999] * 18}, {"keypoints": None},
    ],
)  # fmt: skip
def test_damaged_lines_say_nothing(found, estimator, change):
    estimated(found[:1], estimator)
    (path,) = Path("poses").iterdir()
    head, line = path.read_text().splitlines()
    path.write_text(f"{head}\n{json.dumps(json.loads(line) | change)}\n[]\n{'[' * 100_000}\n")
    assert found[0].digest not in PoseStore("poses", made_with((estimator, None)))


def test_a_full_disk_is_one_sentence(found, estimator):
    with file_size_limit(600), pytest.raises(StorageError, match="start the same command again"):
        estimated(found, estimator)
    store, _ = estimated(found, estimator)
    assert all(photo.digest in store for photo in found)
