"""A film of one person, driven by a video or a folder of frames."""

from pathlib import Path

import numpy as np
from PIL import Image

from pgig.errors import OptionsError
from pgig.generate.pixels import write_picture
from pgig.generate.video import check_video, write_video
from pgig.repose.paste import paste
from pgig.repose.reposer import Reposer
from pgig.repose.sequence import USUAL_RATE, follow, is_sequence, open_frames, steady
from pgig.repose.sheets import film_picture
from pgig.repose.subjects import require_photo
from pgig.utils.files import require_folder
from pgig.utils.progress import progress_bar
from pgig.utils.words import counted

# What a film may hold before it is written, and the longest side of its frames.
_MOST_BYTES, _LONGEST = 2**29, 1280


def run_film(options, request, finder):
    """Drive one person by a sequence, and write the film.

    Args:
        options, finder: see `pgig.repose.run.run`.
        request: `pgig.repose.run.Request` with a `video`.

    Raises:
        PgigError: one sentence for whatever the user can mend.
    """
    if Path(request.photo).is_dir():
        raise OptionsError(f"--video makes a film of one photo, but {request.photo} is a folder: give a photo.")
    require_photo(request.photo)
    if not is_sequence(request.pose):
        raise OptionsError(f"--video needs a moving --pose, but {request.pose} is none: give a video or a folder.")
    check_video(request.video, 1 if request.fps is None else request.fps)
    frames, total, rate = open_frames(request.pose, options.shared.test_limit)
    fps = request.fps or rate or USUAL_RATE
    reposer = Reposer.of_options(options, finder)
    source = reposer.source(request.photo, request.box, request.person, request.keypoints)
    poses, lost = follow(frames, finder, total)
    poses = steady(poses, reposer.framing, rate)

    if request.output:
        require_folder(request.output)
    photo, shown = source.subject.pixels, []
    generated = reposer.generate(source, poses)
    for number, pixels in enumerate(progress_bar(generated, "Generating", "frame", len(poses))):
        if request.paste:
            picture = paste(photo, source.frame, pixels, [source.keypoints, poses[number]])
            picture = _reduced(picture, len(poses))
        else:
            picture = film_picture(source, poses[number], pixels) if request.sheet else pixels
        if request.output:
            write_picture(Path(request.output) / f"{number:05d}.png", pixels)
        shown.append(picture)
    write_video(request.video, shown, fps)
    print(f"{source.subject.name}: {' '.join(source.sentences)}\n{reposer.sentence}")
    if lost:
        print(f"In {lost} of {len(poses)} frames no usable pose was found: the pose of the frame beside is kept.")
    print(f"{counted(len(poses), 'frame')}, {fps:g} a second: {request.video}")


def _reduced(pixels, count):
    """A frame of a film, small enough for all of them to be held."""
    height, width = pixels.shape[:2]
    factor = min(1, _LONGEST / max(height, width), np.sqrt(_MOST_BYTES / (3 * count * height * width)))
    if factor == 1:
        return pixels
    size = max(1, int(width * factor)), max(1, int(height * factor))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC, reducing_gap=3))
