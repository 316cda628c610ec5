import numpy as np
from keras import ops

from pgig.layers.valid_conv import tap_by_tap, valid_conv
from tests.gradients import value_and_gradient


def _plain(x, kernel):
    return ops.conv(x, kernel, padding="valid", data_format="channels_last")


def test_tap_by_tap_is_the_convolution_of_the_back_end():
    generator = np.random.default_rng(0)
    x, kernel, upstream = (
        generator.normal(size=shape).astype("float32") for shape in ((2, 6, 7, 3), (2, 3, 3, 4), (2, 5, 5, 4))
    )
    fixed = [ops.convert_to_tensor(x), ops.convert_to_tensor(kernel)]
    for function in (tap_by_tap, valid_conv):
        for given, of_one in (
            (x, lambda conv, x: conv(x, fixed[1])),
            (kernel, lambda conv, kernel: conv(fixed[0], kernel)),
        ):
            ours, theirs = (
                value_and_gradient(lambda x, conv=conv, of_one=of_one: of_one(conv, x), given, upstream)
                for conv in (function, _plain)
            )
            for found, expected in zip(ours, theirs, strict=True):
                np.testing.assert_allclose(found, expected, atol=1e-4)
