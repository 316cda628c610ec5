"""From a photo and its joints to a picture of the data set, or to the reason why there is none."""

from dataclasses import dataclass, field

import numpy as np

from pgig.errors import DataError
from pgig.own_set.photos import Photo
from pgig.own_set.poses import Found
from pgig.pose.check import is_valid
from pgig.pose.describe import WORDS
from pgig.pose.joints import TORSO
from pgig.repose.framing import Frame, frame_person

# What a person is to look at: mean scores below, fewer joints than, shares of a picture beyond the photo and
# enlargements from these on.
_UNSURE, _FEW, _BEYOND, _ENLARGED = 0.45, 12, 0.15, 2.0


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture of the data set to be.

    Attributes:
        photo: `Photo`.
        found: `Found`, in the photo.
        frame: `pgig.repose.framing.Frame`, the part of the photo that it shows.
        keypoints: (18, 3) float32 y, x, visible in whole pixels of the picture.
        doubts: list of clauses: why somebody should look at it.
    """

    photo: Photo
    found: Found
    frame: Frame
    keypoints: np.ndarray
    doubts: list


@dataclass
class Sorted:
    """What becomes of the photos.

    Attributes:
        pictures: list of `Picture`.
        nobody: list of `Photo` in which no joint was found.
        unusable: list of (`Photo`, clause): a shoulder or a hip is not to be seen.
        others: list of (`Photo`, (18, 3) joints in the photo) of all that are left out.
    """

    pictures: list = field(default_factory=list)
    nobody: list = field(default_factory=list)
    unusable: list = field(default_factory=list)
    others: list = field(default_factory=list)


def sort_photos(photos, store, size, framing):
    """Decide on each photo.

    Args:
        photos: list of `Photo`, all in the store.
        store: `pgig.own_set.poses.PoseStore`.
        size: (height, width) of the pictures in pixels.
        framing: `pgig.repose.framing.Framing` of that size, or None: the whole photo is shown.

    Returns:
        `Sorted`, everything in the order of the photos.
    """
    done = Sorted()
    for photo in photos:
        found = store[photo.digest]
        picture = _picture(photo, found, size, framing)
        if isinstance(picture, Picture):
            done.pictures.append(picture)
            continue
        done.others.append((photo, found.keypoints))
        if found.people:
            done.unusable.append((photo, picture))
        else:
            done.nobody.append(photo)
    return done


def _picture(photo, found, size, framing):
    """`Picture`, or a clause that says why there is none."""
    lacking = _lacking(found.keypoints)
    if lacking:
        return lacking
    try:
        frame = frame_person(found.keypoints, framing) if framing else whole_photo(found.size, size)
    except DataError as error:
        return str(error)
    keypoints = frame.joints(found.keypoints)
    lacking = _lacking(keypoints)
    if lacking:
        return f"{lacking} within the picture"
    return Picture(photo, found, frame, keypoints, _doubts(found, frame, keypoints))


def whole_photo(photo_size, size):
    """The `Frame` of a whole photo; where its shape is not that of the picture, it reaches beyond the photo.

    Args:
        photo_size: (height, width) of the photo in pixels.
        size: (height, width) of the picture in pixels.
    """
    # Pixels of the photo for one of the picture.
    scale = max(length / wanted for length, wanted in zip(photo_size, size, strict=True))
    height, width = (scale * wanted for wanted in size)
    top, left = (photo_size[0] - height) / 2, (photo_size[1] - width) / 2
    return Frame((top, left, top + height, left + width), tuple(size))


def _lacking(keypoints):
    """Which shoulders and hips are missing, as a clause; "" for a usable pose."""
    if is_valid(keypoints):
        return ""
    return "without " + ", ".join(WORDS[joint] for joint in TORSO if keypoints[joint, 2] <= 0)


def _doubts(found, frame, keypoints):
    seen, joints = found.keypoints[:, 2] > 0, int((keypoints[:, 2] > 0).sum())
    score, beyond, enlarged = float(found.scores[seen].mean()), frame.invented(found.size), max(frame.factors)
    return [
        text
        for text, is_so in (
            (f"score {score:.2f}", score < _UNSURE),
            (f"{joints} of {len(WORDS)} joints", joints < _FEW),
            (f"{found.people} people", found.people > 1),
            (f"{beyond:.0%} beyond the photo", beyond >= _BEYOND),
            (f"enlarged {enlarged:.1f} times", enlarged >= _ENLARGED),
        )
        if is_so
    ]
