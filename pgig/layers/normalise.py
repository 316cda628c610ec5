"""Normalisation of the channels of a map by its own statistics, exact to the last digits of float32 and quick."""

from keras import ops


def normalise(x, axes, epsilon, weights=()):
    """(x - mean) / sqrt(variance + epsilon), then times gamma plus beta where there are weights.

    The gradient reads the map three times; differentiating the forward pass costs half as much again.

    Args:
        x: (B, H, W, C) float32.
        axes: what statistics are over, in the order in which they are added up: columns, 2, and rows, 1, for those of
            each sample, then 0 for those of the batch. One sum over all at once loses digits: TensorFlow adds up
            65536 numbers of a 256x256 map one after the other.
        epsilon: added to the variance, which is that of the population.
        weights: gamma and beta, both (C,) float32, or nothing.

    Returns:
        y: (B, H, W, C) float32.
        mean, variance: with size 1 in place of `axes`; no gradient passes through them.
    """
    constant = ops.stop_gradient(x)
    mean = _mean(constant, axes)
    centred = constant - mean
    variance = _mean(ops.square(centred), axes)
    root = ops.rsqrt(variance + epsilon)

    @ops.custom_gradient
    def compute(x, *weights):
        gain = root * weights[0] if weights else root

        def gradient(*arguments, upstream=None):
            upstream = arguments[0] if upstream is None else upstream
            offset, slope = _mean(upstream, axes), root * _mean(upstream * centred, axes)
            of_x = (upstream - offset) * gain - centred * (gain * root * slope)
            if not weights:
                return of_x
            count = ops.cast(ops.size(x) // ops.size(mean), x.dtype)
            return of_x, *(count * ops.sum(part, axis=(0, 1, 2)) for part in (slope, offset))

        y = centred * gain
        return y + weights[1] if weights else y, gradient

    return compute(x, *weights), mean, variance


def _mean(x, axes):
    for axis in axes:
        x = ops.mean(x, axis=axis, keepdims=True)
    return x
