"""Writes a split of a data set in this package's layout: pictures, keypoint table, pair list; all of it or nothing."""

import contextlib
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pgig.data.images import decode, is_image
from pgig.data.pairs import write_pairs
from pgig.errors import DataError
from pgig.pose.check import outside
from pgig.pose.files import write_annotations
from pgig.utils.files import atomic_folder, require_folder, sweep
from pgig.utils.words import counted

# Names that a keypoint table and every file system can hold: no separators of either, no control characters.
_NAME = re.compile(r'[^\x00-\x20\x7f/\\:*?"<>|.][^\x00-\x1f\x7f/\\:*?"<>|]*')
_LONGEST_NAME = 200


@dataclass(frozen=True)
class SplitFiles:
    """Where one split of a data set lies: paths of its picture folder, keypoint table and pair list."""

    images_dir: str
    annotations_file: str
    pairs_file: str


def split_files(paths, split):
    """The `SplitFiles` of `"train"` or `"test"` of a `pgig.config.DataPaths`."""
    names = ("images_dir", "annotations_file", "pairs_file")
    return SplitFiles(*(getattr(paths, f"{name}_{split}") for name in names))


def safe_name(name, where):
    """A picture's file name from outside.

    Args:
        name: text.
        where: what error messages call its origin.

    Returns:
        the name.

    Raises:
        DataError: it is no plain file name of a picture.
    """
    if not _NAME.fullmatch(name) or not is_image(name) or len(name.encode(errors="replace")) > _LONGEST_NAME:
        raise DataError(
            f"{where} names a picture {name[:80]!r}, but a plain file name ending in .jpg, .png or .bmp is expected."
        )
    return name


class SplitWriter:
    """Collects the pictures of a split; `new_split` gives one.

    Attributes:
        poses: {name: (18, 3) float32 y, x, visible, whole pixels} of the annotated pictures so far, in their order.
        pairs: list of (source name, target name), for the caller to fill.
        left_out: number of joints that lay outside their picture and count as missing.
    """

    def __init__(self, folder, size):
        self.poses, self.pairs, self.left_out = {}, [], 0
        self._folder, self._size = folder, size

    def add(self, name, data, keypoints):
        """Add a picture.

        Args:
            name: its file name, which no other picture of the split may have.
            data: bytes of the file; they are kept as they are.
            keypoints: (18, 3) y, x, visible; fractions of a pixel are cut off.

        Raises:
            DataError: the picture is damaged or has another size.
        """
        decode(data, self._size, name)
        Path(self._folder, name).write_bytes(data)
        keypoints = np.concatenate([np.trunc(keypoints[:, :2]), keypoints[:, 2:]], axis=1)
        away = outside(keypoints, self._size)
        self.left_out += int(away.sum())
        self.poses[name] = np.where(away[:, None], np.float32([-1, -1, 0]), keypoints).astype(np.float32)

    def summary(self, files):
        """One sentence of what was written where."""
        outside = counted(self.left_out, "joint outside its picture counts", "joints outside their pictures count")
        lost = f" {outside} as missing." if self.left_out else ""
        return (
            f"{counted(len(self.poses), 'picture')}: {files.images_dir}; keypoints: {files.annotations_file}; "
            f"{counted(len(self.pairs), 'pair')}: {files.pairs_file}.{lost}"
        )


@contextlib.contextmanager
def new_split(files, size):
    """Give a `SplitWriter`, and put all in its place when the block has succeeded.

    Args:
        files: `SplitFiles`, of which nothing may exist.
        size: (height, width) that every picture must have.

    Raises:
        DataError: one of the paths exists; nothing of it is touched.
        StorageError: the disk is full or a folder cannot be written.
    """
    require_absent(files)
    above = Path(files.images_dir).parent
    is_new = not above.exists()
    with contextlib.ExitStack() as undo:
        if is_new:
            undo.callback(_remove_if_empty, above)
        for path in (files.images_dir, files.annotations_file, files.pairs_file):
            require_folder(Path(path).parent)
        sweep(above, Path(files.images_dir).name)
        with atomic_folder(files.images_dir) as folder:
            writer = SplitWriter(folder, size)
            yield writer
            write_annotations(files.annotations_file, list(writer.poses), list(writer.poses.values()))
            undo.callback(Path(files.annotations_file).unlink, missing_ok=True)
            write_pairs(files.pairs_file, writer.pairs)
            undo.callback(Path(files.pairs_file).unlink, missing_ok=True)
        undo.pop_all()


def require_absent(files):
    """Raise a `DataError` when anything of a split exists already."""
    for path in (files.images_dir, files.annotations_file, files.pairs_file):
        if Path(path).exists():
            raise DataError(f"{path} exists already, and nothing is overwritten: move it away, or name another place.")


def _remove_if_empty(folder):
    with contextlib.suppress(OSError):
        Path(folder).rmdir()
