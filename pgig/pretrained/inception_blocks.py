"""The blocks that Inception-v3 is made of, five kinds of them, under torchvision's names.

Each takes `Units`, the maps and the name of the block, and gives its branches side by side.
"""

import keras

SETTINGS = {"data_format": "channels_last", "dtype": "float32"}


class Units:
    """Makes the convolutions of one network and remembers them by torchvision's names.

    Args:
        counts_padding: whether averages count the zeros around the picture.

    Attributes:
        convolutions: name of a unit -> its layer.
    """

    def __init__(self, counts_padding):
        self.counts_padding = counts_padding
        self.convolutions = {}

    def unit(self, x, name, filters, size=1, stride=1, padding="same"):
        """Convolution, batch normalisation and ReLU; one with a stride pads nothing."""
        # PyTorch allows no dots in the names of layers. Weights come from a file: others would be made in vain.
        layer = keras.layers.Conv2D(
            filters,
            size,
            stride,
            padding if stride == 1 else "valid",
            activation="relu",
            kernel_initializer="zeros",
            trainable=False,
            name=name.replace(".", "_"),
            **SETTINGS,
        )
        self.convolutions[name] = layer
        return layer(x)

    def chain(self, x, name, *units):
        """Units one after the other, each (end of its name, filters, size)."""
        for end, filters, size in units:
            x = self.unit(x, f"{name}{end}", filters, size)
        return x

    def average(self, x):
        """Mean of 3x3 pixels around each pixel."""
        if self.counts_padding:
            x = keras.layers.ZeroPadding2D(1, **SETTINGS)(x)
        padding = "valid" if self.counts_padding else "same"
        return keras.layers.AveragePooling2D(3, 1, padding, **SETTINGS)(x)


def largest(x):
    """Largest of 3x3 pixels around each pixel."""
    return keras.layers.MaxPooling2D(3, 1, "same", **SETTINGS)(x)


def shrinking_pool(x):
    """Largest of 3x3 pixels around every second pixel."""
    return keras.layers.MaxPooling2D(3, 2, **SETTINGS)(x)


def block_a(net, x, name, pooled):
    """Kernels of 1, 3 and 5 pixels, and a pooled branch of so many channels."""
    return _joined(
        net.unit(x, f"{name}.branch1x1", 64),
        net.chain(x, f"{name}.branch5x5", ("_1", 48, 1), ("_2", 64, 5)),
        net.chain(x, f"{name}.branch3x3dbl", ("_1", 64, 1), ("_2", 96, 3), ("_3", 96, 3)),
        net.unit(net.average(x), f"{name}.branch_pool", pooled),
    )


def block_b(net, x, name):
    """Half the height and width, by kernels of 3 pixels."""
    double = net.chain(x, f"{name}.branch3x3dbl", ("_1", 64, 1), ("_2", 96, 3))
    return _joined(
        net.unit(x, f"{name}.branch3x3", 384, 3, stride=2),
        net.unit(double, f"{name}.branch3x3dbl_3", 96, 3, stride=2),
        shrinking_pool(x),
    )


def block_c(net, x, name, inner):
    """Rows and columns of 7 pixels with so many inner channels, and a pooled branch."""
    row, column = (1, 7), (7, 1)
    double = (("_1", inner, 1), ("_2", inner, column), ("_3", inner, row), ("_4", inner, column), ("_5", 192, row))
    return _joined(
        net.unit(x, f"{name}.branch1x1", 192),
        net.chain(x, f"{name}.branch7x7", ("_1", inner, 1), ("_2", inner, row), ("_3", 192, column)),
        net.chain(x, f"{name}.branch7x7dbl", *double),
        net.unit(net.average(x), f"{name}.branch_pool", 192),
    )


def block_d(net, x, name):
    """Half the height and width, by kernels of 3 pixels after rows and columns of 7."""
    small = net.unit(x, f"{name}.branch3x3_1", 192)
    large = net.chain(x, f"{name}.branch7x7x3", ("_1", 192, 1), ("_2", 192, (1, 7)), ("_3", 192, (7, 1)))
    return _joined(
        net.unit(small, f"{name}.branch3x3_2", 320, 3, stride=2),
        net.unit(large, f"{name}.branch7x7x3_4", 192, 3, stride=2),
        shrinking_pool(x),
    )


def block_e(net, x, name, pooled):
    """Branches that end in a row and a column of 3 pixels, and one of the maps pooled before."""
    single = net.unit(x, f"{name}.branch3x3_1", 384)
    double = net.chain(x, f"{name}.branch3x3dbl", ("_1", 448, 1), ("_2", 384, 3))
    return _joined(
        net.unit(x, f"{name}.branch1x1", 320),
        net.unit(single, f"{name}.branch3x3_2a", 384, (1, 3)),
        net.unit(single, f"{name}.branch3x3_2b", 384, (3, 1)),
        net.unit(double, f"{name}.branch3x3dbl_3a", 384, (1, 3)),
        net.unit(double, f"{name}.branch3x3dbl_3b", 384, (3, 1)),
        net.unit(pooled, f"{name}.branch_pool", 192),
    )


def _joined(*branches):
    return keras.layers.Concatenate(dtype="float32")(branches)
