"""Boxes in pictures: (y0, x0, y1, x1) in pixels, the end excluded."""

import re

import numpy as np

from pgig.errors import DataError, OptionsError


def parse_box(text):
    """A box as text, `y0,x0,y1,x1` in pixels, as four numbers; None for None or nothing.

    Raises:
        OptionsError: the text is anything else, or the box is empty.
    """
    if not text:
        return None
    number = r"\s*(-?\d{1,6}(?:\.\d{1,6})?)\s*"
    match = re.fullmatch(",".join([number] * 4), text, re.ASCII)
    y0, x0, y1, x1 = map(float, match.groups()) if match else (0, 0, 0, 0)
    if y0 >= y1 or x0 >= x1:
        raise OptionsError(
            f"The box {text!r} must be y0,x0,y1,x1 in pixels: top, left, bottom, right, for example 40,100,600,380."
        )
    return y0, x0, y1, x1


def within(box, size):
    """The part of a box that lies in a picture.

    Args:
        box: (y0, x0, y1, x1), any numbers.
        size: (height, width) of the picture.

    Returns:
        (y0, x0, y1, x1) whole pixels, rounded outwards.

    Raises:
        DataError: no part of it does.
    """
    y0, x0 = (max(0, int(np.floor(low))) for low in box[:2])
    y1, x1 = (min(length, int(np.ceil(high))) for high, length in zip(box[2:], size, strict=True))
    if y0 >= y1 or x0 >= x1:
        raise DataError(
            f"The box {','.join(f'{number:g}' for number in box)} lies outside the picture of {size[0]} x {size[1]} "
            "pixels (height x width): give y0,x0,y1,x1 within it."
        )
    return y0, x0, y1, x1


def widened(box, around):
    """The square around a box whose side is the box's longer one and `around` times that on either end."""
    y0, x0, y1, x1 = box
    half = longer_side(box) * (0.5 + around)
    y, x = (y0 + y1) / 2, (x0 + x1) / 2
    return y - half, x - half, y + half, x + half


def longer_side(box):
    """The longer side of a box."""
    y0, x0, y1, x1 = box
    return max(y1 - y0, x1 - x0)


def overlap(first, second):
    """Intersection over union of two boxes, 0 to 1; 0 where both are empty."""
    low, high = np.maximum(first[:2], second[:2]), np.minimum(first[2:], second[2:])
    common = np.prod(np.maximum(high - low, 0))
    union = sum((y1 - y0) * (x1 - x0) for y0, x0, y1, x1 in (first, second)) - common
    return float(common / union) if union > 0 else 0.0
