"""A few pictures of a folder, drawn by chance and tiled (Human-Pose-Transfer: tool/generate_grid.py)."""

import os

import numpy as np

from pgig.errors import DataError, OptionsError
from pgig.generate.pixels import minmax, require_picture_name, write_picture
from pgig.layouts.pictures import Part, check_parts, find_pictures, read_parts
from pgig.utils.random import generator
from pgig.utils.words import counted

# What JPEG can hold on a side, and what fits into any memory.
_LONGEST, _MOST_PIXELS = 65500, 2**27


def run(root, output, samples, columns, seed, normalise, gap=0):
    """Draw pictures of a folder and write them as one picture.

    Args:
        root: the folder; its pictures are drawn from their sorted listing.
        output: the picture to write, PNG or JPEG by its name. In the folder itself it is no candidate.
        samples: how many pictures to draw, at least 1; all are taken where there are fewer.
        columns: pictures in a row, at least 1.
        seed: seed of the draw.
        normalise: one of `pgig.generate.pixels.NORMALISE`; "fixed" leaves the pixels as they are, "minmax" stretches
            all pictures together.
        gap: black pixels between pictures and around them.

    Raises:
        DataError: the folder is missing or holds no pictures, one is damaged, or they differ in size.
        OptionsError: the output's name says no format, or it would be too large.
        StorageError: it cannot be written.
    """
    require_picture_name(output)
    found, _ = find_pictures(root)
    found = [path for path in found if os.path.realpath(path) != os.path.realpath(output)]
    if not found:
        raise DataError(f"The folder {root} holds no picture but {output} itself: give another folder.")
    if len(found) < samples:
        print(f"{root} holds {counted(len(found), 'picture')}, fewer than {samples}: all are shown.")
    parts = [Part(path) for path in draw(found, samples, seed)]
    size, _ = check_parts(parts)
    counts = shape_of(len(parts), columns)
    height, width = ((length + gap) * count + gap for length, count in zip(size, counts, strict=True))
    if max(height, width) > _LONGEST or height * width > _MOST_PIXELS:
        raise OptionsError(
            f"A grid of {len(parts)} pictures in {columns} columns has {height} x {width} pixels (height x width), "
            "which is too large for one picture: lower --num-samples."
        )
    pixels = np.stack(read_parts(parts, size))
    write_picture(output, tile(pixels if normalise == "fixed" else minmax(pixels), columns, gap))
    print(f"{counted(len(parts), 'picture')} of {root}: {output}")


def draw(items, count, seed):
    """At most `count` different items, in the order in which they were drawn."""
    picked = generator(seed, "grid").choice(len(items), min(count, len(items)), replace=False)
    return [items[number] for number in picked]


def shape_of(count, columns):
    """(rows, columns) of a grid of `count` pictures: no more columns than pictures."""
    return -(-count // columns), min(count, columns)


def tile(pixels, columns, gap=0):
    """Put pictures side by side, row by row; black where the last row has none.

    Args:
        pixels: (N, H, W, 3) uint8, N at least 1.
        columns: pictures in a row.
        gap: black pixels between pictures and around them; 2 in the grids of PG2 and DPIG, in rows of 8.

    Returns:
        (rows (H + gap) + gap, columns (W + gap) + gap, 3) uint8.
    """
    count, height, width, channels = pixels.shape
    rows, columns = shape_of(count, columns)
    # Each with the gap above and to its left; the last ones follow when all are in place.
    height, width = height + gap, width + gap
    cells = np.zeros((rows * columns, height, width, channels), np.uint8)
    cells[:count, gap:, gap:] = pixels
    cells = cells.reshape(rows, columns, height, width, channels).swapaxes(1, 2)
    return np.pad(cells.reshape(rows * height, columns * width, channels), ((0, gap), (0, gap), (0, 0)))
