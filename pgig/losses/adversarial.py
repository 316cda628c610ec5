"""The adversarial losses of the original GAN on probabilities (Goodfellow et al., 2014)."""

from keras import ops

EPSILON = 1e-7


def real_loss(scores):
    """How far the scores are from calling everything real: -mean(log(p + 1e-7)).

    Args:
        scores: float tensor of any shape, probabilities in [0, 1].

    Returns:
        float32 scalar. On fake pictures it is the generator's loss, on real ones the discriminator's `true` term.
    """
    return -ops.mean(ops.log(ops.cast(scores, "float32") + EPSILON))


def fake_loss(scores):
    """How far the scores are from calling everything fake: -mean(log(1 - p + 1e-7)).

    Args:
        scores: float tensor of any shape, probabilities in [0, 1].

    Returns:
        float32 scalar: the discriminator's `fake` term.
    """
    return -ops.mean(ops.log(1.0 - ops.cast(scores, "float32") + EPSILON))


def discriminator_loss(scores):
    """Loss of the discriminator on a doubled batch.

    Args:
        scores: (2B, ...) probabilities, the B real samples first.

    Returns:
        (total, true, fake): float32 scalars, total = true + fake.
    """
    real, fake = ops.split(scores, 2, axis=0)
    true_term, fake_term = real_loss(real), fake_loss(fake)
    return true_term + fake_term, true_term, fake_term
