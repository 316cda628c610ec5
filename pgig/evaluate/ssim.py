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

K1, K2 = 0.01, 0.03
GREY = (0.2125, 0.7154, 0.0721)

# Window positions that one small matrix product computes. Eight keeps the banded matrix nearly full.
_BLOCK = 8

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
    """

    taps: int
    sigma: float | None
    crop: int
    sample_covariance: bool
    data_range: str
    grey: bool = False

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
    # The same call with scikit-image from 0.15 on: 3.5 sigma. "ssim_256" of GFLA and its successors.
    "S2": SsimVariant(taps=11, sigma=1.5, crop=5, sample_covariance=False, data_range="generated"),
    # "ssim_256" of PIDM.
    "S2-narrow": SsimVariant(taps=9, sigma=1.2, crop=4, sample_covariance=False, data_range="generated"),
    # scikit-image's defaults, as PG2 used them.
    "S3": SsimVariant(taps=7, sigma=None, crop=3, sample_covariance=True, data_range="full"),
    # DPIG: the defaults on grey pictures.
    "S4": SsimVariant(taps=7, sigma=None, crop=3, sample_covariance=True, data_range="reference", grey=True),
    # "ssim" of GFLA and its successors.
    "S5": SsimVariant(taps=51, sigma=None, crop=25, sample_covariance=True, data_range="full"),
    # The original paper's constants: what a neutral comparison should use.
    "S6": SsimVariant(taps=11, sigma=1.5, crop=5, sample_covariance=False, data_range="full"),
}


def ssim(reference_pixels, generated_pixels, mask=None, variant=VARIANTS["S1"], threads=None):
    """Mean structural similarity of each pair of pictures, exact to 1e-9.

    Args:
        reference_pixels: (N, H, W, 3) uint8, the real pictures.
        generated_pixels: (N, H, W, 3) uint8.
        mask: None, or (N, H, W) bool: both pictures are set to 0 outside it, and the data range is that of
            the masked pictures. The black surroundings count as a perfect match.
        variant: an `SsimVariant`.
        threads: threads that share the work; None: one per available core.

    Returns:
        (N,) float64, at most 1. NaN where the data range is taken from a picture of one single value: the
        formula is then 0/0, and no number would be the original's.

    Raises:
        DataError: the pictures are not of one shape and uint8, or smaller than the window.
    """
    reference, generated = _checked(reference_pixels, generated_pixels, variant)
    if mask is not None:
        mask = np.asarray(mask, dtype=np.uint8)[..., None]
        reference, generated = reference * mask, generated * mask

    reference, generated = _planes(reference, variant.grey), _planes(generated, variant.grey)
    data_range = _data_range(reference, generated, variant.data_range)
    count, channels, height, width = reference.shape
    if count == 0:
        return np.zeros(0)

    # Every channel is a plane of its own from here on; threads take turns at runs of planes.
    reference = reference.reshape(-1, height, width)
    generated = generated.reshape(-1, height, width)
    data_range = np.repeat(data_range, channels)
    threads = min(threads or len(os.sched_getaffinity(0)), len(reference))
    bounds = np.linspace(0, len(reference), threads + 1).astype(int)

    def score(start, stop):
        run = slice(start, stop)
        return _score_planes(reference[run], generated[run], data_range[run], variant)

    if threads == 1:
        scores = score(0, len(reference))
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


def _planes(pixels, grey):
    """(N, H, W, 3) uint8 -> contiguous (N, channels, H, W), uint8 or, for grey, float64."""
    if grey:
        return (pixels @ np.array(GREY))[:, None]
    return np.ascontiguousarray(np.moveaxis(pixels, -1, 1))


def _data_range(reference, generated, rule):
    """(N,) float64 data range; NaN for 0, so that the score becomes NaN quietly."""
    if rule == "full":
        return np.full(len(reference), 255.0)
    planes = {"reference": reference, "generated": generated}[rule]
    flat = planes.reshape(len(planes), math.prod(planes.shape[1:]))
    span = flat.max(axis=1).astype(float) - flat.min(axis=1)
    return np.where(span > 0, span, np.nan)


def _score_planes(reference, generated, data_range, variant):
    """(P,) mean similarity of P planes, a few at a time in one set of buffers."""
    count, height, width = reference.shape
    window = variant.window()
    margin = variant.taps // 2 - variant.crop
    at_a_time = min(count, max(1, _PIXELS_AT_A_TIME // (height * width)))

    # Only the pixels that survive the crop are computed, so most windows need no border at all.
    rows, columns = height - 2 * variant.crop, width - 2 * variant.crop
    padded = np.empty((4, at_a_time, height + 2 * margin, width + 2 * margin))
    filtered_rows = np.empty((4, at_a_time, rows, width + 2 * margin))
    moments = np.empty((4, at_a_time, rows, columns))

    scores = np.empty(count)
    for start in range(0, count, at_a_time):
        run = slice(start, min(start + at_a_time, count))
        used = slice(0, run.stop - run.start)
        _fill_moments(padded[:, used], reference[run], generated[run], margin)
        _filter_rows(padded[:, used], window, filtered_rows[:, used])
        _filter_columns(filtered_rows[:, used], window, moments[:, used])
        scores[run] = _mean_similarity(moments[:, used], data_range[run, None, None], variant)
    return scores


def _fill_moments(out, reference, generated, margin):
    """Write x + y, x - y and their squares into `out`, borders mirrored with the edge pixel repeated.

    Four filtered maps are the least the formula needs: it holds the two variances only as their sum. In sum
    and difference they are two squares, cheaper than the usual squares and product.
    """
    x, y = out[2], out[3]
    for plane, pixels in ((x, reference), (y, generated)):
        height, width = pixels.shape[1:]
        plane[:, margin : margin + height, margin : margin + width] = pixels
        for i in range(margin):
            plane[:, margin - 1 - i] = plane[:, margin + i]
            plane[:, margin + height + i] = plane[:, margin + height - 1 - i]
        for i in range(margin):
            plane[..., margin - 1 - i] = plane[..., margin + i]
            plane[..., margin + width + i] = plane[..., margin + width - 1 - i]
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
    band = _band(window, min(_BLOCK, length))
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
    band = np.ascontiguousarray(_band(window, min(_BLOCK, length)).T)
    reach, block = band.shape
    blocks = length // block

    *skips, row, item = maps.strides
    views = as_strided(maps, (*outer, blocks, height, reach), (*skips, block * item, row, item))
    *skips, row, item = out.strides
    targets = as_strided(out, (*outer, blocks, height, block), (*skips, block * item, row, item))
    np.matmul(views, band, out=targets)
    if length % block:
        np.matmul(maps[..., length - block :], band, out=out[..., length - block :])


def _mean_similarity(moments, data_range, variant):
    """(P,) mean of the similarity map of P planes; overwrites `moments` (4, P, rows, columns).

    With s = x + y and d = x - y, four times the usual factors are (E[s]^2 -+ E[d]^2 + 4 C1 / 2) and
    (var s -+ var d + 4 C2 / 2): minus above the fraction bar, plus below it.
    """
    mean_s, mean_d, var_s, var_d = moments
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

    similarity = mean_s - mean_d
    mean_s += mean_d
    np.subtract(var_s, var_d, out=mean_d)
    var_s += var_d
    similarity *= mean_d
    mean_s *= var_s
    similarity /= mean_s
    return similarity.mean(axis=(1, 2))
