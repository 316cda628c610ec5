"""SSD300 with VGG16, trained on the persons and things of PASCAL VOC 2007 and 2012, up to its class confidences.

Liu et al., "SSD: Single Shot MultiBox Detector", 2016; layers have the names of the authors' Caffe network. The
detection score asks only how sure the detector is of one person in the picture. Suppression of overlapping boxes never
removes the surest one, so that boxes need not be computed.
"""

import keras
import numpy as np
from keras import ops

from pgig.pretrained.batches import checked_pixels, in_batches
from pgig.pretrained.catalogue import fingerprint
from pgig.pretrained.filling import check_arrays
from pgig.pretrained.resize import resize_bilinear
from pgig.weights.caffe_file import read_caffe

CLASSES, PERSON = 21, 15

# Boxes with at most this confidence are no detections.
THRESHOLD = 0.01

_SIZE = (300, 300)
_MEAN_BLUE_GREEN_RED = (104.0, 117.0, 123.0)
_NORM = "conv4_3_norm"
_NORM_EPSILON = 1e-10

# Maps that are looked at, and shapes of boxes at each of their places.
_HEADS = {_NORM: 4, "fc7": 6, "conv6_2": 6, "conv7_2": 6, "conv8_2": 4, "conv9_2": 4}
_CORNERS = 4

# After VGG16's groups: (name, channels, kernel, stride, zeros on each side, dilation).
_MORE = (
    ("fc6", 1024, 3, 1, 6, 6),
    ("fc7", 1024, 1, 1, 0, 1),
    ("conv6_1", 256, 1, 1, 0, 1),
    ("conv6_2", 512, 3, 2, 1, 1),
    ("conv7_1", 128, 1, 1, 0, 1),
    ("conv7_2", 256, 3, 2, 1, 1),
    ("conv8_1", 128, 1, 1, 0, 1),
    ("conv8_2", 256, 3, 1, 0, 1),
    ("conv9_1", 128, 1, 1, 0, 1),
    ("conv9_2", 256, 3, 1, 0, 1),
)
_SETTINGS = {"data_format": "channels_last", "dtype": "float32"}


class PersonSsd300:
    """How sure the detector is of a person in each picture.

    Args:
        path: `VGG_VOC0712_SSD_300x300_iter_120000.caffemodel`.
        batch_size: pictures that run at a time; it does not change the result.

    Raises:
        WeightsError: the file is missing, damaged, or of another network.
    """

    name = "person-ssd300"
    version = 1

    def __init__(self, path, batch_size=8):
        self.batch_size = batch_size
        self.fingerprint = f"{self.name}-{self.version}-{fingerprint(path)}"
        self._model = load_ssd300(path)

    def __call__(self, pixels):
        """Largest confidence of a person.

        Args:
            pixels: (N, H, W, 3) uint8 RGB of any size; they are resized to 300x300, pixel centres at halves.

        Returns:
            (N,) float32 in 0..1, 0 where it is not above 0.01.

        Raises:
            DataError: `pixels` is of another shape or type.
        """
        pixels = checked_pixels(pixels, "SSD300")
        confidence = in_batches(self._model, self.batch_size, pixels)
        return np.where(confidence > THRESHOLD, confidence, np.float32(0))


def load_ssd300(path):
    """`build_ssd300` with the weights of a file.

    Args:
        path: a `.caffemodel` file; the heads that place the boxes must be in it, but are not used.

    Returns:
        `keras.Model`, as `build_ssd300`.

    Raises:
        WeightsError: the file is unreadable, or layers are missing, left over, of another shape or not finite; all are
            listed.
    """
    model, layers = build_ssd300()
    arrays = read_caffe(path)
    shapes = {name: _caffe_shapes(layer) for name, layer in layers.items()}
    for source, boxes in _HEADS.items():
        channels = layers[f"{source}_mbox_conf"].kernel.shape[2]
        shapes[f"{source}_mbox_loc"] = [(_CORNERS * boxes, channels, 3, 3), (_CORNERS * boxes,)]
    give = "VGG_VOC0712_SSD_300x300_iter_120000.caffemodel as published"
    check_arrays(shapes, arrays, path, network="SSD300", give=give, strict=True, kind="layer")
    for name, layer in layers.items():
        layer.set_weights([array.transpose(2, 3, 1, 0) if array.ndim == 4 else array for array in arrays[name]])
    return model


def build_ssd300():
    """The network without its weights.

    Returns:
        (`keras.Model` from (B, H, W, 3) uint8 to (B,) float32, the largest confidence of a person among 8,732 boxes;
        {Caffe's name: layer with weights}).
    """
    pixels = keras.Input((None, None, 3), dtype="uint8")
    layers, maps = {}, {}
    x = Prepared(dtype="float32")(pixels)
    for group, (channels, count) in enumerate(((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)), 1):
        for number in range(1, count + 1):
            x = _convolution(layers, x, f"conv{group}_{number}", channels, 3, 1, 1, 1)
        if group == 4:
            layers[_NORM] = Normalized(name=_NORM, trainable=False, dtype="float32")
            maps[_NORM] = layers[_NORM](x)
        # "same" keeps the last row of an odd number, as Caffe does; the last pooling keeps the size.
        size, stride = (3, 1) if group == 5 else (2, 2)
        x = keras.layers.MaxPooling2D(size, stride, "same", **_SETTINGS)(x)
    for name, *settings in _MORE:
        x = maps[name] = _convolution(layers, x, name, *settings)

    logits = []
    for source, boxes in _HEADS.items():
        head = _convolution(layers, maps[source], f"{source}_mbox_conf", boxes * CLASSES, 3, 1, 1, 1, None)
        logits.append(keras.layers.Reshape((-1, CLASSES), dtype="float32")(head))
    logits = keras.layers.Concatenate(axis=1, name="confidences", dtype="float32")(logits)
    person = ops.softmax(logits, axis=-1)[:, :, PERSON]
    return keras.Model(pixels, ops.max(person, axis=1), name="ssd300"), layers


@keras.saving.register_keras_serializable("pgig", "Ssd300Prepared")
class Prepared(keras.layers.Layer):
    """Pixels as Caffe's program prepares them: resized to 300x300, blue before red, less the training pictures' mean.

    That program continues a picture beyond its border with the smallest of all its values, which darkens the outermost
    half pixel.
    """

    def call(self, pixels):
        pixels = ops.cast(pixels, "float32")
        smallest = ops.min(pixels, axis=(1, 2, 3), keepdims=True)
        resized = resize_bilinear(pixels - smallest, _SIZE, "half-pixel")
        rows, columns = (_inside(ops.shape(pixels)[axis], _SIZE[axis - 1]) for axis in (1, 2))
        resized = resized * ops.reshape(rows, (-1, 1, 1)) * ops.reshape(columns, (-1, 1)) + smallest
        return ops.flip(resized, axis=-1) - ops.convert_to_tensor(_MEAN_BLUE_GREEN_RED, dtype="float32")

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *_SIZE, 3)


@keras.saving.register_keras_serializable("pgig", "Ssd300Normalized")
class Normalized(keras.layers.Layer):
    """Each pixel divided by the length of its channels, then each channel times a trained factor."""

    def build(self, input_shape):
        self.scale = self.add_weight((input_shape[-1],), "ones", name="scale")

    def call(self, x):
        squares = ops.sum(ops.square(x), axis=-1, keepdims=True)
        return x * ops.rsqrt(squares + _NORM_EPSILON) * self.scale

    def compute_output_shape(self, input_shape):
        return input_shape


def _inside(length, size):
    """How much of each interpolated value along an axis, (size,), comes from inside the picture."""
    length = ops.cast(length, "float32")
    places = (ops.arange(size, dtype="float32") + 0.5) * (length / size) - 0.5
    return 1.0 - ops.relu(-places) - ops.relu(places - (length - 1.0))


def _convolution(layers, x, name, channels, size, stride, padding, dilation, activation="relu"):
    # Padding by hand: with a stride, "same" would put it on one side only.
    if padding:
        x = keras.layers.ZeroPadding2D(padding, **_SETTINGS)(x)
    layers[name] = keras.layers.Conv2D(
        channels,
        size,
        stride,
        dilation_rate=dilation,
        activation=activation,
        kernel_initializer="zeros",
        trainable=False,
        name=name,
        **_SETTINGS,
    )
    return layers[name](x)


def _caffe_shapes(layer):
    """Shapes of a layer's arrays as Caffe keeps them."""
    if isinstance(layer, Normalized):
        return [tuple(layer.scale.shape)]
    height, width, channels, filters = layer.kernel.shape
    return [(filters, channels, height, width), (filters,)]
