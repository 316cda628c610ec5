"""Structural similarity of batches of pictures, in the variants that the papers of the field used.

Wang et al., "Image quality assessment: from error visibility to structural similarity", 2004. Papers agree on
the formula and differ in the window, the borders, the covariance and the data range; `SsimVariant` holds the
differences and `VARIANTS` the published choices.
"""

import math
import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from pgig.errors import DataError
from pgig.metrics.masks import apply_mask
from pgig.metrics.ssim_planes import PIXELS_AT_A_TIME, score_planes
from pgig.metrics.values import UNIT, to_grey


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

    # Every channel is a plane of its own from here on. Each thread takes the next few planes that nobody has taken.
    planes = count * channels
    threads = min(threads or _cores(), planes)
    at_a_time = min(-(-planes // threads), max(1, PIXELS_AT_A_TIME // math.prod(reference.shape[2:])))
    # The last few overlap their neighbours where the planes are no multiple.
    starts = deque(min(start, planes - at_a_time) for start in range(0, planes, at_a_time))
    scores = np.empty(planes)

    def work():
        score_planes(reference, generated, data_range, variant, inside, starts, at_a_time, scores)

    if threads == 1:
        work()
    else:
        with ThreadPoolExecutor(threads) as pool:
            for done in [pool.submit(work) for _ in range(threads)]:
                done.result()
    return scores.reshape(count, channels).mean(axis=1)


def _cores():
    """Cores that this process may use; where the system does not tell, all."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


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
