"""What is to be drawn: pictures with their poses, from a table or an estimator, and poses without a picture."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from pgig.data.photos import read_photo
from pgig.errors import DataError
from pgig.generate.draw_skeleton import scaled
from pgig.pose.check import outside
from pgig.pose.describe import describe
from pgig.pose.files import read_annotations
from pgig.pose.formats import is_picture, read_pose
from pgig.pose.joints import MISSING, NAMES, indices

GROUNDS = {"black": 0, "white": 255}

# A pose alone: height of its picture, room around its joints as a share of their extent, smallest width of the picture
# as a share of its height.
_HEIGHT, _ROOM, _NARROWEST = 512, 0.12, 0.4


@dataclass(frozen=True, eq=False)
class Subject:
    """What one drawing shows.

    Attributes:
        pixels: (H, W, 3) uint8: the picture, or an empty ground.
        keypoints: (18, 3) y, x, visible in its pixels.
        has_picture: whether there is a picture.
        fixed: whether the places of the joints mean anything beyond the pose itself.
        note: a few words or sentences about the pose.
    """

    pixels: np.ndarray
    keypoints: np.ndarray
    has_picture: bool
    fixed: bool
    note: str


class Poses:
    """Where the poses of pictures come from.

    Args:
        annotations: path of an annotation table in pixels of the pictures as they are seen (turned as their EXIF
            orientation says), or None: then an estimator looks at each picture.
        estimator: a name of `pgig.estimate.people.ESTIMATORS`.

    Raises:
        DataError: the table is missing or damaged.
    """

    def __init__(self, annotations=None, estimator="auto"):
        self.annotations, self._name = annotations, estimator
        self._rows = None
        if annotations:
            table = read_annotations(annotations)
            rows = dict(zip(table.names, table.keypoints, strict=True))
            # Tables often name their pictures with a folder.
            self._rows = {**{Path(name).name: row for name, row in rows.items()}, **rows}

    @cached_property
    def _estimator(self):
        from pgig.estimate.people import find_detector, load_estimator_by_name

        return load_estimator_by_name(self._name), find_detector()

    def of_picture(self, path, pose=None):
        """A picture and its pose.

        Args:
            path: of the picture.
            pose: text for `read_pose`, or None for the table or the estimator.

        Returns:
            `Subject`; where the table has no row or nobody is found all keypoints are missing, and the note says so.

        Raises:
            DataError: the picture or the pose cannot be read.
            WeightsError: there is no estimator.
        """
        pixels = read_photo(path)
        size, scores = pixels.shape[:2], None
        keypoints = np.tile(np.float32([MISSING, MISSING, 0]), (len(NAMES), 1))
        if pose is not None:
            keypoints = _on_picture(read_pose(pose), size)
        elif self._rows is not None:
            found = self._rows.get(str(path), self._rows.get(Path(path).name))
            if found is None:
                return Subject(pixels, keypoints, True, True, f"{self.annotations} has no row for {path}.")
            keypoints = found
        else:
            from pgig.estimate.people import find_people

            estimator, detector = self._estimator
            people = find_people(pixels, estimator, detector=detector)
            if people:
                keypoints, scores = people[0].keypoints, people[0].scores
        note = describe(keypoints, scores, size)[1]
        count = int(outside(keypoints, size).sum())
        if count:
            note += f" {count} of them lie outside the picture: is it the pose of this very picture?"
        return Subject(pixels, keypoints, True, True, note)

    def of(self, text, size=None, ground="black"):
        """As `of_picture` for a picture, else `alone`."""
        if is_picture(text):
            return self.of_picture(text)
        return alone(read_pose(text), size, ground)


def alone(pose, size=None, ground="black"):
    """A pose without a picture.

    Args:
        pose: `pgig.pose.formats.Pose`.
        size: (height, width) of the picture where the pose does not know it; None: as the pose needs. Poses in relative
            units are fitted into it, others stay where they are.
        ground: a key of `GROUNDS`.

    Returns:
        `Subject`.
    """
    keypoints, known = pose.keypoints, pose.size or (None if pose.relative else size)
    if not known:
        keypoints, size = placed(keypoints, size)
    pixels = np.full((*(known or size), 3), GROUNDS[ground], np.uint8)
    return Subject(pixels, keypoints, False, bool(known), describe(keypoints)[1])


def placed(keypoints, size=None):
    """Scale and move a pose into the middle of a picture.

    Args:
        keypoints: (18, 3) y, x, visible in any unit, at least one visible.
        size: (height, width) of the picture in pixels, or None: as wide as the pose needs.

    Returns:
        (18, 3) in pixels, and the size.
    """
    keypoints = np.array(keypoints, np.float32)
    seen = keypoints[:, 2] > 0
    low, high = keypoints[seen, :2].min(axis=0), keypoints[seen, :2].max(axis=0)
    needed = high - low + 2 * _ROOM * max((high - low).max(), 1e-6)
    if size is None:
        needed[1] = max(needed[1], _NARROWEST * needed[0])
        size = (_HEIGHT, int(np.ceil(_HEIGHT * needed[1] / needed[0])))
    factor = (np.array(size) / needed).min()
    keypoints[seen, :2] = (keypoints[seen, :2] - (low + high) / 2) * factor + (np.array(size) - 1) / 2
    return keypoints, size


def matched(keypoints, other):
    """Scale and move a pose so that its body is as large as another one's and in the same place.

    Args:
        keypoints, other: (18, 3) y, x, visible.

    Returns:
        (18, 3) in the pixels of `other`. Measured are the middles of hips and of shoulders; where a pose lacks one, the
        boxes around all joints. The pose as it is where one of the two has no joint.
    """
    keypoints, other = np.array(keypoints, np.float32), np.asarray(other)
    seen = keypoints[:, 2] > 0
    measures = [_torso(pose) for pose in (keypoints, other)]
    if None in measures:
        measures = [_box(pose) for pose in (keypoints, other)]
    if None not in measures:
        (centre, length), (new_centre, new_length) = measures
        keypoints[seen, :2] = (keypoints[seen, :2] - centre) * (new_length / length) + new_centre
    return keypoints


def count_joints(subject):
    """How many joints of a `Subject` are visible."""
    return int((subject.keypoints[:, 2] > 0).sum())


def _torso(keypoints):
    """Middle of the hips and length of the torso, or None."""
    hips, shoulders = (keypoints[list(indices(names))] for names in ("Rhip Lhip", "Rsho Lsho"))
    length = np.hypot(*(hips - shoulders)[:, :2].mean(axis=0))
    if not (hips[:, 2].all() and shoulders[:, 2].all() and length):
        return None
    return hips[:, :2].mean(axis=0), length


def _box(keypoints):
    """Middle and diagonal of the box around the visible joints, or None."""
    places = keypoints[keypoints[:, 2] > 0, :2]
    if not len(places) or not np.ptp(places, axis=0).any():
        return None
    return (places.min(axis=0) + places.max(axis=0)) / 2, np.hypot(*np.ptp(places, axis=0))


def _on_picture(pose, size):
    """The joints of a pose in pixels of a picture."""
    if pose.relative:
        return placed(pose.keypoints, size)[0]
    if pose.size is None or tuple(pose.size) == tuple(size):
        return pose.keypoints
    factors = np.divide(size, pose.size)
    if abs(factors[0] / factors[1] - 1) > 0.02:
        raise DataError(
            f"The pose {pose.name} belongs to a picture of {pose.size[0]} x {pose.size[1]} pixels (height x width), "
            f"but the picture has {size[0]} x {size[1]}: give the picture in which the pose was found."
        )
    return scaled(pose.keypoints, factors)
