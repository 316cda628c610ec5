"""The arithmetic of `pgig.metrics.ssim`: planes of pictures, filtered by matrix products in few buffers."""

import math

import numpy as np
from numpy.lib.stride_tricks import as_strided

from pgig.metrics.values import UNIT

K1, K2 = 0.01, 0.03

# Window positions that one small matrix product computes, along columns and along rows: the fastest by trial.
_ROW_BLOCK, _COLUMN_BLOCK = 4, 8

# Pixels that one thread filters at a time: few enough for the caches, enough to outweigh the calls; by trial.
PIXELS_AT_A_TIME = 65536

# Of the four maps, see `_fill_moments`, the formula needs 4xy, 2 (x - y)^2, x + y and x - y.
_SCALES = np.array([4.0, 2, 1, 1])


def score_planes(reference, generated, data_range, variant, inside, starts, at_a_time, scores):
    """Mean similarities of planes, a few at a time in one set of buffers, until `starts` is empty.

    Args:
        reference, generated: (N, channels, H, W); plane p is channel p % channels of picture p // channels.
        data_range: (N,).
        variant: `SsimVariant`.
        inside: (N, H, W) bool or None, see `ssim`.
        starts: deque of first planes, shared by all threads.
        at_a_time: planes from each start on.
        scores: (N * channels,), receives the results.
    """
    channels, height, width = reference.shape[1:]
    margin = variant.taps // 2 - variant.crop

    # Only the pixels that survive the crop are computed, so most windows need no border at all.
    rows, columns = height - 2 * variant.crop, width - 2 * variant.crop
    # Two rooms in one allocation, used by turns: the less memory, the more of it stays in the caches.
    room = np.empty((8, at_a_time, height + 2 * margin, width + 2 * margin))
    padded = room[:4]
    filtered_rows = _part(room[4:], (4, at_a_time, rows, width + 2 * margin))
    moments = _part(padded, (4, at_a_time, rows, columns))
    # Sums and products of two bytes are exact in 16 bits, a quarter of the memory to move.
    as_bytes = reference.dtype == np.uint8 and not variant.unit
    maps = room[4].view(np.int16).reshape(padded.shape) if as_bytes else padded
    pixels = maps[:2, :, margin : margin + height, margin : margin + width]

    # All views are made once: what Python does for each plane, other threads wait for.
    products = [
        *_products_along_rows(padded, variant.window(), filtered_rows),
        *_products_along_columns(filtered_rows, variant.window(), moments),
    ]
    constants = _constants(data_range[:, None, None], variant)
    if inside is not None:
        inside = inside[:, variant.crop : height - variant.crop, variant.crop : width - variant.crop]

    while True:
        try:
            start = starts.popleft()
        except IndexError:
            return
        planes = np.arange(start, start + at_a_time)
        picture = planes // channels
        for number, plane in enumerate(zip(picture, planes % channels, strict=True)):
            for out, source in zip(pixels[:, number], (reference[plane], generated[plane]), strict=True):
                out[...] = UNIT[source] if variant.unit else source
        _fill_moments(maps, margin)
        if as_bytes:
            padded[:2], padded[2:] = maps[:2].view(np.uint16), maps[2:]
        for left, right, out in products:
            np.matmul(left, right, out=out)
        luminance, structure = _similarity(moments, *(constant[picture] for constant in constants))
        if inside is None:
            scores[planes] = np.vecdot(luminance, structure).sum(axis=1) / (rows * columns)
        else:
            scores[planes] = _mean_inside(luminance * structure, inside[picture])


def _part(room, shape):
    """The start of an array as another of that shape, in the same memory."""
    return room.reshape(-1)[: math.prod(shape)].reshape(shape)


def _mean_inside(similarity, inside):
    """(P,) mean of (P, rows, columns) over the positions where `inside` is True; NaN where there is none."""
    counts = np.count_nonzero(inside, axis=(1, 2))
    total = np.where(inside, similarity, 0).sum(axis=(1, 2))
    return np.divide(total, counts, out=np.full(len(counts), np.nan), where=counts > 0)


def _fill_moments(maps, margin):
    """Turn the maps x and y in maps[:2] into xy, (x - y)^2, x + y and x - y; borders mirrored, edge pixel repeated.

    Four filtered maps are the least the formula needs: it holds the two variances only as their sum. Of int16 maps
    the first two wrap around; read them as uint16.
    """
    for i in range(margin):
        maps[:2, :, margin - 1 - i] = maps[:2, :, margin + i]
        maps[:2, :, -margin + i] = maps[:2, :, -margin - 1 - i]
    for i in range(margin):
        maps[:2, ..., margin - 1 - i] = maps[:2, ..., margin + i]
        maps[:2, ..., -margin + i] = maps[:2, ..., -margin - 1 - i]
    x, y, total, difference = maps
    np.add(x, y, out=total)
    np.subtract(x, y, out=difference)
    np.multiply(x, y, out=x)
    np.multiply(difference, difference, out=y)


def _band(window, positions):
    """(positions, positions + taps - 1) matrix that applies the window at neighbouring positions."""
    band = np.zeros((positions, positions + len(window) - 1))
    for i in range(positions):
        band[i, i : i + len(window)] = window
    return band


# A convolution as matrix products: a small banded matrix meets overlapping blocks of the map, which are
# views, not copies. The last block overlaps its neighbour where the length is no multiple of the block.
# Measured against scipy.ndimage.correlate1d and sums of shifted maps, this is several times as fast.


def _products_along_rows(maps, window, out):
    """Products (left, right, out) that filter (4, P, H, W) along H, valid positions, into (4, P, H - taps + 1, W).

    They also multiply the four maps with `_SCALES`.
    """
    *outer, length, width = out.shape
    band = _SCALES[:, None, None, None] * _band(window, min(_ROW_BLOCK, length))
    block, reach = band.shape[-2:]
    blocks = length // block

    *skips, row, item = maps.strides
    views = as_strided(maps, (*outer, blocks, reach, width), (*skips, block * row, row, item))
    *skips, row, item = out.strides
    targets = as_strided(out, (*outer, blocks, block, width), (*skips, block * row, row, item))
    yield band[:, :, None], views, targets
    if length % block:
        yield band, maps[..., length - block :, :], out[..., length - block :, :]


def _products_along_columns(maps, window, out):
    """Products (left, right, out) that filter (..., H, W) along W, valid positions, into (..., H, W - taps + 1)."""
    *outer, height, length = out.shape
    band = np.ascontiguousarray(_band(window, min(_COLUMN_BLOCK, length)).T)
    reach, block = band.shape
    blocks = length // block

    *skips, row, item = maps.strides
    views = as_strided(maps, (*outer, blocks, height, reach), (*skips, block * item, row, item))
    *skips, row, item = out.strides
    targets = as_strided(out, (*outer, blocks, height, block), (*skips, block * item, row, item))
    yield views, band, targets
    if length % block:
        yield maps[..., length - block :], band, out[..., length - block :]


def _constants(data_range, variant):
    """The formula's constants as `_similarity` takes them.

    A factor n / (n - 1) of all (co)variances cancels but for its effect on the second constant.
    """
    factor = variant.taps**2 / (variant.taps**2 - 1) if variant.sample_covariance else 1
    first, second = 2 * (K1 * data_range) ** 2, 2 * (K2 * data_range) ** 2 / factor
    return first, first + second


def _similarity(moments, first, both):
    """Two factors of the similarity maps of P planes, (P, rows, columns) each, in the memory of `moments`.

    With s = x + y and d = x - y the first is (E[s]^2 - E[d]^2 + first) / (E[s]^2 + E[d]^2 + first). What stands
    above its bar, subtracted from E[4xy] + both, and what stands below, subtracted from E[4xy] + E[2 d^2] + both,
    leave the fraction of the covariance and the variances: the second.

    Args:
        moments: (4, P, rows, columns): the filtered 4xy, 2 d^2, s and d.
        first, both: (P, 1, 1), see `_constants`.
    """
    structure, below_structure, luminance, below_luminance = moments
    moments[2:] *= moments[2:]
    luminance += first
    # In place, as the sum a + b is (a - b) + 2b: a third map would cost more time than a third step.
    luminance -= below_luminance
    below_luminance += below_luminance
    below_luminance += luminance

    structure += both
    below_structure += structure
    moments[:2] -= moments[2:]

    luminance /= below_luminance
    structure /= below_structure
    return luminance, structure
