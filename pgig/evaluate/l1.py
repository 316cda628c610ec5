"""Mean absolute difference of batches of pictures."""

import numpy as np


def l1(reference_pixels, generated_pixels, span=2.0):
    """Mean absolute difference of each pair of pictures.

    Args:
        reference_pixels, generated_pixels: (N, H, W, 3) uint8.
        span: what the bytes 0..255 are stretched to: 2 for values in [-1, 1] (pose-gan, PATN), 1 for [0, 1]
            (GFLA and its successors), 255 for bytes (PG2).

    Returns:
        (N,) float64 in [0, span].
    """
    reference, generated = np.asarray(reference_pixels), np.asarray(generated_pixels)
    difference = np.where(reference > generated, reference - generated, generated - reference)
    return difference.mean(axis=(1, 2, 3)) * (span / 255)
