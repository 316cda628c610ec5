import numpy as np
import pytest

from pgig.cli.options import parse
from pgig.errors import DataError
from pgig.generate.video import write_video
from pgig.repose.framing import framing_of
from pgig.repose.sequence import follow, is_sequence, open_frames, steady
from pgig.repose.subjects import Finder
from tests.estimate.dots import DotEstimator, figure, photo
from tests.repose.people import figure as body


@pytest.fixture
def framing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return framing_of(parse(["--dataset", "market"]).data)


def test_frames_of_a_folder_by_the_value_of_their_numbers(people):
    frames, total, rate = open_frames("moves")
    assert total == 3 and rate is None
    columns = [np.argwhere(frame[..., 2] == 255)[:, 1].min() for frame in frames]
    assert columns == [12, 14, 30]
    frames, total, _ = open_frames("moves", limit=2)
    assert total == 2 and len(list(frames)) == 2


def test_frames_of_a_video(tmp_path):
    pytest.importorskip("imageio_ffmpeg")
    shown = [np.full((48, 64, 3), 10 * number, np.uint8) for number in range(5)]
    write_video(tmp_path / "film.mp4", shown, 24)
    frames, total, rate = open_frames(tmp_path / "film.mp4", limit=3)
    read = list(frames)
    assert total is None and rate == 24 and len(read) == 3
    np.testing.assert_allclose(read, shown[:3], atol=3)


def test_large_videos_are_reduced(tmp_path):
    pytest.importorskip("imageio_ffmpeg")
    write_video(tmp_path / "film.mp4", [np.zeros((200, 1920, 3), np.uint8)], 24)
    assert next(open_frames(tmp_path / "film.mp4")[0]).shape == (100, 960, 3)


def test_what_is_no_video(tmp_path):
    pytest.importorskip("imageio_ffmpeg")
    (tmp_path / "film.mp4").write_bytes(b"#EXTM3U\nfile:///etc/hostname\n" * 9)
    with pytest.raises(DataError, match="not a readable video"):
        open_frames(tmp_path / "film.mp4")
    with pytest.raises(DataError, match="holds no pictures"):
        open_frames(tmp_path)


def test_what_is_a_sequence(tmp_path):
    for name in ("a.mp4", "b.gif", "c.png", "d.json"):
        (tmp_path / name).touch()
    found = [is_sequence(tmp_path / name) for name in ("", "a.mp4", "b.gif", "c.png", "d.json", "missing.mp4")]
    assert found == [True, True, True, False, False, False]


def test_one_person_is_followed():
    estimator = DotEstimator()
    # The other one is brighter from the second frame on.
    drawn = [figure(20 + number, 30, step=5, score=0.7) for number in range(4)]
    other = figure(300, 350, step=5, score=0.9)
    frames = [photo(450, 450, one, *[other] * (number > 0)) for number, one in enumerate(drawn)]
    poses, lost = follow(frames, Finder(estimator))
    assert lost == 0
    np.testing.assert_array_equal(poses[:, 0, :2], [one[0][:2] for one in drawn])
    # Beside the whole first picture, only the surroundings of the person.
    assert estimator.seen.count((450, 450)) == 1


def test_frames_without_a_pose_take_one_from_beside():
    drawn, empty = photo(160, 120, figure(20, 30, step=5)), np.zeros((160, 120, 3), np.uint8)
    poses, lost = follow([empty, drawn, empty], Finder(DotEstimator()))
    assert lost == 2
    np.testing.assert_array_equal(poses[0], poses[1])
    np.testing.assert_array_equal(poses[2], poses[1])
    with pytest.raises(DataError, match="No frame shows somebody"):
        follow([empty], Finder(DotEstimator()))


def test_a_walk_across_the_picture_stays_in_view(framing):
    poses = np.stack([body(200, 30, 40 + 6 * number, "walking") for number in range(80)])
    framed = np.stack(steady(poses, framing, 24))
    assert (framed[..., 2] == 1).all()
    assert np.ptp(framed[10:-10, :, 1], axis=0).max() <= 2


def test_jumps_of_the_estimate_do_not_shake_the_view(framing):
    poses = np.stack([body(200, 30, 100)] * 60)
    # An arm that is found elsewhere in one frame would move the crop by half of that.
    poses[30, 4, 1] += 60
    framed = np.stack(steady(poses, framing, 24))
    assert np.ptp(framed[:, 12, 1]) <= 2


def test_missing_joints_come_from_the_frame_before(framing):
    poses = np.stack([body(200, 30, 100)] * 3)
    poses[1, 4] = -1, -1, 0
    framed = steady(poses, framing)
    np.testing.assert_array_equal(framed[1][4], framed[0][4])
