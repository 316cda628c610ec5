"""PCKh of generated pictures: the share of joints found where the target picture's annotation has them.

Andriluka et al., "2D Human Pose Estimation: New Benchmark and State of the Art Analysis", 2014, brought to this field
by Zhu et al., "Progressive Pose Attention Transfer for Person Image Generation", 2019, whose script differs from the
name: the "head" reaches down to the neck, and a joint must be near on each axis by itself.
"""

import re

import numpy as np

from pgig.errors import DataError
from pgig.pose.files import parse_row, read_annotations
from pgig.pose.joints import HEAD, MISSING, indices

# The neck counts as part of the head; two of these points make a head.
_HEAD = HEAD + indices("neck")
_FEWEST_HEAD_POINTS = 2

# A joint may be off by less than this share of the head's width, and of its height.
_ALLOWED = 0.5


def pckh_counts(target_keypoints, predicted_keypoints):
    """Joints that are right, and joints that there are, in each picture.

    Args:
        target_keypoints: (N, 18, 3) y, x, visible: the annotation of the target pictures.
        predicted_keypoints: (N, 18, 3) the same, estimated on the generated pictures.

    Returns:
        (correct, total): two (N,) integer arrays. A picture whose target shows fewer than two points of the head is
        left out of the score: 0, 0. Where all points of the head lie on one line along an axis, no joint is right.

    Raises:
        DataError: the shapes differ or are no poses.
    """
    target, predicted = np.asarray(target_keypoints), np.asarray(predicted_keypoints)
    if target.shape != predicted.shape or target.ndim != 3 or target.shape[1:] != (18, 3):
        raise DataError(
            f"PCKh got target poses of shape {target.shape} and predicted ones of shape {predicted.shape}: give "
            "both as (N, 18, 3), one row per picture."
        )
    seen = target[..., 2] > 0
    return _counts(target[..., :2], predicted[..., :2], seen, predicted[..., 2] > 0, seen)


def pckh(correct, total):
    """The score of a set of pictures.

    Args:
        correct, total: (N,) integers, as `pckh_counts` gives them.

    Returns:
        float in 0 to 1; NaN when no joint counts.
    """
    joints = int(np.sum(total))
    return int(np.sum(correct)) / joints if joints else float("nan")


def pckh_of_files(target_csv, predicted_csv):
    """PCKh of an annotation table against the keypoints estimated on generated pictures.

    Args:
        target_csv: annotation table of the real pictures.
        predicted_csv: table in the same format, whose names `target_name` understands.

    Returns:
        dictionary of `correct`, `total` (integers) and `value`.

    Raises:
        DataError: a table cannot be read, a name has no target in it, or a target is missing in the annotation.
    """
    targets = _read(target_csv)
    predictions = _read(predicted_csv)
    if not predictions:
        raise DataError(f"{predicted_csv} has no rows: PCKh needs keypoints of at least one generated picture.")
    wanted = [target_name(name) for name in predictions]
    lacking = sorted({name for name in wanted if name not in targets})
    if lacking:
        raise DataError(
            f"{target_csv} has no row for {lacking[0]} ({len(lacking)} of the targets named in {predicted_csv} are "
            "missing): give the annotation table of the pictures that were the targets."
        )
    target = np.array([targets[name] for name in wanted])
    predicted = np.array(list(predictions.values()))

    # Joints are counted by their y alone, but compared only where both coordinates are there. The two differ in tables
    # that were rescaled: coordinates outside the picture may come out as exactly -1.
    target_seen, predicted_seen = (target != MISSING).all(-1), (predicted != MISSING).all(-1)
    correct, total = _counts(target, predicted, target_seen, predicted_seen, target[..., 0] != MISSING)
    return {"correct": int(correct.sum()), "total": int(total.sum()), "value": pckh(correct, total)}


def target_name(name):
    """Name of the target picture in the name of a generated one.

    Args:
        name: `<from>___<to>_vis.jpg` (or `.png`), or the older `<from>.jpg_<to>.jpg.png`; `<to>` with its extension.

    Raises:
        DataError: the name is of neither form.
    """
    stem = name[: -len("_vis.jpg")] if "_vis" in name else name[: -len(".png")]
    parts = stem.split("___", 1) if "___" in stem else re.split("jpg_", stem, maxsplit=1)
    if len(parts) != 2 or not all(parts):
        raise DataError(
            f"The name {name[:80]!r} says no target picture: <from>___<to>_vis.jpg or <from>.jpg_<to>.jpg.png is "
            "expected."
        )
    return parts[1]


def _counts(target, predicted, target_seen, predicted_seen, counted):
    """(N,) correct and total from (N, 18, 2) coordinates and three (N, 18) masks."""
    target, predicted = target.astype(float), predicted.astype(float)
    head, head_seen = target[:, _HEAD], target_seen[:, _HEAD, None]
    has_head = head_seen[..., 0].sum(axis=1) >= _FEWEST_HEAD_POINTS
    top = np.where(head_seen, head, np.inf).min(axis=1)
    bottom = np.where(head_seen, head, -np.inf).max(axis=1)
    size = np.where(has_head[:, None], bottom, 0) - np.where(has_head[:, None], top, 0)

    near = (np.abs(predicted - target) < _ALLOWED * size[:, None]).all(axis=-1)
    correct = (near & target_seen & predicted_seen).sum(axis=1)
    return np.where(has_head, correct, 0), np.where(has_head, counted.sum(axis=1), 0)


def _read(path):
    """{name: (18, 2) integer y, x as they stand in the file}.

    The checked reader drops a joint whole when one of its coordinates is missing, and with it what is counted here.
    """
    names = read_annotations(path).names
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = [parse_row(line)[1] for line in file.read().split("\n")[1:] if line.strip()]
    return dict(zip(names, np.array(rows, np.int64).reshape(-1, 2, 18).transpose(0, 2, 1), strict=True))
