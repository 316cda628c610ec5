"""Where a projective transform reads: rows of a flattened map, for nearest and bilinear sampling.

A batch of maps (B, h, w, C) is seen as a table of B*h*w rows with one row of zeros appended. Sampling is then one
gather of whole rows, and "outside the picture" is the number of the row of zeros. The same few operations run on
every back end, under XLA and in exported graphs.
"""

import numpy as np
from keras import ops


def rescale(transforms, image_size, map_size):
    """Move transforms from the scale of the picture to the scale of a map.

    Args:
        transforms: (B, n, 8) float32, rows (a0, a1, a2, b0, b1, b2, c0, c1) from output (column, row) to input.
        image_size: (height, width) that the transforms are made for.
        map_size: (height, width) of the map.

    Returns:
        (B, n, 8) float32. As in the original, the column offset a2 follows the ratio of the heights and the row
        offset b2 that of the widths, both rounded down.
    """
    factor = np.ones(8, "float32")
    factor[2] = 1 / (image_size[0] // map_size[0])
    factor[5] = 1 / (image_size[1] // map_size[1])

    # A product, not a quotient: TensorFlow's graph optimiser replaces a division by an inexact reciprocal.
    return transforms * ops.convert_to_tensor(factor)


def invert(transforms):
    """Transforms of the opposite direction, scaled so that the last element of the 3x3 matrix is one.

    Args:
        transforms: (B, n, 8) float32.

    Returns:
        (B, n, 8) float32. A singular transform becomes NaN, which samples nothing.
    """
    # The determinant term by term: what is left of its terms when they cancel is only rounding.
    a0, a1, a2, b0, b1, b2, c0, c1 = (transforms[..., i] for i in range(8))
    terms = ops.stack([a0 * b1, a1 * b2 * c0, a2 * b0 * c1, -a1 * b0, -a0 * b2 * c1, -a2 * b1 * c0])
    regular = ops.abs(ops.sum(terms, axis=0)) > 1e-6 * ops.sum(ops.abs(terms), axis=0)
    regular = regular[..., None, None]

    # The library's elimination, not the shorter closed form: its rounding is the original's, and decides which
    # pixel is nearest when a position lies half-way. It refuses singular matrices, so they are replaced first.
    copies = transforms.shape[1]
    matrices = ops.concatenate([transforms, ops.ones_like(transforms[..., :1])], axis=-1)
    matrices = ops.reshape(matrices, (-1, copies, 3, 3))
    inverse = ops.inv(ops.where(regular, matrices, ops.eye(3)))
    inverse = ops.where(regular, inverse / inverse[..., 2:, 2:], float("nan"))
    return ops.reshape(inverse, (-1, copies, 9))[..., :8]


def positions(transforms, map_size):
    """Position in the input map for every pixel of the output map.

    Args:
        transforms: (B, n, 8) float32 at the scale of the map.
        map_size: (height, width) of both maps.

    Returns:
        rows, columns: (n, B, h*w) float32, in pixels, centres at integers; not finite where undefined.
    """
    y, x = (ops.convert_to_tensor(axis.ravel().astype("float32")) for axis in np.indices(map_size))
    a0, a1, a2, b0, b1, b2, c0, c1 = ops.unstack(ops.transpose(transforms, (2, 1, 0))[..., None], 8, axis=0)

    # The grid has full size on purpose: with smaller factors a graph optimiser changes the order of the sums,
    # and with it the rounding of positions that lie half-way between two pixels.
    scale = c0 * x + c1 * y + 1.0
    return (b0 * x + b1 * y + b2) / scale, (a0 * x + a1 * y + a2) / scale


def nearest(transforms, map_size):
    """Pixel nearest to each position, halves away from zero.

    Args:
        transforms: (B, n, 8) float32 at the scale of the map.
        map_size: (height, width).

    Returns:
        inside: (n, B, h*w) bool, false where the position is outside the map or undefined.
        pixel: (n, B, h*w) int32 in [0, h*w) where inside, arbitrary elsewhere.
    """
    height, width = map_size
    row, column = positions(transforms, map_size)

    # Inside the map rounding half away from zero is truncation after adding a half; -1/2 itself rounds outwards.
    inside = (row > -0.5) & (row < height - 0.5) & (column > -0.5) & (column < width - 0.5)
    return inside, _whole(row + 0.5, inside) * width + _whole(column + 0.5, inside)


def bilinear(transforms, map_size):
    """The four pixels around each position and their weights.

    Args:
        transforms: (B, n, 8) float32 at the scale of the map.
        map_size: (height, width).

    Returns:
        list of four (inside, pixel, weight): as `nearest`, and (n, B, h*w) float32.
    """
    height, width = map_size
    row, column = positions(transforms, map_size)

    # One pixel beyond the border still mixes with it; further out, and where undefined, nothing is read.
    defined = (row > -1) & (row < height) & (column > -1) & (column < width)
    row, column = ops.where(defined, row, -1.0), ops.where(defined, column, -1.0)
    top, left = ops.floor(row), ops.floor(column)
    taps = []
    for y, y_weight in ((top, top + 1 - row), (top + 1, row - top)):
        for x, x_weight in ((left, left + 1 - column), (left + 1, column - left)):
            inside = defined & (y >= 0) & (y < height) & (x >= 0) & (x < width)
            taps.append((inside, _whole(y, inside) * width + _whole(x, inside), y_weight * x_weight))
    return taps


def table_rows(inside, pixel, pixels):
    """Row numbers in a flattened batch of maps.

    Args:
        inside: (n, B, N) bool.
        pixel: (n, B, N) int32, pixel within one map.
        pixels: number of pixels of one map.

    Returns:
        (n, B*N) int32 in [0, B*pixels]; B*pixels is the row of zeros.
    """
    copies, batch = pixel.shape[0], ops.shape(pixel)[1]
    first = (ops.arange(batch, dtype="int32") * pixels)[None, :, None]
    return ops.reshape(ops.where(inside, pixel + first, batch * pixels), (copies, -1))


def copy_rows(inside, pixel, pixels):
    """Row numbers in a flattened stack of warped copies (n, B, pixels, C).

    Args:
        inside, pixel, pixels: as for `table_rows`, but of the way back, from input to output.

    Returns:
        (n, B*N) int32 in [0, n*B*pixels]; the largest value is the row of zeros.
    """
    copies, batch = pixel.shape[0], ops.shape(pixel)[1]
    first = ops.reshape(ops.arange(copies * batch, dtype="int32") * pixels, (copies, batch, 1))
    return ops.reshape(ops.where(inside, pixel + first, copies * batch * pixels), (copies, -1))


def table(maps):
    """Flatten maps (..., C) to rows and append the row of zeros: (rows + 1, C)."""
    channels = maps.shape[-1]
    return ops.concatenate([ops.reshape(maps, (-1, channels)), ops.zeros((1, channels), maps.dtype)], axis=0)


def _whole(value, valid):
    """Truncate to int32; values that no integer can hold are set to zero first."""
    return ops.cast(ops.where(valid, value, 0.0), "int32")
