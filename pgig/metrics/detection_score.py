"""The detection score: how sure a detector is, on average, that a picture shows a person.

Siarohin et al., "Deformable GANs for Pose-based Human Image Generation", 2018. Values of different detectors cannot be
compared.
"""

import numpy as np

from pgig.errors import DataError


def detections(confidences, threshold=0.01):
    """What each picture adds to the detection score, which is their mean over pictures.

    Args:
        confidences: (N,) largest confidence of a person in each of N pictures, 0..1.
        threshold: a confidence at or below it is no detection and counts as 0.

    Returns:
        (N,) float64 in 0..1.

    Raises:
        DataError: a confidence is not a number in 0..1.
    """
    confidences = np.asarray(confidences, dtype=np.float64)
    if not ((confidences >= 0) & (confidences <= 1)).all():
        raise DataError(
            "The detection score got confidences that are not in 0..1: compute them again, and check the detector's "
            "weight file."
        )
    return np.where(confidences > threshold, confidences, 0)
