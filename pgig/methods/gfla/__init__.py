"""GFLA: a flow field that says where to look in the source picture, and attention on the small patches found there."""

from pgig.methods.base import MethodInfo
from pgig.methods.gfla.config import GflaConfig

_SMALL = ("--ngf", "4", "--img_f", "8", "--flow_ngf", "4", "--flow_img_f", "8", "--ndf", "4", "--disc_img_f", "8")
# Losses that need no weight file of VGG19.
_BARE = ("--lambda_correct", "0", "--lambda_content", "0", "--lambda_style", "0", "--lambda_regularization", "1")

INFO = MethodInfo(
    name="gfla",
    title="GFLA",
    paper="Ren, Yu, Chen, Li, Li: Deep Image Spatial Transformation for Person Image Generation, CVPR 2020, "
    "arXiv 2003.00696",
    config=GflaConfig,
    implementation="pgig.methods.gfla.method:Gfla",
    stages=("flow", "full"),
    defaults={"batch_size": 8, "number_of_epochs": 200, "checkpoint_ratio": 10},
    aliases={"GFLA": {}, "poseflownet": {"stage": "flow"}, "pose": {"stage": "full"}},
    tiny=(
        (*_SMALL, *_BARE),
        (*_SMALL, *_BARE, "--attn_layer", "2,3", "--kernel_size", "2=5,3=3", "--gan_mode", "hinge"),
    ),
)
