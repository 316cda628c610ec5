"""DPIG: foreground, background and pose of a person apart from each other, and new ones sampled for each."""

from pgig.methods.base import MethodInfo
from pgig.methods.dpig.config import DpigConfig

_TINY = (
    *("--conv_hidden_num", "4", "--fc_hidden_num", "16", "--disc_hidden_num", "4"),
    *("--roi_size", "16", "--z_num", "8", "--critic_updates", "2", "--clip", "0.4"),
)

INFO = MethodInfo(
    name="dpig",
    title="DPIG",
    paper="Ma, Sun, Georgoulis, Van Gool, Schiele, Fritz: Disentangled Person Image Generation, CVPR 2018, "
    "arXiv 1712.02621",
    config=DpigConfig,
    implementation="pgig.methods.dpig.method:Dpig",
    stages=("appearance", "pose", "sample-appearance", "sample-pose"),
    follows={"sample-appearance": "appearance", "sample-pose": "pose"},
    whole="all",
    defaults={"batch_size": 16},
    tiny=(_TINY, (*_TINY, "--background", "0")),
)
