"""Networks that learn to recognise people as a classification: a trunk, its pooled features, and a class a person.

`resnet50` is the baseline of Fan, Zheng, Yan, Yang, "Unsupervised Person Re-identification: Clustering and
Fine-tuning", 2018 (baseline/train.py of their repository), in whose terms DPIG's table is given: half of the pooled
features are dropped, and the weights of the classes begin near zero. Their ResNet-50 is that of Keras's applications,
with the stride of a block in its first convolution; here it is torchvision's, with the stride in the middle one.

What else differs from their program:

* Pictures are resized bilinearly (`pgig.reid.pictures.read_resized`); Keras 2's `load_img` took the nearest pixel.
* Colours are RGB as torchvision's weights expect them ("imagenet"), or in -1..1 ("half"); theirs were BGR less the
  means 103.939, 116.779 and 123.68, as Keras's weights expect them, which come from Caffe.
* Bytes are moved, bilinearly; theirs was moved after the means were taken off, as their version of Keras interpolated.
* What does not fill a batch waits for another epoch; they trained with it.

The features are the same ones, averages before the dropout, and so is the cosine by which they are compared.

PN-GAN's published test, on VIPeR, looked through a network of Caffe that was not at hand: 1,024 numbers, divided by
their length, of pictures of 224 x 112 pixels, in BGR less the same means and then resized (OpenCV, bilinear, not
smoothed). `pgig.pretrained.resnet50_reid` is the class of its repository instead.

`small` is four convolutions of our own, to try everything out on a CPU. Its scores compare with nothing published.
"""

from dataclasses import dataclass

import keras
from keras import layers

from pgig.pretrained import resnet50_reid
from pgig.pretrained.trunks import to_image

_SETTINGS = {"dtype": "float32"}
_PICTURES = _SETTINGS | {"data_format": "channels_last"}

_DROPPED = 0.5
_HEAD_DEVIATION = 0.001

_SMALL_CHANNELS = (32, 64, 128, 128)
# Statistics of few iterations: Keras's own 0.99 would still remember the beginning.
_SMALL_MOMENTUM = 0.9


@dataclass(frozen=True)
class Recipe:
    """How a network is trained where nothing else is said.

    Attributes:
        size: (height, width) to which pictures are resized.
        learning_rate: of stochastic gradient descent with momentum 0.9.
        epochs: passes over the pictures.
        least: least height and width of a picture.
    """

    size: tuple
    learning_rate: float
    epochs: int
    least: int


RECIPES = {
    "resnet50": Recipe((224, 224), learning_rate=0.001, epochs=40, least=32),
    "small": Recipe((128, 64), learning_rate=0.02, epochs=40, least=16),
}


def build(network, people, scaling="imagenet"):
    """A network without trained weights.

    Args:
        network: key of `RECIPES`.
        people: number of persons that it tells apart.
        scaling: of `resnet50`, one of `pgig.pretrained.resnet50_reid.SCALINGS`.

    Returns:
        (features, classifier): `keras.Model` from (B, H, W, 3) uint8 to (B, D) float32, not negative, and to logits
        (B, people); they share all layers but the last ones.
    """
    features = resnet50_reid.build(scaling) if network == "resnet50" else _small()
    # With a seed PyTorch too draws from the state of the layer.
    dropped = layers.Dropout(_DROPPED, seed=0, name="dropout", **_SETTINGS)(features.output)
    initial = keras.initializers.RandomNormal(stddev=_HEAD_DEVIATION)
    logits = layers.Dense(people, kernel_initializer=initial, name="people", **_SETTINGS)(dropped)
    return features, keras.Model(features.input, logits)


def _small():
    picture = keras.Input((None, None, 3), dtype="uint8")
    x = to_image(picture)
    for number, channels in enumerate(_SMALL_CHANNELS):
        x = layers.Conv2D(channels, 3, 2, "same", use_bias=False, name=f"conv{number}", **_PICTURES)(x)
        x = layers.BatchNormalization(momentum=_SMALL_MOMENTUM, name=f"norm{number}", **_SETTINGS)(x)
        x = layers.ReLU(**_SETTINGS)(x)
    return keras.Model(picture, layers.GlobalAveragePooling2D(**_PICTURES)(x))
