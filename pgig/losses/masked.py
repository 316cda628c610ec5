"""Pose mask loss: the body counts more than what is behind it (Ma et al., NIPS 2017, section 3.1)."""

from keras import ops

from pgig.losses.regular import absolute


def mask_loss(generated, target, mask, ratio=1.0):
    """Mean of |G - B| * (1 + ratio * M).

    Args:
        generated, target: (B, H, W, C) float.
        mask: (B, H, W, 1) float, 1 on the body and 0 elsewhere.
        ratio: how much the body counts beside the whole picture.

    Returns:
        float32 scalar; its gradient is 0 where both pictures are equal.
    """
    distance = absolute(ops.cast(generated, "float32") - ops.cast(target, "float32"))
    return ops.mean(distance * (1.0 + ratio * ops.cast(mask, "float32")))
