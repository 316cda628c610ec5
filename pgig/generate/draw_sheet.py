"""Titled sheets of pictures of any sizes. Pillow and Numpy only."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

_LETTERS, _LINE, _GAP = 13, 17, 8
# A sheet is about so much wider than high.
_SHAPE = 1.5


def columns_for(pictures):
    """How many of these pictures, a list of (h, w, 3) arrays, go side by side on a sheet."""
    height, width = np.median([pixels.shape[:2] for pixels in pictures], axis=0)
    return int(np.clip(np.rint(np.sqrt(_SHAPE * len(pictures) * height / width)), 1, len(pictures)))


def titled_sheet(cells, columns):
    """Pictures of any sizes side by side on white, row by row, each below its title.

    Args:
        cells: list of (title, (h, w, 3) uint8), at least one; a title that is wider than its column is shortened.
        columns: pictures in a row.

    Returns:
        (H, W, 3) uint8.
    """
    font = ImageFont.load_default(_LETTERS)
    rows = [cells[start : start + columns] for start in range(0, len(cells), columns)]
    wide = [max(row[column][1].shape[1] for row in rows if column < len(row)) for column in range(len(rows[0]))]
    head = [_LINE * max(title.count("\n") + 1 for title, _ in row) + _GAP // 2 for row in rows]
    high = [max(pixels.shape[0] for _, pixels in row) for row in rows]
    size = sum(wide) + _GAP * (len(wide) + 1), sum(head) + sum(high) + _GAP * (len(rows) + 1)
    sheet = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(sheet)
    top = _GAP
    for row, above, tallest in zip(rows, head, high, strict=True):
        left = _GAP
        for (title, pixels), room in zip(row, wide, strict=False):
            lines = "\n".join(_cut(line, font, room) for line in title.split("\n"))
            pen.multiline_text((left, top), lines, "black", font, spacing=_LINE - _LETTERS)
            sheet.paste(Image.fromarray(pixels), (left, top + above))
            left += room + _GAP
        top += above + tallest + _GAP
    return np.asarray(sheet)


def _cut(line, font, width):
    """A line that fits into a width, its middle replaced by dots where it does not: names often begin alike."""
    kept, cut = len(line), line
    while kept and font.getlength(cut) > width:
        kept -= 1
        cut = f"{line[: kept // 2]}...{line[len(line) - (kept + 1) // 2 :]}"
    return cut
