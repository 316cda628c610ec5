"""The interface of methods that take a person apart into factors, each with a code that can be sampled.

Commands that sample, interpolate or invert know nothing else of such a method. Codes are (B, size) float32.
"""

from abc import abstractmethod
from dataclasses import dataclass

from pgig.methods.base import Method


@dataclass(frozen=True)
class Factor:
    """One factor of a picture.

    Attributes:
        name: short name, for flags and files, such as `fg`.
        title: plain words, such as `foreground`.
        size: numbers in its code, and in the noise that is mapped to it.
    """

    name: str
    title: str
    size: int


class Factored(Method):
    """A `Method` whose pictures are decoded from codes of factors. One of them is `pose`.

    In the stage of all networks, the weight file `pose` holds what encodes and decodes poses.

    Attributes:
        factors: tuple of `Factor`, the pose last.
        deviation: standard deviation of the Gaussian noise that is mapped to codes; its mean is 0.
        mappings: {factor: name of the network that maps noise to its codes}, of those that this stage has.
    """

    factors: tuple
    deviation: float
    mappings: dict

    @abstractmethod
    def encode(self, inputs):
        """Codes of the source pictures and of the source poses: {factor: (B, size)}.

        Args:
            inputs: what `inputs` returned.
        """

    @abstractmethod
    def mapped(self, noise):
        """Codes that noise is mapped to, factor by factor.

        Args:
            noise: {factor: (B, size)} of any of the factors, of the standard deviation `deviation`.

        Returns:
            {factor: (B, size)} of the same factors.
        """

    @abstractmethod
    def decoded_pose(self, code):
        """The pose (B, 18, 3) float32 as y, x, visible, at whole pixels, of codes (B, size) of poses."""

    @abstractmethod
    def render(self, codes, keypoints):
        """Pictures of codes in poses.

        Args:
            codes: {factor: (B, size)} of all factors but the pose, which is not looked at.
            keypoints: (B, 18, 3) y, x, visible.

        Returns:
            (B, H, W, 3) float32, to be clipped to [-1, 1] when they are shown.
        """

    @abstractmethod
    def realness(self, images):
        """Logits (B,) of the discriminator for images (B, H, W, 3) as `render` gives them, above 0 for "real".

        They depend on the batch where the discriminator normalises by its statistics.
        """
