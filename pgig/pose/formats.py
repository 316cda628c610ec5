"""Poses as people have them: keypoint files of several programs, rows of our tables, and poses with names."""

import functools
import json
import os
import stat
import tokenize
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pgig.errors import DataError
from pgig.pose.files import read_annotations
from pgig.pose.joints import MISSING, NAMES
from pgig.pose.keypoint_json import COUNTS, FARTHEST, from_points, parse_people

# A joint counts whose confidence is above it: that of pose-gan's decoding of OpenPose.
THRESHOLD = 0.1

_NAMED = Path(__file__).with_name("named_poses.json")
_SUFFIXES = (".json", ".csv", ".npy")
_MOST_BYTES = 2**26
# What numpy raises on headers that are damaged, by trial with random damage.
_NUMPY_ERRORS = (
    ValueError, OSError, EOFError, SyntaxError, OverflowError, TypeError, KeyError, IndexError, AttributeError,
    MemoryError, RecursionError, tokenize.TokenError,
)  # fmt: skip
# Joints as close to each other as this, in pixels, are shares of the picture's sides.
_CLOSE = 2


@dataclass(frozen=True, eq=False)
class Pose:
    """One person's joints, from wherever.

    Attributes:
        keypoints: (18, 3) float32 y, x, visible 0 or 1; a missing joint is (-1, -1, 0).
        scores: (18,) float32 confidences, 0 to 1; 1 for joints of files that have none.
        size: (height, width) of the picture, or None when it is not known.
        relative: False: coordinates are pixels of a picture. True (named poses): they are heights of a standing body,
            y from the highest joint down, x from the middle to the right, so that the pose has to be placed first.
        name: what the pose was called.
    """

    keypoints: np.ndarray
    scores: np.ndarray
    size: tuple | None
    relative: bool
    name: str


def read_pose(text, threshold=THRESHOLD):
    """Read a pose, strictly.

    Args:
        text: one of
            a named pose, see `named_poses`;
            `FILE.json` of OpenPose (18 or 25 joints) or COCO (17); the person with the largest extent is taken;
            `FILE.json:PICTURE` for a file of COCO that knows several pictures, by file name or id;
            `TABLE.csv:PICTURE`, a row of an annotation table, or `TABLE.csv` of one row;
            `FILE.npy`: (18, 2) or (18, 3) y, x[, visible] in pixels as everywhere in this package, or as the other
            programs have it, x, y[, confidence], (17, 2), (17, 3), (25, 2) or (25, 3).
        threshold: joints of this confidence or less are missing.

    Returns:
        `Pose`.

    Raises:
        DataError: there is no such file or pose, the file is damaged or holds something else, or no joint was found.
    """
    text = str(text)
    path, picture = _split(text)
    suffix = Path(path).suffix.lower()
    if suffix not in _SUFFIXES:
        return _named(text)
    _check(path)
    size = None
    if suffix == ".csv":
        joints = _row(path, picture)
    elif suffix == ".npy":
        joints = _array(path)
    else:
        people, size = parse_people(Path(path).read_bytes(), picture, path)
        joints = max(people, key=lambda person: _extent(person, threshold))
    return _pose(joints, size, threshold, text)


def is_picture(text):
    """Whether a text that stands for a pose is the path of a photo: not a keypoint file and not a named pose.

    A path that does not exist counts too when it has an ending, so that whoever reads it can say what is wrong.
    """
    path, _ = _split(str(text))
    suffix = Path(path).suffix.lower()
    return suffix not in _SUFFIXES and (bool(suffix) or os.path.isfile(path))


@functools.cache
def named_poses():
    """The poses that have names: {name: `Pose`} in units of a standing body's height."""
    poses = json.loads(_NAMED.read_text(encoding="utf-8"))["poses"]
    made = {}
    for name, pose in poses.items():
        seen = np.array([y is not None for y in pose["y"]])
        places = np.array([pose["y"], pose["x"]], np.float32).T
        keypoints = np.column_stack([np.where(seen[:, None], places, MISSING), seen]).astype(np.float32)
        made[name] = Pose(keypoints, seen.astype(np.float32), None, True, name)
    return made


def _named(text):
    poses = named_poses()
    if text not in poses:
        raise DataError(
            f"There is no pose {text!r:.100}: give a keypoint file (OpenPose or COCO .json, .npy, TABLE.csv:PICTURE) "
            f"or one of the named poses {', '.join(poses)}."
        )
    return poses[text]


def _split(text):
    """Path of the file, and the picture that is meant in it or None."""
    if ":" in text and not os.path.isfile(text):
        path, _, picture = text.rpartition(":")
        if Path(path).suffix.lower() in (".csv", ".json"):
            return path, picture
    return text, None


def _check(path):
    """Refuse what cannot be read, and what is too large to be."""
    try:
        state = os.stat(path)
        with open(path, "rb"):
            pass
    except OSError as error:
        raise DataError(f"The pose {path} cannot be read ({error.strerror}): give an existing file.") from None
    if not stat.S_ISREG(state.st_mode) or state.st_size > _MOST_BYTES:
        raise DataError(f"The pose {path} is no plain file of at most {_MOST_BYTES} bytes: give a keypoint file.")


def _row(path, picture):
    """(18, 3) y, x, visible of a row of an annotation table."""
    table = read_annotations(path)
    if picture is None:
        rows = range(len(table))
    else:
        rows = [row for row, name in enumerate(table.names) if name == picture]
        rows = rows or [row for row, name in enumerate(table.names) if Path(name).name == picture]
    if len(rows) == 1:
        return table.keypoints[rows[0]]
    if picture is None and rows:
        raise DataError(f"{path} has {len(rows)} rows: say which one, as in {path}:{table.names[0]}.")
    raise DataError(
        f"{path} has {len(rows) or 'no'} row{'s'[: len(rows)]} for {picture or 'a picture'}: give the name of one of "
        "its pictures after the colon."
    )


def _array(path):
    """(18, 3) y, x, confidence of an array file."""
    try:
        # Mapped, a header cannot ask for more memory than the file has bytes; objects, which are code, are refused.
        array = np.lib.format.open_memmap(path, mode="r")
    except _NUMPY_ERRORS as error:
        reason = " ".join(str(error).split())[:80]
        raise DataError(f"{path} is no array file ({reason}): write it with numpy.save.") from None
    shape = array.shape[1:] if array.ndim == 3 and len(array) == 1 else array.shape
    if len(shape) != 2 or shape[0] not in COUNTS or shape[1] not in (2, 3) or array.dtype.kind not in "fiu":
        raise DataError(
            f"{path} is an array of {array.dtype} of the shape {array.shape}: 18 rows of y, x, visible are expected, "
            "or 17 (COCO) or 25 (OpenPose) of x, y, confidence."
        )
    points = np.array(array, np.float64).reshape(shape)
    if not (np.isfinite(points).all() and (np.abs(points) <= FARTHEST).all()):
        raise DataError(f"{path} has a joint that is no place in a picture: missing ones are -1, -1.")
    points = np.column_stack([points, np.ones(len(points))])[:, :3]
    points[(points[:, :2] == MISSING).all(axis=1), 2] = 0
    return points if len(points) == len(NAMES) else from_points(points)


def _extent(joints, threshold):
    """Length of the diagonal of the box around a person, squared."""
    places = joints[joints[:, 2] > threshold, :2]
    return float((np.ptp(places, axis=0) ** 2).sum()) if len(places) else -1.0


def _pose(joints, size, threshold, text):
    """`Pose` of (18, 3) y, x, confidence in pixels."""
    seen = joints[:, 2] > threshold
    if not seen.any():
        raise DataError(f"{text} has no joint with a confidence above {threshold:g}: take another pose.")
    if seen.sum() > 1 and np.ptp(joints[seen, :2], axis=0).max() < _CLOSE:
        raise DataError(
            f"All joints of {text} lie within {_CLOSE} pixels, as if they were shares of the picture's sides: write "
            "them in pixels (OpenPose: --keypoint_scale 0)."
        )
    places = np.where(seen[:, None], joints[:, :2], MISSING)
    keypoints = np.column_stack([places, seen]).astype(np.float32)
    return Pose(keypoints, np.clip(joints[:, 2], 0, 1).astype(np.float32), size, False, text)
