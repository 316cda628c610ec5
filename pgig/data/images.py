"""Reading pictures: which files count, decoding, and the original's resize."""

import io
import os
import stat
import warnings
from dataclasses import dataclass

import numpy as np
from PIL import Image, UnidentifiedImageError

from pgig.errors import DataError

EXTENSIONS = (".jpg", ".jpeg", ".png", ".bmp")

# What Pillow raises on damaged files, by trial with random damage: beside its own errors those of its
# decoders.
_PILLOW_ERRORS = (
    UnidentifiedImageError,
    Image.DecompressionBombError,
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    OverflowError,
)


# No picture of a data set comes near it; it bounds what decoding allocates.
_MOST_PIXELS = 2**26

# The ends of complete files. Files without them are decoded at once to see whether they are damaged.
_ENDS = {"PNG": b"IEND\xaeB`\x82", "JPEG": b"\xff\xd9"}


@dataclass(frozen=True)
class Head:
    """What the first bytes of a picture file say.

    Attributes:
        size: (height, width) in pixels.
        format: "JPEG", "PNG" or "BMP".
    """

    size: tuple
    format: str


def read_head(path):
    """Check a picture file without decoding it, unless its end is missing.

    Args:
        path: a JPEG, PNG or BMP file in colour, grey or of a palette, 8 bits a channel.

    Returns:
        `Head`.

    Raises:
        DataError: the file is missing, damaged or cut short; the picture is too large, has an alpha channel or
            transparent colours (what shows through is not defined), 16 bits a channel, or another colour space.
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise DataError(f"{path} is not a plain file: a picture file is expected, take it out of the folder.")
        with open(path, "rb") as file:
            start = file.read(26)
            file.seek(0)
            head, problem = _head(file, path)
            if head.format == "PNG" and start[24] > 8:
                problem = f"has {start[24]} bits a channel"
            end = _ENDS.get(head.format)
            file.seek(-min(12, file.seek(0, os.SEEK_END)), os.SEEK_END)
            complete = end is not None and file.read().endswith(end)
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}).") from None
    if problem:
        raise DataError(f"{path} {problem}, but an 8-bit colour or grey picture is expected: save it as RGB.")
    if not complete:
        decode(read_bytes(path), None, str(path))
    return head


def _head(file, path):
    """`Head` of an open file, and what is wrong with its pixels or None."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(file, formats=("JPEG", "PNG", "BMP")) as picture:
                head = Head(picture.size[::-1], picture.format)
                mode, transparent = picture.mode, "transparency" in picture.info
    except _PILLOW_ERRORS:
        raise DataError(f"{path} is not a readable JPEG, PNG or BMP picture: replace it.") from None
    if head.size[0] * head.size[1] > _MOST_PIXELS:
        return head, f"has {head.size[0]} x {head.size[1]} pixels, more than {_MOST_PIXELS}"
    if transparent or mode in ("RGBA", "LA", "PA"):
        return head, "is transparent"
    if mode not in ("1", "L", "P", "RGB"):
        return head, f"is of the kind {mode}"
    return head, None


def is_image(name):
    """True when the extension of a file name is that of a picture."""
    return name.lower().endswith(EXTENSIONS)


def list_images(folder):
    """Names of the pictures in a folder, sorted; an empty list when there is no such folder.

    Raises:
        DataError: the folder cannot be read.
    """
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if is_image(entry.name))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise DataError(f"The folder {folder} cannot be read ({error.strerror}).") from None


def read_bytes(path):
    """The bytes of a file.

    Raises:
        DataError: it cannot be read.
    """
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}).") from None


def decode(data, size, name):
    """Decode a picture. Its EXIF orientation is not applied, as in the original.

    Args:
        data: bytes of a JPEG, PNG or BMP file.
        size: (height, width) that it must have, or None for any.
        name: what error messages call it.

    Returns:
        pixels (H, W, 3) uint8.

    Raises:
        DataError: the picture is damaged or has another size.
    """
    try:
        with _open(data, size, name) as picture:
            return np.array(picture.convert("RGB"))
    except _PILLOW_ERRORS:
        raise DataError(
            f"{name} is a damaged picture: replace it, or take it out of the pair lists."
        ) from None


def decode_labels(data, size, name):
    """Decode a picture whose grey values, or indices into a palette, are labels of pixels.

    Args:
        data: bytes of a JPEG, PNG or BMP file.
        size: (height, width) that it must have.
        name: what error messages call it.

    Returns:
        labels (H, W) uint8.

    Raises:
        DataError: the picture is damaged, has another size, or is no grey picture and has no palette.
    """
    try:
        with _open(data, size, name) as picture:
            if picture.mode not in ("1", "L", "P"):
                raise DataError(f"{name} is of the kind {picture.mode}: labels must be grey or of a palette.")
            return np.array(picture).astype(np.uint8)
    except _PILLOW_ERRORS:
        raise DataError(f"{name} is a damaged picture: replace it.") from None


def encoded_rgb(data, size, name):
    """The picture in a form that all decoders turn into the same pixels.

    JPEG files in colour or grey stay as they are. Everything else (palettes, transparency, CMYK, 16 bits)
    becomes an 8-bit RGB PNG of the pixels that `decode` gives.

    Args:
        data: bytes of a JPEG, PNG or BMP file.
        size: (height, width) that it must have, or None for any.
        name: what error messages call it.

    Returns:
        bytes of a JPEG or PNG file.

    Raises:
        DataError: as in `decode`.
    """
    with _open(data, size, name) as picture:
        if picture.format == "JPEG" and picture.mode in ("RGB", "L"):
            return data
    file = io.BytesIO()
    Image.fromarray(decode(data, size, name)).save(file, "PNG")
    return file.getvalue()


def encoded_resized(data, size, name):
    """As `encoded_rgb`, after `resize_antialiased` where the picture has another size than `size`.

    Raises:
        DataError: the picture is damaged, or too large to be one of a data set.
    """
    with _open(data, None, name) as picture:
        if picture.size == (size[1], size[0]):
            return encoded_rgb(data, size, name)
    file = io.BytesIO()
    Image.fromarray(resize_antialiased(decode(data, None, name), size)).save(file, "PNG", compress_level=1)
    return file.getvalue()


def resize_antialiased(pixels, size):
    """Resize bilinearly as Pillow does, with anti-aliasing; the aspect ratio is not kept.

    Args:
        pixels: (H, W, 3) uint8.
        size: (height, width) of the result.

    Returns:
        (height, width, 3) uint8.
    """
    return np.asarray(Image.fromarray(pixels).resize((size[1], size[0]), Image.Resampling.BILINEAR))


def resize_bilinear(pixels, size):
    """Resize bilinearly with half-pixel centres and without anti-aliasing, truncating to bytes.

    This is what scikit-image 0.13 gave the original's data scripts; today's anti-alias and round.

    Args:
        pixels: (H, W, C) uint8.
        size: (height, width) of the result, not larger than the picture.

    Returns:
        (height, width, C) uint8.
    """
    image = pixels.astype(np.float64)
    for axis, length in enumerate(size):
        extent = image.shape[axis]
        centres = (np.arange(length) + 0.5) * (extent / length) - 0.5
        low = np.clip(np.floor(centres).astype(int), 0, extent - 1)
        high = np.minimum(low + 1, extent - 1)
        share = np.clip(centres - low, 0.0, 1.0).reshape([-1 if a == axis else 1 for a in range(image.ndim)])
        image = image.take(low, axis) * (1 - share) + image.take(high, axis) * share
    return image.astype(np.uint8)


def _open(data, size, name):
    try:
        picture = Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "BMP"))
    except _PILLOW_ERRORS:
        raise DataError(f"{name} is not a readable JPEG, PNG or BMP picture: replace it.") from None
    if size and picture.size != (size[1], size[0]):
        width, height = picture.size
        raise DataError(
            f"{name} is {height} x {width} pixels (height x width), but {size[0]} x {size[1]} are expected: "
            "resize it together with its keypoints (--old_size does), or give the true size with --image_size."
        )
    if picture.width * picture.height > _MOST_PIXELS:
        size = f"{picture.height} x {picture.width} pixels"
        raise DataError(f"{name} has {size}, more than {_MOST_PIXELS}: make it smaller.")
    return picture
