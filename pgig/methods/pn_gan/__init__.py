"""PN-GAN: a residual generator that redraws a person in a given pose, made to normalise poses for re-identification."""

from pgig.methods.base import MethodInfo
from pgig.methods.pn_gan.config import PnGanConfig

_SMALL = ("--ngf", "4", "--ndf", "4", "--num_resblock", "2")

INFO = MethodInfo(
    name="pn-gan",
    title="PN-GAN",
    paper="Qian, Fu, Xiang, Wang, Qiu, Wu, Jiang, Xue: Pose-Normalized Image Generation for Person "
    "Re-identification, ECCV 2018, arXiv 1712.02225",
    config=PnGanConfig,
    implementation="pgig.methods.pn_gan.method:PnGan",
    stages=("gan",),
    defaults={"batch_size": 32, "number_of_epochs": 20, "checkpoint_ratio": 1},
    aliases={
        "PNGAN": {"family": "human-pose-transfer", "batch_size": 2},
        "PNGAN-Generate": {"family": "human-pose-transfer", "test_batch_size": 8},
    },
    tiny=(
        _SMALL,
        (*_SMALL, "--family", "human-pose-transfer"),
        (*_SMALL, "--family", "human-pose-transfer-two-poses"),
    ),
)
