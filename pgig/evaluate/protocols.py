"""Published ways to score, by name: a score means nothing without its protocol."""

from dataclasses import dataclass

from pgig.evaluate.ssim import VARIANTS, SsimVariant


@dataclass(frozen=True)
class Protocol:
    """One published combination of metrics.

    Attributes:
        name: what results are labelled with.
        ssim: the `SsimVariant`, used for the plain and for the masked score.
        mask_radius: radius in pixels of the body mask of masked scores.
        l1_span: width of the value range in which L1 is measured.
        inception_splits: parts over which the inception score is averaged.
    """

    name: str
    ssim: SsimVariant
    mask_radius: int
    l1_span: float
    inception_splits: int


# Siarohin et al., "Deformable GANs for Pose-based Human Image Generation", CVPR 2018. PNG pictures with bytes
# truncated, data sets as their pair files list them, inception parts in the order of the pairs.
POSE_GAN = Protocol("pose-gan", ssim=VARIANTS["S1"], mask_radius=4, l1_span=2.0, inception_splits=10)

PROTOCOLS = {protocol.name: protocol for protocol in (POSE_GAN,)}
