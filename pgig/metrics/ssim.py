"""Structural similarity of batches of pictures, in the variants that the papers of the field used.

Wang et al., "Image quality assessment: from error visibility to structural similarity", 2004. Papers agree on
the formula and differ in the window, the borders, the covariance and the data range; `SsimVariant` holds the
differences and `VARIANTS` the published choices.
"""

import math
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import as_strided

from pgig.errors import DataError
from pgig.metrics.masks import apply_mask
from pgig.metrics.values import UNIT, to_grey

K1, K2 = 0.01, 0.03

# Window positions that one small matrix product computes, along columns and along rows: the fastest by trial.
_ROW_BLOCK, _COLUMN_BLOCK = 4, 8

# Pixels that one thread filters at a time: its four float64 maps then stay in the second-level cache.
_PIXELS_AT_A_TIME = 65536


@dataclass(frozen=True)
class SsimVariant:
    """What two programs that both print "SSIM" may do differently.

    Attributes:
        taps: window length in pixels, odd.
        sigma: standard deviation of a Gaussian window in pixels; None for a uniform window.
        crop: pixels cut from each border of the similarity map before it is averaged.
        sample_covariance: divide (co)variances by n - 1 instead of n, where n = taps squared.
        data_range: "generated" or "reference": largest minus smallest value of that picture over all
            channels; "full": 255.
        grey: compare luminance instead of averaging over red, green and blue.
        unit: the program held a byte x as float32(x / 255), whose rounding shows in the ninth digit.
    """

    taps: int
    sigma: float | None
    crop: int
    sample_covariance: bool
    data_range: str
    grey: bool = False
    unit: bool = False

    def window(self):
        """The one-dimensional window, (taps,) float64 with sum 1."""
        if self.sigma is None:
            return np.full(self.taps, 1 / self.taps)
        offsets = np.arange(self.taps) - self.taps // 2
        weights = np.exp(-0.5 / self.sigma**2 * offsets**2)
        return weights / weights.sum()


VARIANTS = {
    # scikit-image up to 0.14.2, as pose-gan and PATN used it: the window is truncated at four sigma.
    "S1": SsimVariant(taps=13, sigma=1.5, crop=5, sample_covariance=False, data_range="generated"),
    # The same call with scikit-image from 0.15 on: 3.5 sigma.
    "S2": SsimVariant(taps=11, sigma=1.5, crop=5, sample_covariance=False, data_range="generated"),
    # "ssim_256" of GFLA and its successors: 255 * float32(x / 255), which is x again for every byte.
    "S2-float": SsimVariant(taps=11, sigma=1.5, crop=5, sample_covariance=False, data_range="generated"),
    # "ssim_256" of PIDM.
    "S2-narrow": SsimVariant(taps=9, sigma=1.2, crop=4, sample_covariance=False, data_range="generated"),
    # scikit-image's defaults, as PG2 used them.
    "S3": SsimVariant(taps=7, sigma=None, crop=3, sample_covariance=True, data_range="full"),
    # DPIG: the defaults on grey pictures.
    "S4": SsimVariant(taps=7, sigma=None, crop=3, sample_covariance=True, data_range="reference", grey=True),
    # "ssim" of GFLA and its successors, on bytes and as their programs compute it.
    "S5": SsimVariant(taps=51, sigma=None, crop=25, sample_covariance=True, data_range="full"),
    "S5-float": SsimVariant(taps=51, sigma=None, crop=25, sample_covariance=True, data_range="full", unit=True),
    # The original paper's constants: what a neutral comparison should use.
    "S6": SsimVariant(taps=11, sigma=1.5, crop=5, sample_covariance=False, data_range="full"),
}


def ssim(
    reference_pixels, generated_pixels, mask=None, variant=VARIANTS["S1"], threads=None, average="picture"
):
    """Mean structural similarity of each pair of pictures, exact to 1e-9.

    Args:
        reference_pixels: (N, H, W, 3) uint8, the real pictures.
        generated_pixels: (N, H, W, 3) uint8.
        mask: None, or (N, H, W) bool or uint8. With `average` "picture" both pictures are multiplied with it
            first, see `pgig.metrics.masks.apply_mask`, and the data range is that of the masked pictures: the
            black surroundings count as a perfect match.
        variant: an `SsimVariant`.
        threads: threads that share the work; None: one per available core.
        average: "picture", or "mask": the pictures stay as they are, and the similarity is averaged over
            those positions inside the crop where the mask is not 0.

    Returns:
        (N,) float64, at most 1. NaN where the data range is taken from a picture of one single value: the
        formula is then 0/0, and no number would be the original's. NaN too for an average over an empty mask.

    Raises:
        DataError: the pictures are not of one shape and uint8, or smaller than the window; the mask does not
            fit them, or there is none to average over.
    """
    reference, generated = _checked(reference_pixels, generated_pixels, variant)
    inside = None
    if average == "mask":
        inside = _checked_mask(mask, reference)
    elif mask is not None:
        reference, generated = apply_mask(reference, mask), apply_mask(generated, mask)

    reference, generated = _channels(reference, variant.grey), _channels(generated, variant.grey)
    count, channels = reference.shape[:2]
    if count == 0:
        return np.zeros(0)
    data_range = _data_range(reference, generated, variant)

    # Every channel is a plane of its own from here on; threads take turns at runs of planes.
    planes = count * channels
    threads = min(threads or len(os.sched_getaffinity(0)), planes)
    bounds = np.linspace(0, planes, threads + 1).astype(int)

    def score(start, stop):
        return _score_planes(reference, generated, data_range, variant, inside, start, stop)

    if threads == 1:
        scores = score(0, planes)
    else:
        with ThreadPoolExecutor(threads) as pool:
            scores = np.concatenate(list(pool.map(score, bounds[:-1], bounds[1:])))
    return scores.reshape(count, channels).mean(axis=1)


def _checked(reference, generated, variant):
    reference, generated = np.asarray(reference), np.asarray(generated)
    if reference.shape != generated.shape or reference.ndim != 4 or reference.shape[-1] != 3:
        raise DataError(
            f"SSIM got reference pictures of shape {reference.shape} and generated ones of shape "
            f"{generated.shape}: give both as one (N, H, W, 3) batch of the same size."
        )
    if reference.dtype != np.uint8 or generated.dtype != np.uint8:
        raise DataError(
            f"SSIM got pictures of type {reference.dtype} and {generated.dtype}: give bytes (uint8, 0 to "
            "255)."
        )
    if min(reference.shape[1:3]) < variant.taps:
        raise DataError(
            f"SSIM got pictures of {reference.shape[1]}x{reference.shape[2]} pixels, less than its window of "
            f"{variant.taps}: give larger pictures or choose another variant."
        )
    return reference, generated


def _checked_mask(mask, pixels):
    mask = None if mask is None else np.asarray(mask)
    if mask is None or mask.shape != pixels.shape[:3]:
        got = "none" if mask is None else f"one of shape {mask.shape}"
        raise DataError(
            f"SSIM over a mask of pictures of shape {pixels.shape} got {got}: give an (N, H, W) mask of the same size."
        )
    return mask > 0


def _channels(pixels, grey):
    """(N, H, W, 3) uint8 -> (N, channels, H, W): a view, or for grey float64 in [0, 1]."""
    return to_grey(pixels)[:, None] if grey else np.moveaxis(pixels, -1, 1)


def _data_range(reference, generated, variant):
    """(N,) float64 data range; NaN for 0, so that the score becomes NaN quietly."""
    if variant.data_range == "full":
        return np.full(len(reference), 1.0 if variant.unit or variant.grey else 255.0)
    planes = {"reference": reference, "generated": generated}[variant.data_range]
    # In the order of memory the pixels are one run.
    flat = np.moveaxis(planes, 1, -1).reshape(len(planes), math.prod(planes.shape[1:]))
    high, low = flat.max(axis=1), flat.min(axis=1)
    span = UNIT[high] - UNIT[low] if variant.unit else high.astype(float) - low
    return np.where(span > 0, span, np.nan)


def _score_planes(reference, generated, data_range, variant, inside, first, last):
    """Mean similarities of the planes from `first` to `last` - 1, a few at a time in one set of buffers.

    Args:
        reference, generated: (N, channels, H, W); plane p is channel p % channels of picture p // channels.
        data_range: (N,).
        variant: `SsimVariant`.
        inside: (N, H, W) bool or None, see `ssim`.
        first, last: which planes.
    """
    channels, height, width = reference.shape[1:]
    count = last - first
    window = variant.window()
    margin = variant.taps // 2 - variant.crop
    at_a_time = min(count, max(1, _PIXELS_AT_A_TIME // (height * width)))

    # Only the pixels that survive the crop are computed, so most windows need no border at all.
    rows, columns = height - 2 * variant.crop, width - 2 * variant.crop
    padded = np.empty((4, at_a_time, height + 2 * margin, width + 2 * margin))
    filtered_rows = np.empty((4, at_a_time, rows, width + 2 * margin))
    # A fifth map as scratch: a fresh array for each plane would cost more in page faults than the work on it.
    moments = np.empty((5, at_a_time, rows, columns))

    scores = np.empty(count)
    for start in range(0, count, at_a_time):
        run = slice(start, min(start + at_a_time, count))
        used = slice(0, run.stop - run.start)
        picture, channel = np.divmod(np.arange(first + run.start, first + run.stop), channels)
        # Plane by plane: an index array for all would copy them, and keep the other threads waiting.
        for number, plane in enumerate(zip(picture, channel, strict=True)):
            for out, pixels in zip(padded[2:, number], (reference[plane], generated[plane]), strict=True):
                inner = out[margin : margin + height, margin : margin + width]
                inner[...] = UNIT[pixels] if variant.unit else pixels
        _fill_moments(padded[:, used], margin)
        _filter_rows(padded[:, used], window, filtered_rows[:, used])
        _filter_columns(filtered_rows[:, used], window, moments[:4, used])
        similarity = _similarity(moments[:, used], data_range[picture, None, None], variant)
        if inside is None:
            scores[run] = similarity.mean(axis=(1, 2))
        else:
            cropped = inside[:, variant.crop : height - variant.crop, variant.crop : width - variant.crop]
            scores[run] = _mean_inside(similarity, cropped[picture])
    return scores


def _mean_inside(similarity, inside):
    """(P,) mean of (P, rows, columns) over the positions where `inside` is True; NaN where there is none."""
    counts = np.count_nonzero(inside, axis=(1, 2))
    total = np.where(inside, similarity, 0).sum(axis=(1, 2))
    return np.divide(total, counts, out=np.full(len(counts), np.nan), where=counts > 0)


def _fill_moments(out, margin):
    """Turn the maps x and y in out[2:] into x + y, x - y and their squares, borders mirrored, edge pixel repeated.

    Four filtered maps are the least the formula needs: it holds the two variances only as their sum. In sum
    and difference they are two squares, cheaper than the usual squares and product.
    """
    x, y = pair = out[2:]
    for i in range(margin):
        pair[:, :, margin - 1 - i] = pair[:, :, margin + i]
        pair[:, :, -margin + i] = pair[:, :, -margin - 1 - i]
    for i in range(margin):
        pair[..., margin - 1 - i] = pair[..., margin + i]
        pair[..., -margin + i] = pair[..., -margin - 1 - i]
    np.add(x, y, out=out[0])
    np.subtract(x, y, out=out[1])
    np.multiply(out[:2], out[:2], out=out[2:])


def _band(window, positions):
    """(positions, positions + taps - 1) matrix that applies the window at neighbouring positions."""
    band = np.zeros((positions, positions + len(window) - 1))
    for i in range(positions):
        band[i, i : i + len(window)] = window
    return band


# A convolution as matrix products: a small banded matrix meets overlapping blocks of the map, which are
# views, not copies. The last block overlaps its neighbour where the length is no multiple of the block.
# Measured against scipy.ndimage.correlate1d and sums of shifted maps, this is several times as fast.


def _filter_rows(maps, window, out):
    """Filter (..., H, W) along H, valid positions only, into (..., H - taps + 1, W)."""
    *outer, length, width = out.shape
    band = _band(window, min(_ROW_BLOCK, length))
    block, reach = band.shape
    blocks = length // block

    *skips, row, item = maps.strides
    views = as_strided(maps, (*outer, blocks, reach, width), (*skips, block * row, row, item))
    *skips, row, item = out.strides
    targets = as_strided(out, (*outer, blocks, block, width), (*skips, block * row, row, item))
    np.matmul(band, views, out=targets)
    if length % block:
        np.matmul(band, maps[..., length - block :, :], out=out[..., length - block :, :])


def _filter_columns(maps, window, out):
    """Filter (..., H, W) along W, valid positions only, into (..., H, W - taps + 1)."""
    *outer, height, length = out.shape
    band = np.ascontiguousarray(_band(window, min(_COLUMN_BLOCK, length)).T)
    reach, block = band.shape
    blocks = length // block

    *skips, row, item = maps.strides
    views = as_strided(maps, (*outer, blocks, height, reach), (*skips, block * item, row, item))
    *skips, row, item = out.strides
    targets = as_strided(out, (*outer, blocks, height, block), (*skips, block * item, row, item))
    np.matmul(views, band, out=targets)
    if length % block:
        np.matmul(maps[..., length - block :], band, out=out[..., length - block :])


def _similarity(moments, data_range, variant):
    """(P, rows, columns) similarity map of P planes; overwrites `moments` (4 of them and scratch, P, rows, columns).

    With s = x + y and d = x - y, four times the usual factors are (E[s]^2 -+ E[d]^2 + 4 C1 / 2) and
    (var s -+ var d + 4 C2 / 2): minus above the fraction bar, plus below it.
    """
    mean_s, mean_d, var_s, var_d, similarity = moments
    mean_s *= mean_s
    mean_d *= mean_d
    var_s -= mean_s
    var_d -= mean_d
    if variant.sample_covariance:
        factor = variant.taps**2 / (variant.taps**2 - 1)
        var_s *= factor
        var_d *= factor
    mean_s += 2 * (K1 * data_range) ** 2
    var_s += 2 * (K2 * data_range) ** 2

    np.subtract(mean_s, mean_d, out=similarity)
    mean_s += mean_d
    np.subtract(var_s, var_d, out=mean_d)
    var_s += var_d
    similarity *= mean_d
    mean_s *= var_s
    similarity /= mean_s
    return similarity
