"""Pose accuracy: whether a pose network finds a person's joints in the generated picture where it finds them in the
real one.

A percentage of correct keypoints (Yang and Ramanan, "Articulated Human Detection with Flexible Mixtures of Parts",
2013) that needs no annotation: both poses come from the same network, and the picture's height is the yardstick.
"""

import numpy as np

from pgig.errors import DataError


def pose_accuracy(reference_keypoints, generated_keypoints, height, fraction=0.05, least_score=0.3):
    """Joints that the generated picture has in the right place, and joints that count, for each pair.

    A joint counts when the network is sure of it in the real picture; how sure it is in the generated one does not
    matter. The neck, a point between the shoulders, counts as a joint.

    Args:
        reference_keypoints: (N, 18, 3) y, x in pixels and score 0 to 1, of the real pictures.
        generated_keypoints: (N, 18, 3), of the generated pictures of the same size.
        height: height of the pictures in pixels, one number or (N,).
        fraction: largest distance that is right, as a share of the height, exclusive.
        least_score: score that a joint of the real picture must exceed.

    Returns:
        (correct, total): two (N,) integer arrays.

    Raises:
        DataError: the shapes differ or are no poses, or the height is not positive.
    """
    reference = np.asarray(reference_keypoints, np.float64)
    generated = np.asarray(generated_keypoints, np.float64)
    if reference.shape != generated.shape or reference.ndim != 3 or reference.shape[1:] != (18, 3):
        raise DataError(
            f"Pose accuracy got reference poses of shape {reference.shape} and generated ones of shape "
            f"{generated.shape}: give both as (N, 18, 3), one row per picture."
        )
    height = np.broadcast_to(np.asarray(height, np.float64), len(reference))
    if not (height > 0).all():
        raise DataError(f"Pose accuracy got a height of {height.min()} pixels: give the height of the pictures.")

    counts = reference[..., 2] > least_score
    distance = np.hypot(*np.moveaxis(reference[..., :2] - generated[..., :2], -1, 0))
    right = counts & (distance < fraction * height[:, None])
    return right.sum(axis=1), counts.sum(axis=1)
