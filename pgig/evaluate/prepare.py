"""What protocols do to pictures before they are scored: cut, pad, resize, send through a JPEG file.

Pure functions of batches of bytes. `STEPS` names those that a protocol may ask for; a step leaves pictures of a
size that it is not made for as they are, so that one protocol serves Market-1501 and DeepFashion.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from pgig.errors import DataError
from pgig.evaluate.resize import resize_cv2_bilinear

# DeepFashion: the person stands in the middle 176 of 256 columns.
SQUARE, MIDDLE = (256, 256), (256, 176)


def crop_columns(pixels, width=MIDDLE[1]):
    """The middle columns of pictures: 40 to 215 of 256 for the default.

    Args:
        pixels: (N, H, W, ...).
        width: columns that remain, at most W, and with W - width even.

    Returns:
        (N, H, width, ...), a view.

    Raises:
        DataError: the pictures are narrower, or have no middle of this width.
    """
    pixels = np.asarray(pixels)
    margin = _margin(pixels.shape[2], width)
    return pixels[:, :, margin : margin + width]


def pad_white(pixels, width=SQUARE[1], value=255):
    """Pictures with equally many columns of one value on both sides, 40 and 40 for 176 columns.

    Args:
        pixels: (N, H, W, ...) uint8.
        width: columns of the result, at least W, and with width - W even.
        value: of the new columns: white, or 0 for masks.

    Returns:
        (N, H, width, ...) uint8.

    Raises:
        DataError: the pictures are wider, or have no middle place in this width.
    """
    pixels = np.asarray(pixels)
    margin = _margin(width, pixels.shape[2])
    sides = [(0, 0), (0, 0), (margin, margin)] + [(0, 0)] * (pixels.ndim - 3)
    return np.pad(pixels, sides, constant_values=value)


def shift_keypoints(keypoints, columns):
    """Joints in pictures that were cut (columns < 0: x' = x - 40 for -40) or padded; missing ones stay missing.

    Args:
        keypoints: (N, 18, 3) y, x, visible.
        columns: added to x of the visible joints, in pixels.

    Returns:
        (N, 18, 3), a copy. Joints that now lie outside the picture stay visible, as in the original tables.
    """
    moved = np.array(keypoints)
    moved[..., 1] += np.where(moved[..., 2] > 0, columns, 0).astype(moved.dtype)
    return moved


def scale_keypoints(keypoints, size, new_size):
    """Joints in pictures that were resized, pixel centres to pixel centres; missing ones stay missing.

    Args:
        keypoints: (N, 18, 3) y, x, visible.
        size, new_size: (height, width) before and after.

    Returns:
        (N, 18, 3), a copy.
    """
    moved = np.array(keypoints)
    ratio = np.array(new_size) / np.array(size)
    places = (moved[..., :2] + 0.5) * ratio - 0.5
    moved[..., :2] = np.where(moved[..., 2:] > 0, places, moved[..., :2])
    return moved


def jpeg_round_trip(pixels, quality=75):
    """Pictures as they come back from JPEG files written with Pillow's defaults (colour at half resolution).

    Args:
        pixels: (N, H, W, 3) uint8.
        quality: 1 to 95.

    Returns:
        (N, H, W, 3) uint8. A panel of a strip whose width is a multiple of 16 would come back the same, but for its
        first and last column, where the decoder smooths the colours of neighbouring panels into each other.
    """
    pixels = np.asarray(pixels)
    result = np.empty_like(pixels)
    for i, picture in enumerate(pixels):
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "JPEG", quality=quality)
        with Image.open(file) as image:
            result[i] = np.asarray(image)
    return result


def _margin(wide, narrow):
    if narrow > wide or (wide - narrow) % 2:
        raise DataError(
            f"{narrow} columns cannot be the middle of {wide}: cutting and padding need an even number of columns to "
            "spare."
        )
    return (wide - narrow) // 2


@dataclass(frozen=True)
class Step:
    """One step of a protocol.

    Attributes:
        pixels: (N, H, W, 3) uint8 pictures before -> after; float32 in 0..255 where the program did not round.
        keypoints: (N, 18, 3) joints and the (height, width) of the pictures before -> joints after.
        masks: (N, H, W) mask pictures before -> after.
    """

    pixels: Callable
    keypoints: Callable
    masks: Callable


def _only(size, change):
    """`change(array)` for pictures or masks of this size, others as they are."""
    return lambda array: change(array) if array.shape[1:3] == size else array


def _joints(size, change):
    """`change(keypoints)` of joints in pictures of this size, others as they are."""
    return lambda keypoints, before: change(keypoints) if tuple(before) == size else keypoints


STEPS = {
    "jpeg-75": Step(jpeg_round_trip, lambda keypoints, before: keypoints, lambda masks: masks),
    "cut-176": Step(
        _only(SQUARE, crop_columns),
        _joints(SQUARE, lambda keypoints: shift_keypoints(keypoints, -40)),
        _only(SQUARE, crop_columns),
    ),
    "pad-256": Step(
        _only(MIDDLE, pad_white),
        _joints(MIDDLE, lambda keypoints: shift_keypoints(keypoints, 40)),
        _only(MIDDLE, lambda masks: pad_white(masks, value=0)),
    ),
    "squeeze-176": Step(
        _only(SQUARE, lambda pixels: resize_cv2_bilinear(pixels, MIDDLE)),
        _joints(SQUARE, lambda keypoints: scale_keypoints(keypoints, SQUARE, MIDDLE)),
        _only(SQUARE, lambda masks: np.rint(resize_cv2_bilinear(masks[..., None], MIDDLE)[..., 0]).astype(np.uint8)),
    ),
}
