import subprocess
import sys

import numpy as np
import pytest
from PIL import Image, ImageSequence

from pgig.errors import MissingPackageError, OptionsError, StorageError
from pgig.generate.video import check_video, write_video

COUNT, HEIGHT, WIDTH = 9, 48, 64


@pytest.fixture
def frames():
    """A white square that moves to the right, on grey."""
    frames = np.full((COUNT, HEIGHT, WIDTH, 3), 90, np.uint8)
    for number, frame in enumerate(frames):
        frame[16:32, 4 * number : 4 * number + 16] = 255
    return list(frames)


def test_gif_plays_all_frames_at_the_rate(frames, tmp_path):
    path = tmp_path / "new" / "walk.gif"
    write_video(path, frames, fps=12.5)
    with Image.open(path) as film:
        played = [(np.asarray(frame.convert("RGB")), frame.info["duration"]) for frame in ImageSequence.Iterator(film)]
    assert [duration for _, duration in played] == [80] * COUNT
    np.testing.assert_array_equal([pixels for pixels, _ in played], frames)
    assert [file.name for file in path.parent.iterdir()] == ["walk.gif"]


@pytest.mark.parametrize("fps, duration", [(12, 80), (25, 40), (1000, 20)])
def test_gif_takes_the_nearest_rate_that_viewers_keep(frames, tmp_path, fps, duration):
    write_video(tmp_path / "walk.gif", frames, fps)
    with Image.open(tmp_path / "walk.gif") as film:
        assert film.info["duration"] == duration


def test_mp4_plays_all_frames_at_the_rate(frames, tmp_path):
    encoder = pytest.importorskip("imageio_ffmpeg")
    path = tmp_path / "walk.mp4"
    write_video(path, frames, fps=12)
    assert encoder.count_frames_and_secs(path) == (COUNT, COUNT / 12)
    command = [encoder.get_ffmpeg_exe(), "-v", "error", "-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    played = np.frombuffer(subprocess.run(command, capture_output=True, check=True).stdout, np.uint8)
    played = played.reshape(COUNT, HEIGHT, WIDTH, 3)
    assert np.abs(played.astype(float) - frames).mean() < 3


@pytest.mark.parametrize("path, fps", [("walk.avi", 12), ("walk", 12), ("walk.gif", 0), ("walk.gif", float("nan"))])
def test_other_endings_and_rates_are_refused(path, fps):
    with pytest.raises(OptionsError):
        check_video(path, fps)


def test_mp4_without_encoder_is_refused_and_gif_is_not(monkeypatch):
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    check_video("walk.gif", 12)
    with pytest.raises(MissingPackageError, match="pgig\\[video\\]"):
        check_video("walk.mp4", 12)


@pytest.mark.parametrize("ffmpeg", [sys.executable, None])
def test_a_failed_encoder_leaves_nothing(frames, tmp_path, monkeypatch, ffmpeg):
    encoder = pytest.importorskip("imageio_ffmpeg")
    (tmp_path / "walk.mp4").write_bytes(b"earlier")
    if ffmpeg:
        monkeypatch.setattr(encoder, "get_ffmpeg_exe", lambda: ffmpeg)
    # A rate that ffmpeg refuses.
    with pytest.raises(StorageError, match="encoder failed"):
        write_video(tmp_path / "walk.mp4", frames, fps=1e-30)
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("walk.mp4", b"earlier")]


def test_mp4_of_odd_size(frames, tmp_path):
    encoder = pytest.importorskip("imageio_ffmpeg")
    write_video(tmp_path / "walk.mp4", [frame[:-1, :-1].copy() for frame in frames], fps=12)
    assert encoder.count_frames_and_secs(tmp_path / "walk.mp4")[0] == COUNT
