"""Keypoints of other programs as JSON: OpenPose of 18 or 25 joints, and the 17 points of COCO. Numpy only.

All of them say x, y and a confidence. Eyes and ears: the person's right one comes first in OpenPose and in our tables,
the left one in COCO.
"""

import json
import os

import numpy as np

from pgig.errors import DataError
from pgig.pose.joints import INDEX

# What each of our joints but the neck is in COCO's list, and all of ours in BODY_25, which has the middle of the hips
# before the hips and ends with the feet.
_COCO_POINTS = (0, 6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15, 2, 1, 4, 3)
_BODY_25_POINTS = (0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18)
_NECK, _SHOULDERS = INDEX["neck"], (5, 6)

COUNTS = (17, 18, 25)
# Nothing beyond it is a place in a picture.
FARTHEST = 2**24
_LARGEST_SIDE = 2**20


def from_points(points):
    """The 18 joints of points in another program's order.

    Args:
        points: (17, 3) of COCO, (18, 3) or (25, 3) of OpenPose: x, y, confidence; one that was not found is (0, 0).

    Returns:
        (18, 3) float64 y, x, confidence; confidence 0 for joints that were not found. COCO has no neck: it is the
        middle of the shoulders with the lower of their confidences, and missing when one of them is.
    """
    points = np.array(points, np.float64)
    points[(points[:, :2] == 0).all(axis=1), 2] = 0
    if len(points) == 17:
        shoulders = points[list(_SHOULDERS)]
        neck = [*shoulders[:, :2].mean(axis=0), shoulders[:, 2].min()]
        points = np.insert(points[list(_COCO_POINTS)], _NECK, neck, axis=0)
    elif len(points) == 25:
        points = points[list(_BODY_25_POINTS)]
    return points[:, [1, 0, 2]]


def parse_people(data, picture, where):
    """People of a JSON file.

    Read are OpenPose's `{"people": [...]}`, COCO's `{"images": ..., "annotations": [...]}`, its list of results, one
    of its people, and bare points: `[[x, y, confidence], ...]` or one list of all numbers.

    Args:
        data: bytes of the file.
        picture: which picture's people, by name or id, where the file knows several; None where it knows one.
        where: what messages call the file.

    Returns:
        list of (18, 3) float64 y, x, confidence, at least one; and (height, width) of the picture, or None when the
        file does not say.

    Raises:
        DataError: the file is damaged, holds something else, or nobody.
    """
    try:
        document = json.loads(data)
        people, size = _people(document, picture, where)
        joints = [from_points(_points(person)) for person in people]
    # json raises the last one for brackets without end.
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        reason = " ".join(str(error).split())[:120]
        raise DataError(
            f"{where} holds no keypoints ({reason}): give a JSON file of OpenPose (18 or 25 joints) or of COCO (17)."
        ) from None
    if not joints:
        raise DataError(f"{where} holds nobody: give the keypoints of a picture in which a person was found.")
    return joints, size


def _people(document, picture, where):
    """The lists of numbers of all people, and the picture's size or None."""
    if isinstance(document, list) and len(document) == 1 and "people" in document[0]:
        (document,) = document
    if isinstance(document, dict):
        if "people" in document:
            people = [person.get("pose_keypoints_2d", person.get("pose_keypoints")) for person in document["people"]]
            return people, _size(document.get("canvas_height"), document.get("canvas_width"))
        if "annotations" in document:
            return _of_picture(document["annotations"], document.get("images") or [], picture, where)
        return [document["keypoints"]], None
    if isinstance(document, list) and (not document or isinstance(document[0], dict)):
        return _of_picture(document, [], picture, where)
    return [document], None


def _of_picture(annotations, images, picture, where):
    """People of one picture among COCO's annotations."""
    annotations = [one for one in annotations if one.get("keypoints")]
    names = {image["id"]: str(image.get("file_name", image["id"])) for image in images}
    ids = {one.get("image_id"): None for one in annotations}
    if picture is not None:
        known = {**names, **{number: names.get(number, number) for number in ids}}
        ids = [number for number, name in known.items() if picture in (str(number), name, os.path.basename(str(name)))]
        if len(ids) != 1:
            raise DataError(
                f"{where} knows {len(ids) or 'no'} picture{'s'[: len(ids)]} {picture!r}: give the name or the id of "
                "one of its pictures after the colon."
            )
    elif len(ids) > 1:
        number = next(iter(ids))
        raise DataError(
            f"{where} holds people of {len(ids)} pictures: say which one, as in "
            f"{where}:{names.get(number, number)}."
        )
    chosen = [one["keypoints"] for one in annotations if one.get("image_id") in ids]
    sizes = [_size(image.get("height"), image.get("width")) for image in images if image["id"] in ids]
    return chosen, sizes[0] if sizes else None


def _size(height, width):
    if height is None or width is None:
        return None
    if not all(type(side) is int and 0 < side <= _LARGEST_SIDE for side in (height, width)):
        raise ValueError(f"a picture of {height!r:.20} x {width!r:.20} pixels")
    return height, width


def _points(values):
    """(n, 3) x, y, confidence of a person's list, n one of `COUNTS`."""
    if not isinstance(values, list) or len(values) > 3 * max(COUNTS):
        raise ValueError("no list of a person's points")
    if values and isinstance(values[0], list):
        lengths = {len(point) for point in values}
        if lengths == {2}:
            values = [[*point, 1] for point in values]
        elif lengths != {3}:
            raise ValueError("points are not all of 2 or all of 3 numbers")
        values = [value for point in values for value in point]
    if len(values) not in [3 * count for count in COUNTS]:
        raise ValueError(f"a person has {len(values)} numbers instead of 3 for each of 17, 18 or 25 points")
    if not all(type(value) in (int, float) and abs(value) <= FARTHEST for value in values):
        raise ValueError("a point is no place in a picture")
    return np.array(values, np.float64).reshape(-1, 3)
