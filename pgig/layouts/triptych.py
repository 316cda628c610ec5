"""The pictures of a test run: one PNG per pair, source | target | generated, named `<from>_<to>.png`."""

import re
from pathlib import Path

import numpy as np
from PIL import Image

from pgig.data.images import decode, is_image, read_bytes
from pgig.errors import DataError
from pgig.utils.files import atomic_path

PANELS = 3

# The first name ends at the first picture extension that an underscore follows. (pose-gan's own pattern knew
# letters, digits and underscores only, and failed on the others.)
_EXTENSION = r"\.(?:jpg|jpeg|png|bmp)"
_NAMES = re.compile(rf"(.+?{_EXTENSION})_(.+{_EXTENSION})\.png", re.IGNORECASE | re.DOTALL)


def triptych_name(source_name, target_name):
    """File name of the picture of a pair.

    Raises:
        DataError: a name is not a plain picture name, so that the pair could not be told from the file name,
            or the file would lie outside its folder.
    """
    for name in (source_name, target_name):
        if not is_image(name) or Path(name).name != name or "\\" in name or "\0" in name:
            raise DataError(
                f"The pair list names the picture {name!r}: give a plain file name with an extension (.jpg, "
                ".png ...)."
            )
    return f"{source_name}_{target_name}.png"


def names_of(file_name):
    """Names of the two pictures of a pair, from the name of its file.

    Args:
        file_name: `<from>_<to>.png`, without folder.

    Returns:
        (source name, target name).

    Raises:
        DataError: the name is not of this form.
    """
    match = _NAMES.fullmatch(file_name)
    if match is None:
        raise DataError(
            f"{file_name!r} does not name a pair: generated pictures are called <from>_<to>.png, for "
            "instance a.jpg_b.jpg.png; move other pictures out of the folder."
        )
    return match.groups()


def write_triptych(folder, source_name, target_name, source_pixels, target_pixels, generated_pixels):
    """Write the picture of a pair.

    Args:
        folder: folder of the pictures; made if absent.
        source_name, target_name: file names as in the pair list.
        source_pixels, target_pixels, generated_pixels: (H, W, 3) uint8.

    Returns:
        `pathlib.Path` of the file.

    Raises:
        DataError: see `triptych_name`.
        StorageError: the file cannot be written.
    """
    path = Path(folder) / triptych_name(source_name, target_name)
    row = np.concatenate([source_pixels, target_pixels, generated_pixels], axis=1)
    with atomic_path(path) as temporary:
        # The lowest compression takes a third of the time and a tenth more space.
        Image.fromarray(row).save(temporary, format="PNG", compress_level=1)
    return path


def list_triptychs(folder):
    """The pairs of a folder of pictures `<from>_<to>.png`: see `list_named`."""
    return list_named(folder, names_of, ".png")


def list_named(folder, names, extension, passed_over=None):
    """The pairs of a folder, sorted by file name, so that scores do not depend on the file system.

    Args:
        folder: folder of the pictures; files of another extension are passed over.
        names: function from a file name to (source name, target name); raises a `DataError` for others.
        extension: ".png" or ".jpg".
        passed_over: pattern of the names of files that count as absent, or None.

    Returns:
        list of (source name, target name, `pathlib.Path`), not empty.

    Raises:
        DataError: the folder is missing or holds no such file, or a picture's name is not that of a pair.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError(
            f"There is no folder {folder} of generated pictures: run test.py without --load_generated_images."
        )
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() == extension and path.name[0] != ".")
    paths = [path for path in paths if not (passed_over and passed_over.fullmatch(path.name))]
    if not paths:
        raise DataError(
            f"The folder {folder} holds no {extension[1:].upper()}: run test.py without --load_generated_images first."
        )
    return [(*names(path.name), path) for path in paths]


def read_triptych(path, size):
    """Read the picture of a pair.

    Args:
        path: the PNG.
        size: (height, width) of one panel.

    Returns:
        source_pixels, target_pixels, generated_pixels: (H, W, 3) uint8 each.

    Raises:
        DataError: the file is unreadable, or not three panels of that size.
    """
    return read_panels(path, size, PANELS)


def read_panels(path, size, count):
    """Read a picture of `count` panels of (height, width) side by side: tuple of (H, W, 3) uint8.

    Raises:
        DataError: the file is unreadable, or has another size.
    """
    height, width = size
    name = f"{path} ({count} panels side by side)" if count > 1 else str(path)
    row = decode(read_bytes(path), (height, count * width), name)
    return tuple(row[:, panel * width : (panel + 1) * width] for panel in range(count))
