"""ImageNet's AlexNet as an extractor of features of whole pictures: the trunk of LPIPS, averaged over the positions.

Nobody's re-identification network: it was never trained to tell persons apart, and its scores compare with nothing
that was published. It is here because package registries ship its weights, so that rendering, features, fusion and
scores can be tried without a network of one's own.
"""

import keras
from keras import ops

from pgig.pretrained.batches import in_batches
from pgig.pretrained.catalogue import fingerprint
from pgig.pretrained.filling import check_pictures
from pgig.pretrained.trunks import TRUNKS, load_trunk, scaled, to_image


class PooledAlexNet:
    """Means of the five outputs of the trunk, side by side: 1152 numbers.

    Args:
        path: weight file of the trunk, as `pgig.pretrained.trunks.load_trunk` takes it.
        batch_size: pictures that run at a time.

    Raises:
        WeightsError: the file is missing, damaged, or not of this network.
    """

    name = "alexnet-pooled"
    version = 1

    def __init__(self, path, batch_size=32):
        self.batch_size = batch_size
        picture = keras.Input((None, None, 3), dtype="uint8")
        taps = load_trunk("alex", path)(scaled(to_image(picture)))
        self._model = keras.Model(picture, ops.concatenate([ops.mean(tap, axis=(1, 2)) for tap in taps], axis=-1))
        self.fingerprint = f"{self.name}-{self.version}-{fingerprint(path)}"

    def __call__(self, pixels):
        """Features of pictures.

        Args:
            pixels: (N, H, W, 3) uint8 RGB, H and W at least 31.

        Returns:
            (N, 1152) float32, not negative, of any length.

        Raises:
            DataError: `pixels` is of another shape or type, or too small.
        """
        check_pictures(TRUNKS["alex"].smallest, "uint8", pixels)
        return in_batches(self._model, self.batch_size, pixels)
