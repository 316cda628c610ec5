"""Drawings of all pictures of a folder: a file each, or one sheet of them."""

import os
from pathlib import Path

import numpy as np

from pgig.data.photos import list_photos
from pgig.errors import DataError, OptionsError
from pgig.generate.draw_one import drawing
from pgig.generate.draw_poses import count_joints
from pgig.generate.draw_sheet import columns_for, titled_sheet
from pgig.generate.pixels import write_picture
from pgig.utils.files import require_folder
from pgig.utils.progress import progress_bar
from pgig.utils.words import counted

# Pixels that a sheet may have, twice as many for wide pictures. What cannot be read is grey on it.
_MOST_PIXELS, _GREY = 2**25, 192


def to_folder(source, folder, poses, goal, kind, height):
    """Draw each picture of a folder, in another folder: `NAME.png`.

    Args:
        source: the folder of pictures.
        folder: the other one; drawings of the same names are replaced.
        poses: `Poses`.
        goal: `Subject` of the target pose, or None.
        kind: one of `KINDS`.
        height: of a drawing in pixels.

    Raises:
        OptionsError: both folders are one.
        DataError: the folder holds no pictures, or none can be read.
        StorageError: a drawing cannot be written.
    """
    if os.path.realpath(folder) == os.path.realpath(source):
        raise OptionsError(f"--output {folder} is the folder of the pictures: give another one.")
    paths = _photos(source)
    require_folder(folder)
    problems = _Problems(source, len(paths))
    for path in progress_bar(paths, "Drawing", "picture"):
        subject = problems.of(poses, path)
        if subject is not None:
            write_picture(Path(folder) / f"{path.name}.png", drawing(subject, kind, height, goal))
    problems.tell(folder)


def to_sheet(source, output, poses, goal, kind, height):
    """Draw the pictures of a folder on one sheet; arguments and errors as for `to_folder`.

    Args:
        output: the picture to write.

    Raises:
        OptionsError: the sheet would be too large.
    """
    # The sheet of before is no picture of the folder.
    paths = [path for path in _photos(source) if os.path.realpath(path) != os.path.realpath(output)]
    if len(paths) * height**2 > _MOST_PIXELS:
        raise OptionsError(
            f"{len(paths)} pictures of {height} rows are too many for one sheet: give a folder with --output, or lower "
            "--height."
        )
    problems, cells = _Problems(source, len(paths)), []
    for path in progress_bar(paths, "Drawing", "picture"):
        subject = problems.of(poses, path)
        if subject is None:
            cells.append((f"{path.name}\nunreadable", np.full((height, height // 2, 3), _GREY, np.uint8)))
        else:
            joints = count_joints(subject)
            title = f"{path.name}\n{joints or 'no'} joint{'s' * (joints != 1)}"
            cells.append((title, drawing(subject, kind, height, goal)))
    problems.tell(output)
    write_picture(output, titled_sheet(cells, columns_for([pixels for _, pixels in cells])))


def _photos(source):
    paths = list_photos(source)
    if not paths:
        raise DataError(f"{source} holds no pictures (its sub-folders do not count): give a folder of photos.")
    return paths


class _Problems:
    """What was wrong with the pictures of a folder.

    Args:
        source: the folder.
        count: how many pictures it holds.
    """

    def __init__(self, source, count):
        self.source, self.count = source, count
        self._found = {"unreadable": [], "without a pose": []}

    def of(self, poses, path):
        """The `Subject` of a picture, or None where the picture cannot be read."""
        try:
            subject = poses.of_picture(path)
        except DataError as error:
            self._found["unreadable"].append(str(error))
            return None
        if not count_joints(subject):
            self._found["without a pose"].append(f"{path.name}: {subject.note}")
        return subject

    def tell(self, output):
        """Print how many pictures were drawn, and what was wrong with the others.

        Raises:
            DataError: none was.
        """
        unread = self._found["unreadable"]
        if len(unread) == self.count:
            raise DataError(f"No picture of {self.source} can be read; the first: {unread[0]}")
        for what, sentences in self._found.items():
            if sentences:
                print(f"{len(sentences)} of {self.count} pictures are {what}; the first: {sentences[0]}")
        print(f"{counted(self.count - len(unread), 'picture')} of {self.source}: {output}")
