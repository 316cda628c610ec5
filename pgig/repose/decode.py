"""The frames of a video file, by the ffmpeg of the extra `video`."""

import os
import re
import subprocess

import numpy as np

from pgig.errors import DataError, MissingPackageError

# Containers, in files: what else ffmpeg reads may be a list of other files, or come from the net.
_ALLOWED = ("-protocol_whitelist", "file", "-format_whitelist", "mov,mp4,matroska,webm,avi,gif,mpeg,mpegts,flv,asf,ogg")

_TIMEOUT = 60


def frame_rate(path):
    """Frames a second of a video file, or None where it does not say.

    Raises:
        DataError: it is no video.
        MissingPackageError: there is no decoder.
    """
    # Without an output, ffmpeg tells what the file holds, and fails.
    command = [_ffmpeg(), "-hide_banner", *_ALLOWED, "-i", _url(path)]
    try:
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=_TIMEOUT)
    except subprocess.TimeoutExpired:
        raise DataError(_problem(path)) from None
    about = re.search(r"Stream #0.*: Video:.*", done.stderr.decode(errors="replace"))
    if not about:
        raise DataError(_problem(path))
    rate = re.search(r"([0-9.]{1,9}) fps", about[0])
    return float(rate[1]) or None if rate else None


def decoded(path, most, longest):
    """The frames of a video file, upright.

    Args:
        path: of the file.
        most: only the first so many.
        longest: largest side in pixels; larger frames are reduced.

    Yields:
        (h, w, 3) uint8.

    Raises:
        DataError: the file is damaged before the first frame.
        MissingPackageError: there is no decoder.
    """
    scale = f"scale='min({longest},iw)':'min({longest},ih)':force_original_aspect_ratio=decrease"
    wanted = ["-an", "-vf", scale, "-frames:v", str(most), "-f", "image2pipe", "-vcodec", "ppm", "-"]
    command = [_ffmpeg(), "-v", "quiet", *_ALLOWED, "-i", _url(path), *wanted]
    count = 0
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        try:
            while (pixels := _read_ppm(process.stdout)) is not None:
                count += 1
                yield pixels
        finally:
            process.kill()
    if not count:
        raise DataError(_problem(path))


def _read_ppm(stream):
    """The next picture of a stream of PPM pictures, as ffmpeg writes them; None at its end."""
    if stream.readline() != b"P6\n":
        return None
    width, height = map(int, stream.readline().split())
    stream.readline()
    data = stream.read(3 * width * height)
    return np.frombuffer(data, np.uint8).reshape(height, width, 3) if len(data) == 3 * width * height else None


def _url(path):
    return f"file:{os.path.abspath(path)}"


def _problem(path):
    return f"{path} is not a readable video: give an .mp4, or a folder of frames."


def _ffmpeg():
    """Path of the program."""
    try:
        from imageio_ffmpeg import get_ffmpeg_exe

        return get_ffmpeg_exe()
    except (ImportError, RuntimeError):
        raise MissingPackageError(
            'A video needs a decoder: pip install "pgig[video]", or give a folder of its frames.'
        ) from None
