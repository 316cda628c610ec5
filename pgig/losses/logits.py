"""Sigmoid cross-entropy of a discriminator's logits, in the form that no logit overflows."""

from keras import ops


def real_loss(logits):
    """How far the logits are from calling everything real: mean(-log(sigmoid(x))) = mean(log(1 + exp(-x))).

    Args:
        logits: float tensor of any shape.

    Returns:
        float32 scalar.
    """
    return ops.mean(ops.softplus(-ops.cast(logits, "float32")))


def fake_loss(logits):
    """How far the logits are from calling everything fake: mean(-log(1 - sigmoid(x))) = mean(log(1 + exp(x))).

    Args:
        logits: float tensor of any shape.

    Returns:
        float32 scalar.
    """
    return ops.mean(ops.softplus(ops.cast(logits, "float32")))
