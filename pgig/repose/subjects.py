"""Who is in a photo, and which pose a text stands for: people and poses with what is to be said of them."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from pgig.data.photos import read_photo
from pgig.errors import DataError
from pgig.pose.check import outside
from pgig.pose.describe import describe
from pgig.pose.formats import is_picture, read_pose
from pgig.repose.frame import Frame
from pgig.repose.framing import frame_person, shows_ankles


@dataclass(frozen=True, eq=False)
class Subject:
    """A person with a usable pose.

    Attributes:
        name: of the photo or the pose.
        pixels: (h, w, 3) uint8, the photo; None for a pose alone.
        keypoints: (18, 3) float32 y, x, visible, in pixels of the photo; of a pose alone in any unit.
        box: (y0, x0, y1, x1) around the person in pixels, or None where it was not estimated.
        sentences: list of sentences for the user.
    """

    name: str
    pixels: np.ndarray | None
    keypoints: np.ndarray
    box: tuple | None = None
    sentences: list = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Framed:
    """A subject as the network sees it.

    Attributes:
        subject: `Subject`.
        frame: `Frame`, where it was cut out.
        pixels: (height, width, 3) uint8; None for a pose alone.
        keypoints: (18, 3) float32 y, x, visible in pixels of the picture.
        sentences: list of sentences for the user, those of the subject included.
    """

    subject: Subject
    frame: Frame
    pixels: np.ndarray | None
    keypoints: np.ndarray
    sentences: list

    def light(self):
        """The same without the whole photo, for those that are kept by the hundreds."""
        return replace(self, subject=replace(self.subject, pixels=None))


class Finder:
    """Finds people, with an estimator that is loaded when it is needed for the first time.

    Args:
        estimator: a name of `pgig.estimate.people.ESTIMATORS`; or what such a name stands for, a function of
            (1, h, w, 3) uint8 that gives (1, 18, 3) y, x and score, and has a `name`: one person is found then.
        weights: path of the weight file of a name, or None for where `pgig weights` finds it.
    """

    def __init__(self, estimator="auto", weights=None):
        self._estimator, self._weights = estimator, weights

    @cached_property
    def _networks(self):
        if callable(self._estimator):
            return self._estimator, None
        from pgig.estimate.people import find_detector, load_estimator_by_name

        return load_estimator_by_name(self._estimator, self._weights), find_detector()

    def find(self, pixels, name, box=None, person=1):
        """A person in a photo.

        Args:
            pixels: (h, w, 3) uint8.
            name: what sentences call the photo.
            box: (y0, x0, y1, x1) in pixels: look here only; or None.
            person: which one, 1 for the largest.

        Returns:
            `Subject`.

        Raises:
            DataError: nobody is found, not so many people, or the pose cannot be used.
            WeightsError: there is no estimator.
        """
        from pgig.estimate.people import find_people

        estimator, detector = self._networks
        people = find_people(pixels, estimator, box=box, detector=detector)
        if not people:
            where = "this part of " if box else ""
            raise DataError(
                f"Nobody was found in {where}{name}: take a photo in which a whole person is to be seen, or say where "
                "to look with --box, or give the joints with --keypoints."
            )
        if not 1 <= person <= len(people):
            raise DataError(f"{name}: --person {person} is none of the {len(people)} found: 1 is the largest.")
        found = people[person - 1]
        sentence = None
        if len(people) > 1:
            taken = "the largest was taken" if person == 1 else f"number {person} by size was taken"
            sentence = f"{len(people)} people were found, {taken}; --person or --box takes another one."
        return _usable(name, pixels, found.keypoints, found.scores, found.box, sentence)


def require_photo(photo):
    """Refuse a photo that is not there, before anything is loaded.

    Raises:
        DataError: it is not.
    """
    if not Path(photo).is_file():
        raise DataError(f"There is no photo {photo}: give the path of a picture, or of a folder of pictures.")


def read_subject(photo, finder, box=None, person=1, keypoints=None):
    """A person in a photo file.

    Args:
        photo: path of a picture, or (h, w, 3) uint8.
        finder: `Finder`.
        box, person: see `Finder.find`.
        keypoints: the person's joints in pixels of the upright photo, instead of estimating: (18, 3), or a text for
            `pgig.pose.formats.read_pose`; of an annotation table, the row of this photo is taken.

    Returns:
        `Subject`.

    Raises:
        DataError: a file cannot be read, nobody is found, or the pose cannot be used.
    """
    pixels, name = (photo, "The photo") if isinstance(photo, np.ndarray) else (read_photo(photo), Path(photo).name)
    if keypoints is None:
        return finder.find(pixels, name, box, person)
    size = pixels.shape[:2]
    if not isinstance(keypoints, np.ndarray):
        text = f"{keypoints}:{name}" if str(keypoints).lower().endswith(".csv") else str(keypoints)
        keypoints = _in_pixels(read_pose(text), size)
    if outside(keypoints, size).any():
        raise DataError(
            f"The joints given for {name} do not all lie in its {size[0]} x {size[1]} pixels (height x width): give "
            "those of this very photo, upright as it is seen."
        )
    return _usable(name, pixels, keypoints)


def read_target(pose, finder):
    """The subject of a pose.

    Args:
        pose: a text for `pgig.pose.formats.read_pose`, path of a photo, (18, 3) keypoints, or (h, w, 3) uint8 pixels.
        finder: `Finder`.

    Returns:
        `Subject`; in photos, the largest person.

    Raises:
        DataError: it cannot be read, nobody is found, or the pose cannot be used.
    """
    if isinstance(pose, np.ndarray):
        return finder.find(pose, "The pose's photo") if pose.ndim == 3 else _usable("The pose", None, pose)
    if is_picture(pose):
        return read_subject(pose, finder)
    read = read_pose(str(pose))
    return _usable(read.name, None, read.keypoints)


def framed(subject, framing):
    """Cut a subject out as the people of a data set stand.

    Args:
        subject: `Subject`.
        framing: `Framing`.

    Returns:
        `Framed`.

    Raises:
        DataError: the pose has no extent, or a shoulder or hip falls out of the picture.
    """
    frame = frame_person(subject.keypoints, framing)
    keypoints = frame.joints(subject.keypoints)
    usable, text = describe(keypoints)
    if not usable:
        raise DataError(f"{subject.name}: framed as the data set wants it, too little stays in the picture. {text}")
    sentences = list(subject.sentences)
    lost = int((subject.keypoints[:, 2] > 0).sum() - (keypoints[:, 2] > 0).sum())
    if lost:
        sentences.append(f"{lost} joints reach out of the picture of the network and are left out.")
    if frame.smaller < _MUCH_SMALLER:
        sentences.append(
            f"So that all joints find room, the person is {1 - frame.smaller:.0%} smaller than those of the data set."
        )
    pixels = None
    if subject.pixels is not None:
        if not (shows_ankles(subject.keypoints) or framing.knows_parts):
            sentences.append("The weights know whole bodies only: legs that the photo does not show are guessed.")
        pixels = frame.crop(subject.pixels)
        invented = frame.invented(subject.pixels.shape[:2])
        if invented >= _WORTH_SAYING:
            sentences.append(
                f"The photo ends too near to the person: in {invented:.0%} of the crop its border is repeated."
            )
    return Framed(subject, frame, pixels, keypoints, sentences)


# What is mentioned: so much of a crop beyond the photo, a person so small.
_WORTH_SAYING, _MUCH_SMALLER = 0.1, 0.85


def _usable(name, pixels, keypoints, scores=None, box=None, sentence=None):
    keypoints = np.asarray(keypoints, np.float32)
    usable, text = describe(keypoints, scores, None if pixels is None else pixels.shape[:2])
    if not usable:
        raise DataError(f"{name}: {text}")
    return Subject(name, pixels, keypoints, box, [*filter(None, [sentence]), text])


def _in_pixels(pose, size):
    """Joints of a pose file in pixels of a photo of that size."""
    from pgig.generate.draw_skeleton import scaled

    if pose.relative:
        raise DataError(f"{pose.name} is a pose without a photo: give a file of the photo's own joints.")
    return scaled(pose.keypoints, np.divide(size, pose.size or size))
