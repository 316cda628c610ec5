"""Keypoints of pictures by the OpenPose network, as the tables that the field shares were made.

The procedure is that of pose-gan's `compute_coordinates.py` (Siarohin et al., "Deformable GANs for Pose-based Human
Image Generation", 2018): four enlargements of the picture, the heat maps averaged, the fields added up, one person
decoded. Its resize is scikit-image 0.13's, which today's versions no longer offer under that name.
"""

import numpy as np

from pgig.errors import DataError
from pgig.estimate.decode import decode, scales
from pgig.estimate.openpose import load_estimator
from pgig.pose.joints import NAMES
from pgig.pretrained.batches import checked_pixels
from pgig.utils.files import sha256

# Three poolings: of fewer pixels nothing is left.
_SMALLEST = 8


class OpenPose:
    """The network as an extractor of keypoints.

    Args:
        path: the Keras 2 file, usually `pose_estimator.h5`.
        batch_size: pictures that run at a time; at four times the pictures' size, so that a few are enough.

    Raises:
        WeightsError: the file is missing, unreadable, or not of this network.
    """

    name = "openpose-18"
    version = 1

    def __init__(self, path, batch_size=4):
        self._model = load_estimator(path)
        self.batch_size = batch_size
        self.fingerprint = f"{self.name}-{self.version}-{sha256(path)[:16]}"

    def __call__(self, pixels):
        """Joints of the most confident person in each picture.

        Args:
            pixels: (N, H, W, 3) uint8 RGB.

        Returns:
            (N, 18, 3) float32 y, x, visible, in whole pixels; a joint that was not found is (-1, -1, 0).

        Raises:
            DataError: `pixels` is of another shape or type, or the pictures are too small.
        """
        pixels = checked_pixels(pixels, "OpenPose")
        keypoints = [np.zeros((0, len(NAMES), 3), np.float32)]
        for start in range(0, len(pixels), self.batch_size):
            batch = pixels[start : start + self.batch_size]
            # A full batch, so that nothing is compiled for the last one.
            filling = np.repeat(batch[-1:], self.batch_size - len(batch), axis=0)
            heat_maps, fields = joint_maps_of_pictures(self._model, np.concatenate([batch, filling]))
            keypoints.append(np.stack([decode(heat_maps[i], fields[i]) for i in range(len(batch))]))
        return np.concatenate(keypoints)


def joint_maps_of_pictures(model, pixels):
    """The network's maps at the pictures' own size, over four scales.

    Args:
        model: `keras.Model` from BGR pictures (B, h, w, 3) in [-0.5, 0.5] to [fields, heat maps] at an eighth.
        pixels: (B, H, W, 3) uint8 RGB.

    Returns:
        (heat maps, fields): (B, H, W, 19) mean and (B, H, W, 38) sum over the scales, as in the original; float64.

    Raises:
        DataError: the pictures are too small for the network.
    """
    size = pixels.shape[1:3]
    images = pixels[..., ::-1].astype(np.float64)
    factors = scales(size[0]) if size[0] else (0,)
    sizes = [tuple((np.array(size) * factor).astype(int)) for factor in factors]
    if min(map(min, sizes)) < _SMALLEST:
        raise DataError(
            f"OpenPose got pictures of {size[0]} x {size[1]} pixels (height x width): give larger or less narrow ones."
        )
    heat_maps = fields = 0
    for scaled in sizes:
        enlarged = np.stack([resize(image, scaled, order=3) for image in images]) / 255 - 0.5
        field, heat = (np.asarray(output) for output in model.predict_on_batch(enlarged.astype(np.float32)))
        fields = fields + np.stack([resize(one, size, order=1) for one in field])
        heat_maps = heat_maps + np.stack([resize(one, size, order=1) for one in heat])
    return heat_maps / len(sizes), fields


def resize(image, size, order):
    """Resize as scikit-image 0.13 does: half-pixel centres, no anti-aliasing, zeros outside, clipped to the range.

    Args:
        image: (H, W, C) numbers.
        size: (height, width).
        order: 1 for bilinear, 3 for bicubic (Keys, 1981, a = -1/2).

    Returns:
        (height, width, C) float64.
    """
    image = np.asarray(image, np.float64)
    rows, columns = (_weights(*lengths, order) for lengths in zip(image.shape[:2], size, strict=True))
    resized = np.einsum("ih,hwc,jw->ijc", rows, image, columns, optimize=True)
    return np.clip(resized, image.min(), image.max())


def _weights(old, new, order):
    """(new, old) matrix of one axis; the weights of what lies outside are dropped with it."""
    places = (np.arange(new) + 0.5) * (old / new) - 0.5
    distance = np.abs(places[:, None] - np.arange(old))
    if order == 1:
        return np.maximum(1 - distance, 0)
    near = (1.5 * distance - 2.5) * distance**2 + 1
    far = ((2.5 - 0.5 * distance) * distance - 4) * distance + 2
    return np.where(distance <= 1, near, np.where(distance < 2, far, 0))
