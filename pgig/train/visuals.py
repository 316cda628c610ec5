"""Pictures of what goes on inside a method, as sheets: a row for each pair, a titled column for each picture."""

import numpy as np
from keras import ops
from PIL import Image, ImageDraw, ImageFont

from pgig.evaluate.values import to_grid_pixels
from pgig.methods.base import Method
from pgig.train.pictures import grid

_LETTERS, _LINE, _MARGIN = 10, 12, 2
_MOST_LINES = 3


def has_visuals(kind):
    """Whether a class of methods shows anything of its inside, if only with some options."""
    return kind.visuals is not Method.visuals


def look(method, inputs):
    """Generate, and what `Method.visuals` shows of it; to be called inside a compiled function.

    Args:
        method: a `Method`.
        inputs: what its `inputs` returned.

    Returns:
        {"generated": (B, H, W, 3), "<number> <title>": (B, h, w, 3) float32}, in [-1, 1]. The numbers keep the order:
        some back ends sort dictionaries by their keys.
    """
    pictures = method.visuals(inputs).items()
    inside = {f"{number:03d} {title}": ops.cast(image, "float32") for number, (title, image) in enumerate(pictures)}
    return {"generated": method.generate(inputs), **inside}


def columns(batch, made):
    """All pictures of a batch as bytes, in the order of display.

    Args:
        batch: `source_pixels` and `target_pixels` (B, H, W, 3) uint8.
        made: what `look` gave.

    Returns:
        {"source", "target", "generated" and the titles of visuals: (B, h, w, 3) uint8}.

    Raises:
        NumericsError: a value is not finite.
    """
    shown = {side: np.asarray(batch[f"{side}_pixels"]) for side in ("source", "target")}
    for key in ("generated", *sorted(made.keys() - {"generated"})):
        shown[key.partition(" ")[2] or key] = to_grid_pixels(ops.convert_to_numpy(made[key]))
    return shown


def sheet(pictures, size):
    """Tile pictures, one column for each title, below a line of the titles.

    Args:
        pictures: {title: (N, h, w, 3) uint8}, h and w of any size.
        size: (height, width) of each in the sheet; nearest neighbours, so that small maps keep their pixels.

    Returns:
        (header + N height, columns width, 3) uint8.
    """
    body = grid([_resized(column, size) for column in pictures.values()])
    return np.concatenate([_header(list(pictures), size[1]), body], axis=0)


def _resized(pixels, size):
    rows, columns = (np.arange(new) * old // new for new, old in zip(size, pixels.shape[1:3], strict=True))
    return pixels[:, rows][:, :, columns]


def _header(titles, width):
    """The titles, each above its column, black on white: (h, len(titles) * width, 3) uint8."""
    font = ImageFont.load_default(_LETTERS)
    cells = [_lines(title, font, width - 2 * _MARGIN) for title in titles]
    height = max(map(len, cells)) * _LINE + 2 * _MARGIN
    picture = Image.new("RGB", (width * len(titles), height), "white")
    draw = ImageDraw.Draw(picture)
    for column, lines in enumerate(cells):
        draw.multiline_text((column * width + _MARGIN, _MARGIN), "\n".join(lines), "black", font, spacing=2)
    return np.asarray(picture)


def _lines(title, font, width):
    """A title in lines of at most `width` pixels, each of at least one word; cut off after the third."""
    lines = []
    for word in title.split():
        longer = f"{lines[-1]} {word}" if lines else ""
        if longer and font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines[:_MOST_LINES]
