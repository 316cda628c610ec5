"""Plain picture terms: mean absolute difference and total variation."""

from keras import ops


def absolute(difference):
    """|d| with the gradient sign(d), which is 0 at 0 on every back end (JAX's own has 1 there)."""
    return ops.stop_gradient(ops.sign(difference)) * difference


def mean_absolute(a, b):
    """Mean of |a - b| over everything.

    Args:
        a, b: float tensors of one shape.

    Returns:
        float32 scalar; its gradient is 0 where a = b.
    """
    return ops.mean(absolute(ops.cast(a, "float32") - ops.cast(b, "float32")))


def total_variation(image):
    """Sum over pixels and channels of (a + b)^1.25, a and b the squared steps to the pixel below and to the right.

    Args:
        image: (B, H, W, C) float.

    Returns:
        float32 scalar, summed over the batch too. The last row and column only serve as neighbours.
    """
    image = ops.cast(image, "float32")
    below = ops.square(image[:, 1:, :-1] - image[:, :-1, :-1])
    right = ops.square(image[:, :-1, 1:] - image[:, :-1, :-1])
    energy = below + right

    # The slope is 0 at 0, but computed as a power of 0 it is not a number everywhere: flat pixels are left out.
    flat = energy == 0
    return ops.sum(ops.where(flat, 0.0, ops.power(ops.where(flat, 1.0, energy), 1.25)))
