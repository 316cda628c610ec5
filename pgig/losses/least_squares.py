"""The least-squares adversarial losses on unbounded scores (Mao et al., "Least Squares GANs", 2017), labels 1 and 0."""

from keras import ops


def real_loss(scores):
    """How far the scores are from calling everything real: mean((s - 1)^2).

    Args:
        scores: float tensor of any shape.

    Returns:
        float32 scalar. On fake pictures it is the generator's loss, on real ones the discriminator's `true` term.
    """
    return ops.mean(ops.square(ops.cast(scores, "float32") - 1.0))


def fake_loss(scores):
    """How far the scores are from calling everything fake: mean(s^2).

    Args:
        scores: float tensor of any shape.

    Returns:
        float32 scalar: the discriminator's `fake` term.
    """
    return ops.mean(ops.square(ops.cast(scores, "float32")))
