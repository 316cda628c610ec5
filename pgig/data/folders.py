"""A data set as it lies in its folders: which pictures are there, with which keypoints."""

import hashlib
import json
import os
from dataclasses import dataclass

import numpy as np

from pgig.data.images import encoded_resized, encoded_rgb, list_images, read_bytes
from pgig.errors import DataError
from pgig.pose.check import outside
from pgig.pose.files import read_annotations
from pgig.pose.joints import MISSING, NAMES
from pgig.utils.files import sha256


@dataclass(frozen=True, eq=False)
class Listing:
    """The annotated pictures that exist, and where they lie.

    Attributes:
        size: (height, width) of every picture.
        resizes: whether the files may have other sizes, and are resized.
        names: list of N file names.
        keypoints: (N, 18, 3) float32 of (y, x, visible).
        files: list of N paths.
        backgrounds: list of N paths, None where there is no background picture.
        folders: the two folders searched.
        without_picture: set of annotated names that are in neither folder.
        fingerprint: text that changes with the annotations, the size or any of the files.
    """

    size: tuple
    resizes: bool
    names: list
    keypoints: np.ndarray
    files: list
    backgrounds: list
    folders: tuple
    without_picture: set
    fingerprint: str


class FolderSource:
    """Reads pictures from their own files."""

    def __init__(self, listing):
        self._listing = listing

    def encoded(self, number):
        """Bytes of a picture, as `encoded_rgb` or, for a data set that is resized, `encoded_resized` gives them."""
        return self._encoded(self._listing.files[number])

    def encoded_background(self, number):
        """Bytes of its background picture, b"" where there is none."""
        path = self._listing.backgrounds[number]
        return self._encoded(path) if path else b""

    def _encoded(self, path):
        encode = encoded_resized if self._listing.resizes else encoded_rgb
        return encode(read_bytes(path), self._listing.size, path)


def list_dataset(paths):
    """Find the annotated pictures of both splits, without opening any.

    Pictures are looked up in the train folder first, then in the test folder; the annotations of the test
    split come first, as in the original.

    Args:
        paths: `pgig.config.DataPaths`.

    Returns:
        `Listing`.

    Raises:
        DataError: a table or both folders are missing, a name is in both tables, or no annotated picture
            exists.
    """
    folders = (paths.images_dir_train, paths.images_dir_test)
    if not any(os.path.isdir(folder) for folder in folders):
        raise DataError(
            f"The data set {paths.name} is not here: neither {folders[0]} nor {folders[1]} is a folder; put "
            "the pictures there, or name their folders with --images_dir_train and --images_dir_test."
        )
    tables = (paths.annotations_file_test, paths.annotations_file_train)
    names, keypoints = _join(*map(read_annotations, tables), *tables)
    keypoints = placed(keypoints, paths)

    where = find_pictures(folders)
    where_background = find_pictures((paths.bg_images_dir_train, paths.bg_images_dir_test))
    here = np.array([name in where for name in names], bool)
    if not here.any():
        raise DataError(
            f"None of the {len(names)} names of {tables[1]} and {tables[0]} is a picture in {folders[0]} or "
            f"{folders[1]}: the tables belong to other pictures, or the folders are empty."
        )
    found = [name for name in names if name in where]
    files = [os.path.join(where[name], name) for name in found]
    backgrounds = [background_name(name) for name in found]
    backgrounds = [
        os.path.join(where_background[b], b) if b in where_background else None for b in backgrounds
    ]
    return Listing(
        size=paths.image_size,
        resizes=paths.old_size is not None,
        names=found,
        keypoints=keypoints[here],
        files=files,
        backgrounds=backgrounds,
        folders=folders,
        without_picture=set(names) - set(found),
        fingerprint=_fingerprint(paths, tables, files, backgrounds),
    )


def shifted(keypoints, paths):
    """Move annotated joints by the offsets of a data set.

    `tool/generate_pose_map_add_mask.py` of `kevinleewy/Human-Pose-Transfer` looks for missing joints after it has
    moved them; here they stay missing whatever the offsets are.

    Args:
        keypoints: (..., 18, 3) float32 y, x, visible, as in the keypoint tables.
        paths: `pgig.config.DataPaths`, whose offsets are added to visible joints.
    """
    return keypoints + keypoints[..., 2:] * np.float32([paths.y_offset, paths.x_offset, 0])


def placed(keypoints, paths):
    """Move annotated joints into the pictures that are used: by the offsets, then from `old_size` to `image_size`.

    Args:
        keypoints: (..., 18, 3) float32 y, x, visible, as in the keypoint tables.
        paths: `pgig.config.DataPaths`. Where its `outside_joints` is "missing", joints outside their picture become so.

    Returns:
        (..., 18, 3) float32. Fractions that a change of size makes are cut off, as GFLA does.
    """
    moved = shifted(keypoints, paths)
    if paths.old_size is not None:
        # In this order, in double precision: the quotient decides what is cut off.
        scaled = np.trunc(moved[..., :2].astype(np.float64) / paths.old_size * paths.image_size)
        moved[..., :2] = np.where(moved[..., 2:] > 0, scaled, MISSING)
    if paths.outside_joints == "missing":
        moved[outside(moved, paths.image_size)] = (MISSING, MISSING, 0)
    return moved


def misplaced(keypoints, paths):
    """Which visible joints a data set may not have.

    Args:
        keypoints: (..., 18, 3) y, x, visible, as `placed` gives them.
        paths: `pgig.config.DataPaths`.

    Returns:
        (..., 18) bool: outside the picture or, where joints outside are kept, further away than the picture is large.
    """
    size = np.array(paths.image_size)
    if paths.outside_joints == "keep":
        return outside(keypoints + np.array([*size, 0]), 3 * size)
    return outside(keypoints, size)


def refuse_misplaced_joints(listing, paths):
    """Raise a `DataError` when a joint of any picture lies where the data set may not have it."""
    wrong = misplaced(listing.keypoints, paths)
    rows = np.flatnonzero(wrong.any(-1))
    if len(rows):
        sentence = outside_sentence(listing.names[rows[0]], listing.keypoints[rows[0]], listing.size, wrong[rows[0]])
        raise DataError(
            f"{sentence[:-1]}; {len(rows)} {'row is' if len(rows) == 1 else 'rows are'} so, which --outside_joints "
            "missing leaves out, and keep keeps where it is near."
        )


def outside_sentence(name, keypoints, size, wrong=None):
    """Say which joint of a picture lies outside it.

    Args:
        name: file name of the picture.
        keypoints: (18, 3) y, x, visible, at least one of them outside.
        size: (height, width) in pixels.
        wrong: (18,) bool, the joints to speak of; None: all outside.
    """
    joint = np.flatnonzero(outside(keypoints, size) if wrong is None else wrong)[0]
    y, x = keypoints[joint, :2]
    return (
        f"The annotation of {name} puts joint {joint} ({NAMES[joint]}) at row {y:g}, column {x:g}, outside "
        f"the picture of {size[0]} x {size[1]} pixels (height x width): correct it, or mark the joint as "
        "missing with -1 in both lists."
    )


def find_pictures(folders):
    """Map the name of each picture to its folder; the earlier folder wins."""
    return {name: folder for folder in reversed(folders) for name in list_images(folder)}


def background_name(name):
    """File name of the background picture of a picture."""
    return os.path.splitext(name)[0] + "_BG.jpg"


def _join(first, second, *origins):
    """The rows of two tables, one after the other."""
    twice = set(first.names).intersection(second.names)
    if twice:
        raise DataError(
            f"{min(twice)} has a row in both {origins[0]} and {origins[1]} (such names: "
            f"{len(twice)}): a picture belongs to one split only, remove the other row."
        )
    return first.names + second.names, np.concatenate([first.keypoints, second.keypoints])


def _fingerprint(paths, tables, files, backgrounds):
    # Without the options that came later it is what it was before there were any: older records stay valid.
    later = [[paths.y_offset, paths.x_offset]] if paths.y_offset or paths.x_offset else []
    later += [{"old_size": paths.old_size}] if paths.old_size else []
    later += ["missing"] if paths.outside_joints == "missing" else []
    digest = hashlib.sha256(json.dumps([paths.image_size, *map(sha256, tables), *later]).encode())
    for path in [*files, *filter(None, backgrounds)]:
        try:
            status = os.stat(path)
        except OSError as error:
            raise DataError(f"{path} cannot be read ({error.strerror}): replace it, or remove it.") from None
        digest.update(f"{os.path.basename(path)}/{status.st_size}/{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()
