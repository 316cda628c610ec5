"""A rectangle of a photo as a picture of the network: joints and pixels carried over, the border repeated."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from pgig.pose.check import outside
from pgig.pose.joints import MISSING


@dataclass(frozen=True, eq=False)
class Frame:
    """A rectangle of a photo that becomes a picture of the network.

    Attributes:
        box: (y0, x0, y1, x1) in pixels of the photo, fractions included; it may reach beyond the photo.
        size: (height, width) of the picture in pixels.
        smaller: how large the person is, as a share of what the data set has; below 1 so that all joints find room.
    """

    box: tuple
    size: tuple
    smaller: float = 1.0

    @property
    def factors(self):
        """Pixels of the picture for a pixel of the photo, (y, x)."""
        y0, x0, y1, x1 = self.box
        return self.size[0] / (y1 - y0), self.size[1] / (x1 - x0)

    def joints(self, keypoints):
        """A pose of the photo in the picture, as tables hold it: whole pixels; what lies outside is missing.

        Args:
            keypoints: (18, 3) y, x, visible; the centre of the first pixel is 0, 0.

        Returns:
            (18, 3) float32.
        """
        keypoints = np.array(keypoints, np.float64)
        keypoints[:, :2] = np.rint((keypoints[:, :2] + 0.5 - self.box[:2]) * self.factors - 0.5)
        keypoints[(keypoints[:, 2] <= 0) | outside(keypoints, self.size)] = (MISSING, MISSING, 0)
        return keypoints.astype(np.float32)

    def inner(self, size):
        """The part of the picture that comes from the photo: rows and columns (y0, x0, y1, x1), at least one of each.

        Args:
            size: (height, width) of the photo.
        """
        ends = []
        for axis in (0, 1):
            start, factor = self.box[axis], self.factors[axis]
            # Whole pixels of the picture only. The slack forgives rounding.
            low = int(np.clip(np.ceil(-start * factor - 1e-6), 0, self.size[axis] - 1))
            high = int(np.clip(np.floor((size[axis] - start) * factor + 1e-6), low + 1, self.size[axis]))
            ends.append((low, high))
        (y0, y1), (x0, x1) = ends
        return y0, x0, y1, x1

    def crop(self, pixels):
        """The picture. Beyond the photo its border pixels are repeated.

        Args:
            pixels: (h, w, 3) uint8, the photo.

        Returns:
            (height, width, 3) uint8.
        """
        y0, x0, y1, x1 = self.inner(pixels.shape[:2])
        (fy, fx), (top, left) = self.factors, self.box[:2]
        height, width = pixels.shape[:2]
        area = left + x0 / fx, top + y0 / fy, left + x1 / fx, top + y1 / fy
        low, high = np.clip(area[:2], 0, (width - 1, height - 1)), np.clip(area[2:], 1, (width, height))
        seen = Image.fromarray(pixels).resize(
            (x1 - x0, y1 - y0), Image.Resampling.BICUBIC, box=(*low, *np.maximum(high, low + 1e-3)), reducing_gap=3
        )
        return np.pad(np.asarray(seen), ((y0, self.size[0] - y1), (x0, self.size[1] - x1), (0, 0)), mode="edge")

    def invented(self, size):
        """Share of the picture that lies beyond a photo of that size, 0 to 1."""
        y0, x0, y1, x1 = self.inner(size)
        return 1 - (y1 - y0) * (x1 - x0) / (self.size[0] * self.size[1])
