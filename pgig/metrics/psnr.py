"""Peak signal-to-noise ratio of batches of pictures.

10 log10(R^2 / MSE) in decibels; programs differ in the range R and in the numbers that they compare.
"""

import numpy as np

from pgig.metrics.values import to_grey, to_unit

RULES = ("bytes", "unit", "grey")


def psnr(reference_pixels, generated_pixels, rule="bytes"):
    """Peak signal-to-noise ratio of each pair of pictures.

    Args:
        reference_pixels, generated_pixels: (N, H, W, 3) uint8.
        rule: "bytes": on bytes with R = 255 (PG2); "unit": on float32(x / 255) with R = 1, differences in float32
            (GFLA and its successors), which is the same to 1e-6; "grey": on luminance with R = largest minus
            smallest value of the reference (DPIG).

    Returns:
        (N,) float64 in decibels. Equal pictures score infinity. A mean over pairs is meant over the finite scores,
        with the number of the others told beside it: one equal pair would make the mean of all infinite. With
        "grey", NaN for a reference of one single value, whose range is 0.

    Raises:
        ValueError: there is no such rule.
    """
    reference, generated = np.asarray(reference_pixels), np.asarray(generated_pixels)
    span = 255.0
    if rule == "bytes":
        difference = np.where(reference > generated, reference - generated, generated - reference)
        squares = np.square(difference, dtype=np.uint16)
    elif rule == "unit":
        span, squares = 1.0, np.square(to_unit(reference) - to_unit(generated))
    elif rule == "grey":
        reference = to_grey(reference)
        span = np.ptp(reference, axis=(1, 2)) if len(reference) else np.zeros(0)
        span = np.where(span > 0, span, np.nan)
        squares = np.square(reference - to_grey(generated))
    else:
        raise ValueError(f"{rule!r} is none of {', '.join(RULES)}")
    error = squares.mean(axis=tuple(range(1, squares.ndim)), dtype=np.float64)
    with np.errstate(divide="ignore"):
        return 10 * np.log10(span**2 / error)
