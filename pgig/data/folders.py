"""A data set as it lies in its folders: which pictures are there, with which keypoints."""

import hashlib
import json
import os
from dataclasses import dataclass

import numpy as np

from pgig.data.images import encoded_rgb, list_images, read_bytes
from pgig.errors import DataError
from pgig.pose.check import outside
from pgig.pose.files import read_annotations
from pgig.pose.joints import NAMES
from pgig.utils.files import sha256


@dataclass(frozen=True, eq=False)
class Listing:
    """The annotated pictures that exist, and where they lie.

    Attributes:
        size: (height, width) of every picture.
        names: list of N file names.
        keypoints: (N, 18, 3) float32 of (y, x, visible).
        files: list of N paths.
        backgrounds: list of N paths, None where there is no background picture.
        folders: the two folders searched.
        without_picture: set of annotated names that are in neither folder.
        fingerprint: text that changes with the annotations, the size or any of the files.
    """

    size: tuple
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
        """Bytes of a picture, as `pgig.data.images.encoded_rgb` gives them."""
        path = self._listing.files[number]
        return encoded_rgb(read_bytes(path), self._listing.size, path)

    def encoded_background(self, number):
        """Bytes of its background picture, b"" where there is none."""
        path = self._listing.backgrounds[number]
        return encoded_rgb(read_bytes(path), self._listing.size, path) if path else b""


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
    keypoints = shifted(keypoints, paths)

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
        names=found,
        keypoints=keypoints[here],
        files=files,
        backgrounds=backgrounds,
        folders=folders,
        without_picture=set(names) - set(found),
        fingerprint=_fingerprint(paths, tables, files, backgrounds),
    )


def shifted(keypoints, paths):
    """Move annotated joints into the pictures that are used.

    `tool/generate_pose_map_add_mask.py` of `kevinleewy/Human-Pose-Transfer` looks for missing joints after it has
    moved them; here they stay missing whatever the offsets are.

    Args:
        keypoints: (..., 18, 3) float32 y, x, visible, as in the keypoint tables.
        paths: `pgig.config.DataPaths`, whose offsets are added to visible joints.
    """
    return keypoints + keypoints[..., 2:] * np.float32([paths.y_offset, paths.x_offset, 0])


def refuse_outside_joints(listing):
    """Raise a `DataError` when a visible joint of any picture lies outside it."""
    rows = np.flatnonzero(outside(listing.keypoints, listing.size).any(-1))
    if len(rows):
        sentence = outside_sentence(listing.names[rows[0]], listing.keypoints[rows[0]], listing.size)
        raise DataError(f"{sentence[:-1]}; {len(rows)} {'row is' if len(rows) == 1 else 'rows are'} so.")


def outside_sentence(name, keypoints, size):
    """Say which joint of a picture lies outside it.

    Args:
        name: file name of the picture.
        keypoints: (18, 3) y, x, visible, at least one of them outside.
        size: (height, width) in pixels.
    """
    joint = np.flatnonzero(outside(keypoints, size))[0]
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
    # Without offsets it is what it was before there were any: older records stay valid.
    offsets = [[paths.y_offset, paths.x_offset]] if paths.y_offset or paths.x_offset else []
    digest = hashlib.sha256(json.dumps([paths.image_size, *map(sha256, tables), *offsets]).encode())
    for path in [*files, *filter(None, backgrounds)]:
        try:
            status = os.stat(path)
        except OSError as error:
            raise DataError(f"{path} cannot be read ({error.strerror}): replace it, or remove it.") from None
        digest.update(f"{os.path.basename(path)}/{status.st_size}/{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()
