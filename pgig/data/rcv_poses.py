"""Poses as rows, columns and visibilities, which DPIG's authors took from other detectors than OpenPose. Numpy only.

They stand in `PoseRCV/SPLIT.pickle`, or, as Mask R-CNN left them, in a MATLAB file from which `mat2dic_maskrcnn.py` of
`charliememory/Disentangled-Person-Image-Generation` made that one.
"""

from pathlib import Path

import numpy as np

from pgig.data.images import read_bytes
from pgig.data.pose_pickles import read_pose_pickle
from pgig.errors import DataError
from pgig.pose.joints import INDEX, MISSING, NAMES, indices
from pgig.utils.mat_file import read_variable
from pgig.weights.restricted import DAMAGE, MOST_BYTES

# Our joints in the order of Mask R-CNN's points, which has no neck.
_POINTS = indices("nose Leye Reye Lear Rear Lsho Rsho Lelb Relb Lwri Rwri Lhip Rhip Lkne Rkne Lank Rank")
_SHOULDERS = indices("Rsho Lsho")
_FARTHEST = 1e6


def read_rcv_poses(folder, split, names, progress=True):
    """Poses of the pictures of a split.

    Args:
        folder: with `SPLIT.pickle`, or else one file `SPLIT.mat` or `..._SPLIT.mat`.
        split: `"train"` or `"test"`.
        names: sorted names of all pictures; those of a MATLAB file are in this order.
        progress: whether to say what is read.

    Returns:
        {picture: (18, 3) float64 y, x, visible}; a missing joint is (-1, -1, 0). A pickle may lack pictures.

    Raises:
        DataError: there is no such file, or it is damaged or holds something else.
    """
    path = Path(folder, f"{split}.pickle")
    if path.is_file():
        table = read_pose_pickle(path, _read(path), progress)
        return {name: _checked(table[name], f"{path}, {name}") for name in names if name in table}
    found = sorted({*Path(folder).glob(f"{split}.mat"), *Path(folder).glob(f"*_{split}.mat")})
    if len(found) != 1:
        raise DataError(
            f"{folder} holds neither {split}.pickle nor one file {split}.mat or ..._{split}.mat: put the poses there."
        )
    return dict(zip(names, from_mask_rcnn(_read(found[0]), len(names), found[0]), strict=True))


def from_mask_rcnn(data, count, where):
    """Poses of a MATLAB file of Mask R-CNN's points.

    Args:
        data: bytes of a file with the variable `joint2d`, of shape (N, 2, 17): column and row of each point, zeros
            for a missing one.
        count: N.
        where: what messages call the file.

    Returns:
        (N, 18, 3) float64 y, x, visible. The neck is the middle of the shoulders when both are visible.

    Raises:
        DataError: the file is damaged, or holds something else or the poses of other than N pictures.
    """
    try:
        values = read_variable(data, "joint2d")
    except ValueError as error:
        raise DataError(f"{where} holds no points of Mask R-CNN ({error}): take another copy.") from None
    if not isinstance(values, np.ndarray) or values.size != count * 2 * len(_POINTS):
        found = f"{values.size} numbers" if isinstance(values, np.ndarray) else "no numbers"
        raise DataError(
            f"{where} has {found} in joint2d, but {count} pictures x 2 x {len(_POINTS)} are expected: take the "
            "pictures in which the poses were found."
        )
    points = values.astype(np.float64).reshape(count, 2, len(_POINTS), order="F").transpose(0, 2, 1)
    rows = np.zeros((count, len(NAMES), 3))
    rows[:, _POINTS, :2] = points[..., ::-1]
    rows[:, _POINTS, 2] = (points != 0).any(axis=-1)
    shoulders = rows[:, _SHOULDERS]
    both = shoulders[..., 2].all(axis=1)
    rows[:, INDEX["neck"]] = np.where(both[:, None], shoulders.mean(axis=1), 0)
    return np.stack([_marked(pose, f"{where}, pose {number}") for number, pose in enumerate(rows, start=1)])


def _checked(value, where):
    """The pose that a pickle holds for a picture."""
    try:
        rows = value.array().astype(np.float64)
    except (AttributeError, *DAMAGE):
        raise DataError(f"{where} is no array of numbers: 18 rows of row, column, visibility are expected.") from None
    if rows.shape != (len(NAMES), 3):
        raise DataError(f"{where} has the shape {rows.shape}, but 18 rows of row, column, visibility are expected.")
    return _marked(rows, where)


def _marked(rows, where):
    """The pose with visibilities of 0 and 1 and missing joints as this package has them."""
    if not np.isfinite(rows).all() or (np.abs(rows) > _FARTHEST).any():
        raise DataError(f"{where} has a joint that is no place in a picture: take another copy.")
    seen = rows[:, 2:] != 0
    return np.where(seen, np.concatenate([rows[:, :2], seen], axis=1), [MISSING, MISSING, 0])


def _read(path):
    if path.stat().st_size > MOST_BYTES:
        raise DataError(f"{path} has more than {MOST_BYTES} bytes: take another copy.")
    return read_bytes(path)
