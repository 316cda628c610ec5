"""From the bytes of a batch to what networks take."""

from keras import ops


def to_image(pixels):
    """Bytes 0..255 as float32 in [-1, 1]: (v / 255 - 0.5) * 2."""
    return (ops.cast(pixels, "float32") / 255.0 - 0.5) * 2.0
