"""Distance of two pictures in the features of a network, with linear weights per channel: what LPIPS is made of.

Zhang et al., "The unreasonable effectiveness of deep features as a perceptual metric", 2018, section 3.
"""

import keras
import numpy as np
from keras import ops

from pgig.errors import WeightsError
from pgig.pretrained.batches import in_batches
from pgig.pretrained.filling import check_arrays, check_pictures
from pgig.pretrained.trunks import SCALE, SHIFT, scaled, to_image

_EPSILON = 1e-10


class FeatureDistance:
    """Distances of pairs, group of layers by group of layers.

    Args:
        network: `keras.Model` from scaled pictures to the maps of its G groups.
        heads: for each group its (C,) linear weights.
        smallest: least height and width of a picture.
        shift, scale: see `pgig.pretrained.trunks.scaled`.
    """

    def __init__(self, network, heads, smallest, shift=SHIFT, scale=SCALE):
        self._smallest = smallest
        images = [keras.Input((None, None, 3), dtype="float32") for _ in range(2)]
        maps = [network(scaled(image, shift, scale)) for image in images]
        groups = [_distance(*pair, head) for *pair, head in zip(*maps, heads, strict=True)]
        self._of_images = keras.Model(images, ops.stack(groups, axis=1))

        pixels = [keras.Input((None, None, 3), dtype="uint8") for _ in range(2)]
        self._of_pixels = keras.Model(pixels, self._of_images([to_image(x) for x in pixels]))

        mask = keras.Input((None, None, 1), dtype="uint8")
        kept = [to_image(x) * ops.cast(mask, "float32") for x in pixels]
        self._of_masked = keras.Model([*pixels, mask], self._of_images(kept))

    def of_pixels(self, reference_pixels, generated_pixels, mask, batch_size):
        """Distances of pictures of bytes.

        Args:
            reference_pixels: (N, H, W, 3) uint8.
            generated_pixels: (N, H, W, 3) uint8.
            mask: None, or (N, H, W) bool: both pictures become 0 in -1..1, grey, outside it.
            batch_size: pairs that run at a time.

        Returns:
            (N, G) float32.

        Raises:
            DataError: pictures too small, of another type, or not of one shape.
        """
        check_pictures(self._smallest, "uint8", reference_pixels, generated_pixels)
        if mask is None:
            return in_batches(self._of_pixels, batch_size, reference_pixels, generated_pixels)
        mask = np.asarray(mask, dtype=np.uint8)[..., None]
        return in_batches(self._of_masked, batch_size, reference_pixels, generated_pixels, mask)

    def of_images(self, reference_images, generated_images, batch_size):
        """Distances of pictures in -1..1.

        Args:
            reference_images: (N, H, W, 3) float32.
            generated_images: (N, H, W, 3) float32.
            batch_size: pairs that run at a time.

        Returns:
            (N, G) float32.

        Raises:
            DataError: pictures too small, of another type, or not of one shape.
        """
        check_pictures(self._smallest, "float32", reference_images, generated_images)
        return in_batches(self._of_images, batch_size, reference_images, generated_images)


def _distance(reference, generated, head):
    """(B,) weighted mean difference of two (B, h, w, C) maps whose every pixel is brought to length 1."""
    difference = ops.square(_unit_length(reference) - _unit_length(generated))
    return ops.sum(ops.mean(difference, axis=(1, 2)) * head, axis=-1)


def _unit_length(x):
    return x / (ops.sqrt(ops.sum(ops.square(x), axis=-1, keepdims=True)) + _EPSILON)


def read_heads(arrays, network, path):
    """The linear weights of a file.

    Args:
        arrays: {name: array}, as `trunks.read_weights` gives them.
        network: the `keras.Model` that they belong to.
        path: the file, for the message.

    Returns:
        for each group of layers its (C,) float32 weights.

    Raises:
        WeightsError: weights are missing, of another shape, not finite or negative.
    """
    name = "NetLinLayer_{}/Conv_0/kernel" if "NetLinLayer_0/Conv_0/kernel" in arrays else "lin{}.model.1.weight"
    names = [name.format(number) for number in range(len(network.outputs))]
    shapes = {name: (1, 1, tap.shape[-1], 1) for name, tap in zip(names, network.outputs, strict=True)}
    check_arrays(shapes, arrays, path)
    if any((arrays[name] < 0).any() for name in names):
        raise WeightsError(
            f"{path} holds negative linear weights, which a distance cannot have: give the published file."
        )
    return [arrays[name].reshape(-1).astype(np.float32) for name in names]
