"""PATN: transfer blocks that move a person step by step, each where its attention to the poses says so."""

from pgig.methods.base import MethodInfo
from pgig.methods.patn.config import PatnConfig

# `origin` needs no weight file of VGG19.
_SMALL = ("--ngf", "4", "--ndf", "4", "--n_blocks", "2", "--n_layers_D", "1", "--L1_type", "origin")

INFO = MethodInfo(
    name="patn",
    title="PATN",
    paper="Zhu, Huang, Shi, Yu, Wang, Bai: Progressive Pose Attention Transfer for Person Image Generation, "
    "CVPR 2019, arXiv 1904.03349",
    config=PatnConfig,
    implementation="pgig.methods.patn.method:Patn",
    stages=("gan",),
    defaults={"batch_size": 7, "number_of_epochs": 700, "iterations_per_epoch": 125, "checkpoint_ratio": 20},
    aliases={"PATN": {}, "PATN_Fine": {"which_model_netG": "PATN_Fine", "batch_size": 4}},
    tiny=(
        (*_SMALL, "--pool_size", "3"),
        (*_SMALL, "--norm", "instance", "--no_lsgan", "0", "--pool_size", "0", "--pose_maps", "point"),
        (*_SMALL, "--which_model_netG", "PATN_Fine"),
    ),
)
