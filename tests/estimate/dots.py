"""Pictures whose people are dots of known colours, and an estimator that finds them."""

import numpy as np

from pgig.pose.joints import NAMES


def photo(height, width, *people):
    """A black picture with people; each is {joint: (y, x, score)}, drawn as single pixels."""
    pixels = np.zeros((height, width, 3), np.uint8)
    for person in people:
        for joint, (y, x, score) in person.items():
            pixels[y, x] = 10 * (joint + 1), round(255 * score), 255
    return pixels


def figure(top, left, step=2, score=0.8):
    """A person whose joints lie on a diagonal zigzag of 18 rows and 6 columns, `step` pixels apart."""
    return {joint: (top + joint * step, left + joint % 6 * step, score) for joint in range(len(NAMES))}


class DotEstimator:
    """Finds in each picture the brightest dot of each joint; those of two people may be mixed.

    Attributes:
        seen: list of the (height, width) of all pictures that it was given.
        shift: pixels that every joint is found too far down.
    """

    name, fingerprint = "dots", "dots-1"

    def __init__(self, shift=0):
        self.seen, self.shift = [], shift

    def __call__(self, pixels):
        self.seen += [picture.shape[:2] for picture in pixels]
        return np.stack([self._joints(picture) for picture in pixels])

    def _joints(self, picture):
        keypoints = np.zeros((len(NAMES), 3), np.float32)
        for joint in range(len(NAMES)):
            scores = np.where((picture[..., 2] == 255) & (picture[..., 0] == 10 * (joint + 1)), picture[..., 1], 0)
            y, x = np.unravel_index(scores.argmax(), scores.shape)
            keypoints[joint] = y + self.shift, x, scores[y, x] / 255
        return keypoints
