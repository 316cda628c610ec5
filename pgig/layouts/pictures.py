"""The pictures of a scored folder: found, put in order, checked before the work begins, read when needed."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from pgig.data.images import EXTENSIONS, decode, is_image, read_bytes, read_head
from pgig.errors import DataError
from pgig.utils.progress import progress_bar
from pgig.utils.words import counted

# Fewer pictures are looked at so quickly that a progress bar would only flash.
_SHOW_PROGRESS_FROM = 2000

_DIGITS = re.compile("([0-9]+)")


@dataclass(frozen=True)
class Part:
    """A picture, or one of several equally wide panels of a picture file.

    Attributes:
        path: `pathlib.Path` of the file.
        panel, panels: which panel, counted from 0, of how many.
    """

    path: Path
    panel: int = 0
    panels: int = 1


def natural(name):
    """Sort key of a file name: numbers in it by their value, so that 9 comes before 10."""
    return [(0, int(t), "") if t.isdecimal() else (1, 0, t) for t in _DIGITS.split(name) if t], name


def stem(name):
    """A file name without the extension of a picture; another ending is part of the name."""
    return next((name[: -len(e)] for e in EXTENSIONS if name.lower().endswith(e)), name)


def find_pictures(folder):
    """Pictures of a folder, in natural order of their names.

    Args:
        folder: the folder; hidden files and sub-folders are passed over.

    Returns:
        list of `pathlib.Path`, not empty, and the number of other files.

    Raises:
        DataError: the folder is missing or unreadable, holds no picture, or a name is not UTF-8.
    """
    folder = Path(folder)
    if not os.path.isdir(folder):
        raise DataError(f"There is no folder {folder}: give the path of a folder of pictures.")
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if entry.name[0] != "." and not entry.is_dir()]
    except OSError as error:
        raise DataError(f"The folder {folder} cannot be read ({error.strerror}): make it readable.") from None
    pictures = sorted((name for name in names if is_image(name)), key=natural)
    if not pictures:
        raise DataError(
            f"The folder {folder} holds no picture ({counted(len(names), 'other file')}): give a folder of JPEG, PNG "
            "or BMP files."
        )
    for name in pictures:
        try:
            name.encode()
        except UnicodeEncodeError:
            raise DataError(f"The file name {name!a} in {folder} is not UTF-8 text: rename the file.") from None
    return [folder / name for name in pictures], len(names) - len(pictures)


def check_parts(parts):
    """Look at the head of every file, so that a bad one is found before anything is scored.

    Args:
        parts: list of `Part`, not empty; files may occur several times.

    Returns:
        (height, width) that all have, and {path: "JPEG", "PNG" or "BMP"}.

    Raises:
        DataError: a file is missing, damaged or of a kind that is not read, panels do not divide its width, or
            the pictures differ in size.
    """
    # The order of the parts, so that the same file is complained about every time.
    paths = list(dict.fromkeys(part.path for part in parts))
    bar = progress_bar(paths, "Checking pictures", "picture", show=len(paths) >= _SHOW_PROGRESS_FROM)
    heads = {path: read_head(path) for path in bar}
    sizes = {}
    for part in parts:
        height, width = heads[part.path].size
        if width % part.panels or not width // part.panels:
            raise DataError(
                f"{part.path} is {height} x {width} pixels (height x width), which is not {part.panels} equal panels "
                "side by side: give another --layout (strips: strip, strip3, strip6), or another folder."
            )
        sizes.setdefault((height, width // part.panels), []).append(part)
    if len(sizes) > 1:
        (size, most), *_, (other, few) = sorted(sizes.items(), key=lambda item: (-len(item[1]), item[0]))
        raise DataError(
            f"{few[0].path} holds a picture of {other[0]} x {other[1]} pixels (height x width), {most[0].path} and "
            f"others of {size[0]} x {size[1]}: bring all pictures to one size."
        )
    return next(iter(sizes)), {path: head.format for path, head in heads.items()}


def read_parts(parts, size):
    """Decode pictures or panels.

    Args:
        parts: list of `Part` or None.
        size: (height, width) of each.

    Returns:
        list of (H, W, 3) uint8, with None where the part is None. A file is decoded once.

    Raises:
        DataError: a file is damaged, or changed since it was checked.
    """
    rows, (height, width) = {}, size
    for part in parts:
        if part is not None and part.path not in rows:
            whole = (height, width * part.panels)
            rows[part.path] = decode(read_bytes(part.path), whole, str(part.path))
    return [part and rows[part.path][:, part.panel * width : (part.panel + 1) * width] for part in parts]


def read_mask(path, size):
    """Decode a mask picture.

    Args:
        path: a grey picture, or a colour one, of which the luminance counts.
        size: (height, width) that it must have.

    Returns:
        (H, W) uint8.

    Raises:
        DataError: the file is damaged or has another size.
    """
    pixels = decode(read_bytes(path), size, str(path))
    return np.asarray(Image.fromarray(pixels).convert("L"))
