"""The hinge form of the adversarial losses, on unbounded scores (Lim and Ye, "Geometric GAN", 2017)."""

from keras import ops


def discriminator_real(scores):
    """mean(max(0, 1 - s)): real pictures are to score 1 or more.

    Args:
        scores: float tensor of any shape.

    Returns:
        float32 scalar.
    """
    return ops.mean(ops.relu(1.0 - ops.cast(scores, "float32")))


def discriminator_fake(scores):
    """mean(max(0, 1 + s)): generated pictures are to score -1 or less.

    Args:
        scores: float tensor of any shape.

    Returns:
        float32 scalar.
    """
    return ops.mean(ops.relu(1.0 + ops.cast(scores, "float32")))


def generator(scores):
    """-mean(s): the generator's pictures are to score as high as they can.

    Args:
        scores: float tensor of any shape.

    Returns:
        float32 scalar.
    """
    return -ops.mean(ops.cast(scores, "float32"))
