"""ST-LPIPS: a distance like LPIPS that a shift by a few pixels hardly changes. Its scale is not that of LPIPS.

Ghildyal and Liu, "Shift-tolerant perceptual similarity metric", 2022, with the weights of the authors' package
stlpips-pytorch.
"""

import numpy as np

from pgig.pretrained.catalogue import fingerprint
from pgig.pretrained.feature_distance import FeatureDistance, read_heads
from pgig.pretrained.shift_tolerant import SMALLEST, load_shift_tolerant, read_scaling
from pgig.pretrained.trunks import read_weights


class StLpips:
    """ST-LPIPS of pairs of pictures.

    Args:
        trunk: "alex" or "vgg".
        path: weight file: `alex_shift_tolerant.pth` or `vgg_shift_tolerant.pth` of the package stlpips-pytorch.
        batch_size: pairs that run at a time; it does not change the result.

    Raises:
        WeightsError: the file is unreadable or does not fit.
    """

    version = 1

    def __init__(self, trunk, path, batch_size=16):
        self.name, self.batch_size = f"st-lpips-{trunk}", batch_size
        arrays = read_weights(path)
        network = load_shift_tolerant(trunk, arrays, path)
        heads = read_heads(arrays, network, path)
        self._distance = FeatureDistance(network, heads, SMALLEST[trunk], *read_scaling(arrays, path))
        self.fingerprint = f"{self.name}-{self.version}-{fingerprint(path)}"

    def __call__(self, reference_pixels, generated_pixels, mask=None):
        """ST-LPIPS of each pair: the sum of its `layers`.

        Args:
            reference_pixels: (N, H, W, 3) uint8, at least 21x21 for AlexNet and 18x18 for VGG16.
            generated_pixels: (N, H, W, 3) uint8.
            mask: None, or (N, H, W) bool: both pictures become grey (0 in -1..1) outside it.

        Returns:
            (N,) float64, 0 up to rounding for equal pictures.

        Raises:
            DataError: pictures too small, not bytes, or not of one shape.
        """
        return self.layers(reference_pixels, generated_pixels, mask).sum(axis=1, dtype=np.float64)

    def layers(self, reference_pixels, generated_pixels, mask=None):
        """What each of the five groups of layers adds to the distance: as a call, but (N, 5) float32."""
        return self._distance.of_pixels(reference_pixels, generated_pixels, mask, self.batch_size)
