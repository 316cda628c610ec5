"""From the maps of a keypoint estimator to one person's keypoints.

Cao et al., "Realtime Multi-Person 2D Pose Estimation using Part Affinity Fields", 2017, with the thresholds
and the order of the published reference decoder; the keypoint tables that the field shares were made so. When
there are several people, the most confident one is kept.
"""

import numpy as np
from scipy.ndimage import gaussian_filter

from pgig.pose.joints import DRAW_LIMBS, MISSING, NAMES

JOINTS = len(NAMES)
BOX_SIZE = 368

# First of the two field channels (x, then y) of each limb of DRAW_LIMBS.
FIELD_CHANNELS = (12, 20, 14, 16, 22, 24, 0, 2, 4, 6, 8, 10, 28, 30, 34, 32, 36, 18, 26)

# The last two limbs, shoulders to ears, extend a person but never begin one.
_FOUNDING_LIMBS = len(DRAW_LIMBS) - 2

_PEAK_SIGMA = 3
_PEAK_THRESHOLD = 0.1
_FIELD_THRESHOLD = 0.05
_SAMPLES = 10
_FEWEST_JOINTS = 4
_LOWEST_SCORE = 0.4


def scales(height):
    """The four factors by which a picture is enlarged before estimation.

    They are 0.5, 1, 1.5 and 2 times 368 / height. The reference divides the integers 1 and 2 under Python 2,
    so the second and fourth are rounded down; where that would give 0 (very high pictures) they are left as
    they are.

    Args:
        height: height of the picture in pixels.

    Returns:
        four floats.
    """
    return tuple(
        float(factor * BOX_SIZE // height or factor * BOX_SIZE / height)
        if isinstance(factor, int)
        else factor * BOX_SIZE / height
        for factor in (0.5, 1, 1.5, 2)
    )


def decode(heat_maps, fields):
    """Keypoints of the most confident person.

    Args:
        heat_maps: (H, W, 18 or 19) confidence of each joint at picture size, 0 to 1; a channel for the
            background may follow and is not read.
        fields: (H, W, 38) part-affinity fields at picture size.

    Returns:
        (18, 3) float32 y, x, visible, in whole pixels; a joint that was not found has visible 0 and y = x =
        -1.
    """
    heat_maps, fields = np.asarray(heat_maps, np.float64), np.asarray(fields, np.float64)
    peaks, values = _find_peaks(heat_maps)
    first_number = np.cumsum([0] + [len(joint) for joint in peaks])

    people = []
    for limb, (first, second) in enumerate(DRAW_LIMBS):
        channel = FIELD_CHANNELS[limb]
        field = fields[..., channel : channel + 2]
        for i, j, score in _connect(peaks[first], peaks[second], field):
            ends = {first: first_number[first] + i, second: first_number[second] + j}
            _attach(people, ends, second, score, values, founding=limb < _FOUNDING_LIMBS)

    keypoints = np.tile(np.float32([MISSING, MISSING, 0]), (JOINTS, 1))
    people = [p for p in people if p.count >= _FEWEST_JOINTS and p.score / p.count >= _LOWEST_SCORE]
    if people:
        places = np.concatenate(peaks)
        for joint, number in max(people, key=lambda person: person.score).peaks.items():
            keypoints[joint] = *places[number], 1
    return keypoints


class _Person:
    """Peaks that belong together: joint -> number of the peak; their score; how many were attached."""

    def __init__(self, peaks, score):
        self.peaks, self.score, self.count = dict(peaks), score, len(peaks)


def _find_peaks(heat_maps):
    """Local maxima of each joint's smoothed map.

    Returns:
        list of 18 integer arrays (n, 2) of y, x in row-major order, and the list of the unsmoothed values of
        all peaks in running order over the joints.
    """
    peaks, values = [], []
    for joint in range(JOINTS):
        heat_map = heat_maps[..., joint]
        smooth = gaussian_filter(heat_map, _PEAK_SIGMA)
        # A pixel on the border has neighbours of value 0 outside.
        around = np.pad(smooth, 1)
        neighbours = (around[:-2, 1:-1], around[2:, 1:-1], around[1:-1, :-2], around[1:-1, 2:])
        is_peak = np.logical_and.reduce([smooth >= neighbour for neighbour in neighbours])
        places = np.argwhere(is_peak & (smooth > _PEAK_THRESHOLD))
        peaks.append(places)
        values += heat_map[tuple(places.T)].tolist()
    return peaks, values


def _connect(starts, ends, field):
    """Limbs between candidate joints, best first, each candidate used once.

    A limb's score is the field along it in its direction; limbs longer than half the picture's height lose.

    Args:
        starts: (n, 2) y, x of candidates of the first joint.
        ends: (m, 2) of the second joint.
        field: (H, W, 2) x and y part of the limb's field.

    Returns:
        list of (index in starts, index in ends, score).
    """
    if not (len(starts) and len(ends)):
        return []
    # All pairs at once, the first joint's candidates in the outer loop.
    start = np.repeat(starts, len(ends), axis=0)
    end = np.tile(ends, (len(starts), 1))
    distance = np.sqrt(((end - start) ** 2).sum(axis=1))
    apart = np.where(distance > 0, distance, 1)
    direction = (end - start) / apart[:, None]

    # Coordinates are rounded half up, as Python 2 rounds positive numbers.
    places = np.floor(np.linspace(start, end, _SAMPLES) + 0.5).astype(int)
    along = field[places[..., 0], places[..., 1]]
    along = along[..., 0] * direction[:, 1] + along[..., 1] * direction[:, 0]
    score = along.sum(axis=0) / _SAMPLES + np.minimum(0.5 * len(field) / apart - 1, 0)
    good = ((along > _FIELD_THRESHOLD).sum(axis=0) > 0.8 * _SAMPLES) & (score > 0) & (distance > 0)

    connections, used_starts, used_ends = [], set(), set()
    for pair in np.argsort(-score, kind="stable"):
        i, j = divmod(int(pair), len(ends))
        if good[pair] and i not in used_starts and j not in used_ends:
            connections.append((i, j, float(score[pair])))
            used_starts.add(i)
            used_ends.add(j)
    return connections


def _attach(people, ends, second, score, values, founding):
    """Give a limb to the person that it belongs to, join two people, or begin a new one; `people` is changed.

    Args:
        people: list of `_Person`.
        ends: joint -> peak number, of both ends of the limb.
        second: the joint at the limb's second end.
        score: the limb's score.
        values: value of each peak.
        founding: whether the limb may begin a person.
    """
    owners = [p for p in people if any(p.peaks.get(joint) == peak for joint, peak in ends.items())]
    gain = values[ends[second]] + score
    if not owners:
        if founding:
            people.append(_Person(ends, sum(values[peak] for peak in ends.values()) + score))
        return

    person, *others = owners
    if others and not person.peaks.keys() & others[0].peaks.keys():
        person.peaks |= others[0].peaks
        person.score += others[0].score + score
        person.count += others[0].count
        people.remove(others[0])
    elif others or person.peaks.get(second) != ends[second]:
        # The reference counts the end again when two people claim the limb, even if the first one has it
        # already.
        person.peaks[second] = ends[second]
        person.count += 1
        person.score += gain
