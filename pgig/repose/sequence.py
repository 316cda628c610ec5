"""A driving sequence: the frames of a video or a folder, one person's pose in each, framed without jerks."""

from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter1d

from pgig.data.photos import EXTENSIONS, list_photos, read_photo
from pgig.errors import DataError
from pgig.estimate.boxes import widened, within
from pgig.layouts.pictures import natural
from pgig.pose.check import is_valid
from pgig.repose.decode import decoded, frame_rate
from pgig.repose.frame import Frame
from pgig.repose.framing import frame_person
from pgig.utils.progress import progress_bar

# Of a longer sequence the beginning is taken.
MOST_FRAMES = 2000

# Frames of a video are reduced to so many pixels on a side; poses need no more. A video has no more frames a second.
_LONGEST, _FASTEST = 960, 120
USUAL_RATE = 12.0
# Files that are no sequence; a GIF may be one.
_STILL = {*EXTENSIONS, ".json", ".csv", ".npy"} - {".gif"}

# The person is looked for near to where it was, with so much of its longer side around.
_AROUND = 0.4

# The view follows a person as smoothly as a Gaussian of so many seconds.
_SMOOTHING = 0.5


def is_sequence(path):
    """Whether a path is a folder, or a file that may be a video: no still picture and no keypoint file."""
    path = Path(path)
    return path.is_dir() or path.is_file() and path.suffix.lower() not in _STILL


def open_frames(path, limit=0):
    """The frames of a folder of pictures, in the order of their names, numbers by their value, or of a video file.

    Args:
        path: of the folder or the file.
        limit: only the first so many; 0: all, `MOST_FRAMES` at most.

    Returns:
        Iterator of (h, w, 3) uint8, its length or None where it is not known, and frames a second or None.

    Raises:
        DataError: there are no pictures, or it is no video.
        MissingPackageError: it is a video, and there is no decoder.
    """
    most = min(limit or MOST_FRAMES, MOST_FRAMES)
    if Path(path).is_dir():
        names = sorted(list_photos(path), key=lambda name: natural(name.name))[:most]
        if not names:
            raise DataError(f"{path} holds no pictures: give a folder of frames, or a video.")
        return (read_photo(name, _LONGEST) for name in names), len(names), None
    rate = frame_rate(path)
    return decoded(path, most, _LONGEST), None, rate and min(rate, _FASTEST)


def follow(frames, finder, total=None):
    """The pose of one person in each frame.

    Args:
        frames: iterable of (h, w, 3) uint8.
        finder: `pgig.repose.subjects.Finder`.
        total: how many there are, for the progress bar.

    Returns:
        (N, 18, 3) y, x, visible in pixels of each frame; where nobody with a usable pose is found, that of the frame
        before, or for the first ones of the frame after. And how many these are.

    Raises:
        DataError: there is no frame with a usable pose.
    """
    poses, box = [], None
    for number, pixels in enumerate(progress_bar(frames, "Estimating", "frame", total)):
        found = None
        if box is not None:
            found = _find(finder, pixels, number, box)
        # Lost, or the first one: look everywhere.
        found = found or _find(finder, pixels, number, None)
        box = found.box if found else None
        poses.append(found.keypoints if found else None)
    if not any(pose is not None for pose in poses):
        raise DataError("No frame shows somebody with both shoulders and both hips: nothing can be driven by it.")
    lost = sum(pose is None for pose in poses)
    last = next(pose for pose in poses if pose is not None)
    for number, pose in enumerate(poses):
        poses[number] = last = last if pose is None else pose
    return np.stack(poses), lost


def _find(finder, pixels, number, box):
    try:
        near = None if box is None else within(widened(box, _AROUND), pixels.shape[:2])
        return finder.find(pixels, f"frame {number + 1}", near)
    except DataError:
        return None


def steady(poses, framing, rate=None):
    """Frame the poses of a sequence by a view that follows the person smoothly.

    Args:
        poses: (N, 18, 3) y, x, visible, all valid.
        framing: `Framing`.
        rate: frames a second, or None for the usual one.

    Returns:
        list of N keypoints (18, 3) in pixels of the network's picture, all valid; a joint that is missing in a frame is
        where it was in the frame before.

    Raises:
        DataError: no pose stays in the picture.
    """
    boxes = np.array([frame_person(pose, framing).box for pose in poses])
    centres, heights = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    # Frames that leave room for arms that reach out are larger. The shape of the picture stays.
    sigma = _SMOOTHING * (rate or USUAL_RATE)
    centres, heights = _smooth(centres, sigma), np.exp(_smooth(np.log(heights), sigma))
    boxes = np.concatenate([centres - heights / 2, centres + heights / 2], axis=1)

    placed = []
    for box, pose in zip(boxes, poses, strict=True):
        joints = Frame(tuple(box), framing.size).joints(pose)
        if placed:
            missing = joints[:, 2] == 0
            joints[missing] = placed[-1][missing]
        placed.append(joints)
    usable = is_valid(placed)
    if not usable.any():
        raise DataError("In no frame shoulders and hips stay in the picture: give a steadier sequence.")
    # Only the first frames can lack a joint of the torso.
    first = int(np.argmax(usable))
    return [*placed[first : first + 1] * first, *placed[first:]]


def _smooth(values, sigma):
    """(N, 2) values, filtered along the first axis; at both ends they are continued as they went before."""
    around = min(len(values) - 1, int(np.ceil(4 * sigma)))
    longer = np.pad(values, ((around, around), (0, 0)), mode="reflect", reflect_type="odd")
    return gaussian_filter1d(longer, sigma, axis=0, mode="nearest")[around : around + len(values)]
