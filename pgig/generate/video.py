"""Writing frames as a GIF (Pillow) or an mp4 (H.264, by the ffmpeg of the extra `video`)."""

import subprocess
from pathlib import Path

from PIL import Image

from pgig.errors import MissingPackageError, OptionsError, StorageError
from pgig.utils.files import atomic_path

# A GIF counts in hundredths of a second, and viewers slow down what is shown for less than two of them.
_GIF_TICKS, _FEWEST_TICKS = 100, 2


def check_video(path, fps):
    """Find out whether a video can be written at all, before any work is done for it.

    Args:
        path: name of the video, ending in `.gif` or `.mp4`.
        fps: frames a second.

    Raises:
        OptionsError: another ending, or a rate that is no positive number.
        MissingPackageError: it is an mp4 and there is no encoder.
    """
    if not 0 < fps < float("inf"):
        raise OptionsError(f"--fps {fps:g} must be a number above 0.")
    kind = Path(path).suffix.lower()
    if kind not in (".gif", ".mp4"):
        raise OptionsError(f"--video {path} ends neither in .gif nor in .mp4: give one of these endings.")
    if kind == ".mp4":
        _encoder()


def write_video(path, frames, fps):
    """Write a video as a whole or not at all.

    Args:
        path: name of the video, ending in `.gif` or `.mp4`.
        frames: N >= 1 pictures (H, W, 3) uint8 of one size. In an mp4 odd sizes get a black line to be even.
        fps: frames a second. In a GIF the nearest rate of 100/2, 100/3, 100/4, ... frames a second.

    Raises:
        OptionsError, MissingPackageError: see `check_video`.
        StorageError: the file cannot be written.
    """
    check_video(path, fps)
    write = _write_gif if Path(path).suffix.lower() == ".gif" else _write_mp4
    with atomic_path(path) as temporary:
        write(temporary, frames, fps)


def _write_gif(path, frames, fps):
    duration = 10 * max(_FEWEST_TICKS, round(_GIF_TICKS / fps))
    first, *rest = (Image.fromarray(frame) for frame in frames)
    first.save(path, format="GIF", save_all=True, append_images=rest, duration=duration, loop=0)


def _write_mp4(path, frames, fps):
    height, width = frames[0].shape[:2]
    given = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", str(fps), "-i", "-"]
    # Two by two pixels share a colour in the format that every player reads: hence even sizes.
    wanted = ["-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2", "-c:v", "libx264", "-crf", "15", "-pix_fmt", "yuv420p"]
    command = [_encoder(), "-v", "error", "-y", *given, *wanted, str(path)]
    done = subprocess.run(command, input=b"".join(frame.tobytes() for frame in frames), capture_output=True)
    if done.returncode:
        reason = (done.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"])[-1]
        raise StorageError(f"The encoder failed ({reason}): free some space on the device, or give a .gif instead.")


def _encoder():
    """Path of ffmpeg."""
    try:
        from imageio_ffmpeg import get_ffmpeg_exe

        return get_ffmpeg_exe()
    except (ImportError, RuntimeError):
        raise MissingPackageError(
            'An mp4 needs an encoder: pip install "pgig[video]", or give a .gif instead.'
        ) from None
