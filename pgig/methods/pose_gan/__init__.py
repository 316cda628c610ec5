"""Deformable GAN (pose-gan): skip connections that are warped limb by limb from the source to the target pose."""

from pgig.methods.base import MethodInfo
from pgig.methods.pose_gan.config import PoseGanConfig

INFO = MethodInfo(
    name="pose-gan",
    title="Deformable GAN",
    paper="Siarohin, Sangineto, Lathuiliere, Sebe: Deformable GANs for Pose-based Human Image Generation, "
    "CVPR 2018, arXiv 1801.00055",
    config=PoseGanConfig,
    implementation="pgig.methods.pose_gan.method:PoseGan",
    stages=("gan",),
    tiny=tuple(("--width", "0.0625", "--warp_skip", kind) for kind in ("none", "full", "mask", "stn")),
)
