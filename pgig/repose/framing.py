"""Where people stand in the pictures of a data set, and crops of photos in which they stand there too.

A network has seen its people in one size and at one place. Both are measured by the torso, which photos of whole and
of half bodies share: the length from the middle of the shoulders to the middle of the hips, and its middle.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pgig.data.folders import placed
from pgig.errors import DataError
from pgig.pose.check import is_valid
from pgig.pose.files import read_annotations
from pgig.pose.joints import MASK_LIMBS, indices
from pgig.repose.frame import Frame

_SHOULDERS, _HIPS, _ANKLES = indices("Rsho Lsho"), indices("Rhip Lhip"), indices("Rank Lank")

# Lengths of thighs, shins, upper arms and forearms in torsos: between the medians of Market-1501 (0.73, 0.72, 0.54,
# 0.45) and of DeepFashion's whole bodies (0.83, 0.79, 0.57, 0.49).
_LIMBS = np.repeat([0.8, 0.77, 0.56, 0.47], 2)

# No joint is nearer to the border, in heights of the picture: of 100 people in the demo set and in Market-1501 two at
# most have one there. People whose arms reach further are made smaller, but not below this share of their size.
_MARGIN, _SMALLEST = 0.03, 0.6

# Fewer rows of a table say nothing, more than so many nothing new.
_ENOUGH, _PLENTY = 20, 2000


@dataclass(frozen=True)
class Place:
    """A size and a place in a picture.

    Attributes:
        torso: length of the torso in heights of the picture, see `body_length`.
        middle: row of its middle in heights of the picture. The column is chosen so that the visible joints reach
            equally far to both sides: the middle between them is in the middle of the picture, within 0.06 of its
            width for eight in ten people of each set.
    """

    torso: float
    middle: float


@dataclass(frozen=True)
class Framing:
    """How people of a data set are framed.

    Attributes:
        size: (height, width) of its pictures in pixels.
        whole: `Place` of people with an ankle in sight.
        part: `Place` of the others.
        shape: (height, width) of what a picture shows in square pixels, where it is stretched, else `size`.
        origin: where this is known from, in words.
    """

    size: tuple
    whole: Place
    part: Place
    shape: tuple
    origin: str

    @property
    def knows_parts(self):
        """Whether people without ankles in sight are shown larger: the data set has photos of upper bodies."""
        return self.part.torso > 1.3 * self.whole.torso


# Medians over the tables that pose-gan and its heirs share: Market-1501's test set of 19,732 rows (whole 12,940, part
# 1,996 valid ones), DeepFashion's in-shop test sets of 4,061 and 8,146 rows (2,979 and 7,779), the demo set's 640
# training rows (504). In the demo set whoever shows no ankle only hides it.
_MARKET = Place(0.302, 0.344), Place(0.353, 0.387)
_FASHION = Place(0.289, 0.334), Place(0.498, 0.533)
_DEMO = Place(0.267, 0.350), Place(0.267, 0.350)
_KNOWN = {
    "market": _MARKET,
    "prw": _MARKET,
    "demo": _DEMO,
    "fasion": _FASHION,
    "fasion-resize": _FASHION,
    "fasion128": _FASHION,
    "fasion128128": _FASHION,
}


def framing_of(data):
    """The framing of a data set: measured on its training table where there is one, else the published set's.

    Args:
        data: `pgig.config.DataPaths`.

    Returns:
        `Framing`.

    Raises:
        DataError: the table is damaged.
    """
    shape = data.old_size or data.image_size
    table = data.annotations_file_train
    if Path(table).is_file():
        keypoints = placed(read_annotations(table).keypoints, data)
        keypoints[..., :2] *= np.divide(shape, data.image_size).astype(np.float32)
        measured = _measured(keypoints, shape[0])
        if measured:
            return Framing(data.image_size, *measured, shape, f"as those of {table}")
    name = data.name if data.name in _KNOWN else "fasion"
    return Framing(data.image_size, *_KNOWN[name], shape, f"as those of the data set {name}")


def _measured(keypoints, height):
    """`Place` of whole and of part people, or None where the table says too little."""
    keypoints = keypoints[is_valid(keypoints)]
    keypoints = keypoints[:: max(1, len(keypoints) // _PLENTY)]
    whole = (keypoints[:, _ANKLES, 2] > 0).any(axis=1)
    places = []
    for group in (keypoints[whole], keypoints[~whole]):
        if len(group) >= _ENOUGH:
            lengths = [body_length(pose) for pose in group]
            middles = [_torso_middle(pose)[0] for pose in group]
            places.append(Place(float(np.median(lengths)) / height, float(np.median(middles)) / height))
        else:
            places.append(None)
    return None if places == [None, None] else [place or next(filter(None, places)) for place in places]


def body_length(keypoints):
    """Length of the torso, or what the second longest limb says it is where that is more.

    A torso that leans towards the camera looks short; limbs do not all look short then. On pictures of whole people of
    DeepFashion this varies by 9 %, the torso alone by 10 %; on other sets both vary alike.

    Args:
        keypoints: (18, 3) y, x, visible, of a valid pose.

    Returns:
        a length in the unit of the keypoints.
    """
    keypoints = np.asarray(keypoints, np.float64)
    torso = np.hypot(*(_middle(keypoints, _SHOULDERS) - _middle(keypoints, _HIPS)))
    starts, ends = (keypoints[list(joints)] for joints in zip(*MASK_LIMBS, strict=True))
    seen = (starts[:, 2] > 0) & (ends[:, 2] > 0)
    lengths = np.where(seen, np.hypot(*(starts - ends)[:, :2].T), 0) / _LIMBS
    return float(max(torso, np.sort(lengths)[-2]))


def shows_ankles(keypoints):
    """Whether a pose is that of a whole body."""
    return bool((np.asarray(keypoints)[list(_ANKLES), 2] > 0).any())


def frame_person(keypoints, framing):
    """Where to cut so that a person stands as those of a data set do.

    Args:
        keypoints: (18, 3) y, x, visible in any unit, of a valid pose.
        framing: `Framing`.

    Returns:
        `Frame`. All visible joints are in the picture, unless that would make the person much too small.

    Raises:
        DataError: shoulders and hips lie on one place.
    """
    keypoints = np.asarray(keypoints, np.float64)
    place = framing.whole if shows_ankles(keypoints) else framing.part
    shape = np.array(framing.shape, np.float64)
    length = body_length(keypoints)
    if not length > 0:
        raise DataError("Shoulders and hips of the pose lie on one place: take another pose.")
    scale = place.torso * shape[0] / length

    seen = keypoints[keypoints[:, 2] > 0, :2]
    low, high = seen.min(axis=0), seen.max(axis=0)
    margin = _MARGIN * shape[0]
    room = (shape - 2 * margin) / np.maximum((high - low) * scale, 1e-9)
    smaller = float(np.clip(room.min(), _SMALLEST, 1))
    scale *= smaller

    # In the picture, the joints' box is from `low * scale + offset` to `high * scale + offset`.
    anchor = np.array([_torso_middle(keypoints)[0], (low[1] + high[1]) / 2])
    offset = np.array([place.middle * shape[0], shape[1] / 2]) - anchor * scale
    least, most = margin - low * scale, shape - margin - high * scale
    offset = np.clip(offset, np.minimum(least, most), np.maximum(least, most))
    # Joints count from the centre of a pixel, boxes from its corner.
    top, left = 0.5 - (offset + 0.5) / scale
    height, width = shape / scale
    return Frame((float(top), float(left), float(top + height), float(left + width)), framing.size, smaller)


def _torso_middle(keypoints):
    """Middle of the torso, y and x."""
    return (_middle(keypoints, _SHOULDERS) + _middle(keypoints, _HIPS)) / 2


def _middle(keypoints, joints):
    return np.asarray(keypoints, np.float64)[list(joints), :2].mean(axis=0)
