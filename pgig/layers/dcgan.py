"""Convolutions of the DCGAN critics of single pictures, as `tflib`'s programs and those after them have them."""

from keras import layers

from pgig.layers.batch_norm import BatchNorm

KERNEL = 5

# Channels of the convolutions as multiples of those of the first; further ones keep the last number.
_WIDTHS = (1, 2, 4, 8)


def dcgan_features(x, count, channels, initial, prepare=None, gain=None, use_bias=True, **norm):
    """Convolutions of stride 2, each but the first normalised over the batch, each followed by a leaky rectifier.

    Args:
        x: symbolic pictures (B, H, W, 3).
        count: how many convolutions; their layers are `conv0`, `norm1`, `act0` and so on.
        channels: of the first convolution.
        initial: function of the number of inputs of one output value: initializers of a convolution, as arguments.
        prepare: function of (map, number of the convolution) -> (padded map, padding argument of the convolution);
            None: the map as it is and "same".
        gain: function without arguments: initializer of the gain of a normalisation; None: ones.
        use_bias: whether the convolutions have biases.
        norm: more arguments of `BatchNorm`.

    Returns:
        symbolic map (B, h, w, C). Both sides are H and W halved `count` times, fractions rounded up, with "same".
    """
    for level in range(count):
        fan_in = KERNEL * KERNEL * x.shape[-1]
        x, padding = prepare(x, level) if prepare else (x, "same")
        x = layers.Conv2D(
            channels * _WIDTHS[min(level, len(_WIDTHS) - 1)], KERNEL, strides=2, padding=padding, use_bias=use_bias,
            name=f"conv{level}", **initial(fan_in),
        )(x)  # fmt: skip
        if level > 0:
            x = BatchNorm(gamma_initializer=gain() if gain else "ones", name=f"norm{level}", **norm)(x)
        x = layers.LeakyReLU(0.2, name=f"act{level}")(x)
    return x
