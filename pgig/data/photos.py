"""Reading anybody's photos: any usual format, turned upright, opaque, 8 bits a channel, of bounded size.

Data sets are read strictly (`pgig.data.images`); a photo from a telephone is not one of them.
"""

import contextlib
import os
import stat
import struct
import warnings
from pathlib import Path

import numpy as np
from PIL import Image

from pgig.errors import DataError

# HEIC cannot be read without a further library, but whoever has such files is to be told.
EXTENSIONS = (".jpg", ".jpeg", ".jfif", ".png", ".bmp", ".webp", ".gif", ".tif", ".tiff", ".avif", ".heic", ".heif")

# The side below which nobody can be seen.
SMALLEST = 16

# Pillow knows more; some of them start other programs, the others nobody takes photos with.
_FORMATS = ("JPEG", "MPO", "PNG", "BMP", "WEBP", "GIF", "TIFF", "JPEG2000", "PPM", "TGA", "AVIF")

# What is decoded at once; a JPEG file is shrunk while it is decoded, so that its own size may be larger.
_MOST_PIXELS = 2**26

# What Pillow's decoders raise on damaged files, by trial with random damage.
_PILLOW_ERRORS = (
    OSError, ValueError, TypeError, SyntaxError, EOFError, OverflowError, IndexError, KeyError, AttributeError,
    MemoryError, ZeroDivisionError, struct.error, Image.DecompressionBombError,
)  # fmt: skip

_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def read_photo(path, longest=4096):
    """Read a picture as people see it.

    The EXIF orientation is applied, transparent parts are white, grey and 16-bit pictures become RGB, of an animation
    the first frame is taken.

    Args:
        path: a JPEG, PNG, WebP, GIF, TIFF, BMP, AVIF, JPEG 2000, PPM or TGA file.
        longest: largest side of the result in pixels; larger pictures are reduced, the aspect ratio is kept.

    Returns:
        (H, W, 3) uint8 RGB.

    Raises:
        DataError: the file is missing, empty, damaged or no picture, or has too many or too few pixels.
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise DataError(f"{path} is not a plain file: give the file of a picture.")
        with open(path, "rb") as file:
            start = file.read(12)
            file.seek(0)
            if not start:
                raise DataError(f"{path} is an empty file: give the file of a picture.")
            picture = _decode(file, path, start, longest)
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}): give the file of a picture.") from None
    if min(picture.size) < SMALLEST:
        raise DataError(
            f"{path} has {picture.height} x {picture.width} pixels (height x width): nobody can be seen below "
            f"{SMALLEST}, take a larger picture."
        )
    return np.array(picture)


def is_turned(path):
    """Whether a picture file, which can be read, is stored otherwise than upright, by its EXIF orientation."""
    with contextlib.suppress(*_PILLOW_ERRORS), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(path) as picture:
            return _orientation(picture) in _UPRIGHT
    return False


def list_photos(folder, recursive=False):
    """The photos in a folder, by their extensions; hidden files are passed over.

    Args:
        folder: path of the folder.
        recursive: whether folders within it are looked into.

    Returns:
        list of `pathlib.Path`, sorted.

    Raises:
        DataError: there is no such folder, or one cannot be read.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError(f"{folder} is no folder: give a folder of pictures.")
    found, walk = [], os.walk(folder, onerror=_refuse_folder)
    for place, folders, names in walk:
        folders[:] = [name for name in folders if recursive and not name.startswith(".")]
        found += [Path(place, name) for name in names if is_photo(name)]
    return sorted(found)


def is_photo(name):
    """Whether a file name is that of a photo: by its extension, and not hidden."""
    name = os.path.basename(name)
    return name.lower().endswith(EXTENSIONS) and not name.startswith(".")


def _refuse_folder(error):
    raise DataError(f"The folder {error.filename} cannot be read ({error.strerror}).") from None


def _decode(file, path, start, longest):
    """The upright RGB picture of an open file."""
    Image.init()
    known = [name for name in _FORMATS if name in Image.OPEN]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(file, formats=known) as picture:
                orientation = _orientation(picture)
                # Only JPEG files listen: they are decoded at a half, a quarter or an eighth.
                picture.draft(None, (longest, longest))
                _refuse_too_large(picture, path)
                return _upright(_flat(_reduced(_colours(picture, path), longest)), orientation)
    except Image.DecompressionBombError:
        raise DataError(f"{path} has too many pixels: make it smaller, {longest} on a side are enough.") from None
    except _PILLOW_ERRORS:
        if start[4:8] == b"ftyp" and start[8:11] in (b"hei", b"hev", b"mif"):
            raise DataError(f"{path} is a HEIC picture, which is not read here: save it as JPEG.") from None
        raise DataError(
            f"{path} is not a readable picture (JPEG, PNG, WebP, GIF, TIFF, BMP ...), or is damaged: replace it."
        ) from None


def _refuse_too_large(picture, path):
    if picture.width * picture.height > _MOST_PIXELS:
        raise DataError(
            f"{path} has {picture.height} x {picture.width} pixels (height x width), more than {_MOST_PIXELS}: make it "
            "smaller."
        )


def _orientation(picture):
    """The EXIF orientation, 1 to 8; 1 where it is missing or unreadable."""
    with contextlib.suppress(*_PILLOW_ERRORS):
        return picture.getexif().get(_ORIENTATION, 1)
    return 1


def _colours(picture, path):
    """The picture as 8-bit RGB or RGBA."""
    if picture.mode.startswith("I"):
        # Grey of 16 bits, in some formats as integers of 32.
        levels = np.clip(np.asarray(picture, np.int64) // 257, 0, 255)
        return Image.fromarray(levels.astype(np.uint8)).convert("RGB")
    if picture.mode == "F":
        raise DataError(f"{path} holds fractions, whose white is not defined: save it as 8-bit RGB.")
    transparent = "transparency" in picture.info or picture.mode in ("RGBA", "LA", "PA", "RGBa", "La")
    return picture.convert("RGBA" if transparent else "RGB")


def _reduced(picture, longest):
    factor = longest / max(picture.size)
    if factor >= 1:
        return picture
    size = [max(1, round(length * factor)) for length in picture.size]
    return picture.resize(size, Image.Resampling.BICUBIC, reducing_gap=3.0)


def _flat(picture):
    """The picture over white."""
    if picture.mode == "RGB":
        return picture
    return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")


def _upright(picture, orientation):
    turn = _UPRIGHT.get(orientation)
    return picture if turn is None else picture.transpose(turn)
