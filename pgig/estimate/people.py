"""The people in a photo of any size, with their joints: the estimators see one person each, looked at closely.

A pose estimator shrinks what it gets to a few hundred pixels, so that a person who is small in a photo is found badly.
Therefore it looks twice: at the whole picture, then at the part around what it found. Several people need a detector.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from pgig.errors import DataError, OptionsError, WeightsError
from pgig.estimate.boxes import longer_side, widened, within
from pgig.pose.joints import MISSING

ESTIMATORS = ("auto", "movenet", "openpose")
_KEYS = {"movenet": "movenet-thunder", "openpose": "openpose-18"}

# Scores up to it do not count as found: nearest to the joints of OpenPose, which leaves out what it is unsure of.
THRESHOLD = 0.3

# Fewer joints are no person, as in `pgig.estimate.decode`.
_FEWEST_JOINTS = 4

# A second look takes the joints' box with so much of its longer side around it, if that makes the person larger by
# that factor at least.
_AROUND, _WORTHWHILE = 0.25, 1.2

# Two finds are one person when so many of the joints that both have lie as near to each other as this share of the
# smaller box's longer side. An estimator that is shown two people may mix them: what it mixed is one of them.
_SAME, _NEAR = 0.3, 0.1

# It looks at four sizes of its picture already, and every size of picture costs it half a minute at first.
_LOOKS_ONCE = "openpose-18"

# Longest side that an estimator is given: four times what MoveNet makes of it.
_LONGEST = 1024

# A joint so far outside the picture, as a share of its longer side, is put on its border; others count as missing.
_REACH = 0.02


@dataclass(frozen=True, eq=False)
class Person:
    """Somebody in a photo.

    Attributes:
        keypoints: (18, 3) float32 y, x, visible in pixels of the photo, not rounded; a missing joint is (-1, -1, 0).
        scores: (18,) float32 of the estimator, 0 to 1, also of the joints that count as missing.
        box: (y0, x0, y1, x1) in pixels: around the visible joints, so that hair and toes stick out of it.
    """

    keypoints: np.ndarray
    scores: np.ndarray
    box: tuple

    @property
    def area(self):
        """Square pixels of the box."""
        y0, x0, y1, x1 = self.box
        return (y1 - y0) * (x1 - x0)


def load_estimator_by_name(name="auto", weights=None):
    """A pose estimator by its name.

    Args:
        name: "movenet", "openpose", or "auto": MoveNet if its files are there, else OpenPose if its file is.
        weights: path of the weight file (`movenet-thunder.json` with its `.bin` beside it, or `pose_estimator.h5`), or
            of the folder; None: where `pgig weights` finds it. For "auto" the extension decides, .json or .h5.

    Returns:
        `pgig.pretrained.movenet.MoveNet` or `pgig.estimate.joints.OpenPose`.

    Raises:
        OptionsError: the name is unknown.
        WeightsError: there is no weight file, or it is not this network's; the sentence says how to get one.
    """
    if name not in ESTIMATORS:
        raise OptionsError(f"The estimator {name!r} is unknown: choose one of {', '.join(ESTIMATORS)}.")
    from pgig.pretrained.catalogue import find, what_is_missing

    if name == "auto":
        if weights:
            name = "openpose" if str(weights).lower().endswith((".h5", ".hdf5")) else "movenet"
        else:
            name = next((one for one, key in _KEYS.items() if not what_is_missing(key)), None)
            if name is None:
                raise WeightsError(f"No pose estimator is here. {what_is_missing(_KEYS['movenet'])}")
    place = find(_KEYS[name], weights)
    if name == "movenet":
        from pgig.pretrained.movenet import MoveNet

        return MoveNet(place, batch_size=1)
    from pgig.estimate.joints import OpenPose

    return OpenPose(place, batch_size=1)


def find_detector():
    """The detector that finds several people, or None where its file is missing (`pgig weights` says how to get it)."""
    from pgig.pretrained.catalogue import find, what_is_missing

    if what_is_missing("person-ssdlite"):
        return None
    from pgig.estimate.person_boxes import PersonBoxes

    return PersonBoxes(find("person-ssdlite"))


def find_people(pixels, estimator, box=None, detector=None, threshold=THRESHOLD):
    """The people in a photo and their joints.

    Args:
        pixels: (H, W, 3) uint8 RGB.
        estimator: of `load_estimator_by_name`: called with (1, h, w, 3) it gives (1, 18, 3) y, x and score.
        box: (y0, x0, y1, x1) in pixels, or None: the one person in this part of the picture is looked for.
        detector: of `find_detector`, or None: without one, only one person is found. Called with a picture it gives
            (N, 4) boxes. Not used where `box` is given.
        threshold: score that a joint must exceed to count as visible.

    Returns:
        list of `Person`, the largest first; empty when nobody is found.

    Raises:
        DataError: `pixels` is of another shape or type, or the box lies outside.
    """
    pixels = np.asarray(pixels)
    if pixels.ndim != 3 or pixels.shape[-1] != 3 or 0 in pixels.shape or pixels.dtype != np.uint8:
        raise DataError(f"A photo of shape {pixels.shape} and type {pixels.dtype} came: give (H, W, 3) uint8.")
    size = pixels.shape[:2]
    if box is not None:
        regions = [within(box, size)]
    else:
        detected = [] if detector is None else detector(pixels)
        regions = [*(within(widened(one, _AROUND), size) for one in detected), (0, 0, *size)]

    people = []
    for region in regions:
        person = _look_twice(pixels, estimator, region, threshold)
        if person is not None and not any(_is_same(person, other) for other in people):
            people.append(person)
    return sorted(people, key=lambda person: -person.area)


def _look_twice(pixels, estimator, region, threshold):
    """The person in a part of the picture, or None; seen closer, where that is worth it and finds more."""
    person, closer = _look(pixels, estimator, region, threshold)
    if person is None or estimator.name == _LOOKS_ONCE or longer_side(closer) * _WORTHWHILE > longer_side(region):
        return person
    again, _ = _look(pixels, estimator, closer, threshold)
    return max(filter(None, (again, person)), key=lambda one: one.scores[one.keypoints[:, 2] > 0].sum())


def _look(pixels, estimator, region, threshold):
    """What the estimator sees in a part of the picture: a `Person` or None, and the part around this person or None."""
    y0, x0, y1, x1 = region
    part, factor = _reduced(pixels[y0:y1, x0:x1])
    keypoints = np.array(estimator(part[None])[0], np.float32)
    scores = keypoints[:, 2].copy()
    places = keypoints[:, :2] * factor + np.float32([y0, x0])

    size = np.float32(pixels.shape[:2])
    reach = _REACH * size.max()
    inside = ((places >= -reach) & (places <= size - 1 + reach)).all(axis=1)
    places = np.clip(places, 0, size - 1)
    visible = (scores > threshold) & inside
    if visible.sum() < _FEWEST_JOINTS:
        return None, None
    # Of a small person only a half may be sure; the closer look is to show the other half too.
    closer = widened(_box_of(places[(scores > threshold / 2) & inside]), _AROUND)
    keypoints = np.where(visible[:, None], np.column_stack([places, visible]), (MISSING, MISSING, 0))
    person = Person(keypoints.astype(np.float32), scores, _box_of(places[visible]))
    return person, within(closer, pixels.shape[:2])


def _reduced(pixels):
    """A picture of at most _LONGEST pixels on a side, and (2,) how much higher and wider the given one is."""
    height, width = pixels.shape[:2]
    shrink = min(1, _LONGEST / max(height, width))
    if shrink == 1:
        return pixels, np.float32([1, 1])
    size = max(1, round(width * shrink)), max(1, round(height * shrink))
    reduced = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))
    return reduced, np.float32([height / size[1], width / size[0]])


def _box_of(places):
    return tuple(float(number) for corner in (places.min(axis=0), places.max(axis=0)) for number in corner)


def _is_same(person, other):
    common = (person.keypoints[:, 2] > 0) & (other.keypoints[:, 2] > 0)
    reach = _NEAR * min(longer_side(person.box), longer_side(other.box))
    distance = np.hypot(*(person.keypoints - other.keypoints)[common, :2].T)
    return bool(common.any()) and bool((distance <= reach).mean() > _SAME)
