"""Style: which features occur together, wherever they are (Gatys et al., "Image Style Transfer", CVPR 2016)."""

from keras import ops

from pgig.losses.regular import mean_absolute


def gram(features):
    """Products of all pairs of channels, summed over the positions.

    Args:
        features: (B, h, w, C) float.

    Returns:
        (B, C, C) float32, divided by C * h * w.
    """
    height, width, channels = features.shape[1:]
    rows = ops.reshape(ops.cast(features, "float32"), (-1, height * width, channels))
    return ops.matmul(ops.transpose(rows, (0, 2, 1)), rows) / (channels * height * width)


def style_loss(features, target_features):
    """How far the Gram matrices of feature maps are from those of the target.

    Args:
        features, target_features: two lists of (B, h, w, C) float; the second gets no gradient.

    Returns:
        float32 scalar: the sum over the pairs of the mean absolute difference of their Gram matrices.
    """
    pairs = zip(features, target_features, strict=True)
    return sum(mean_absolute(gram(ours), ops.stop_gradient(gram(theirs))) for ours, theirs in pairs)
