"""PG2: a coarse picture in the target pose first, then a difference map that sharpens it."""

from pgig.methods.base import MethodInfo
from pgig.methods.pg2.config import Pg2Config

PAPER = "Ma, Jia, Sun, Schiele, Tuytelaars, Van Gool: Pose Guided Person Image Generation, NIPS 2017, arXiv 1705.09368"
_SMALL = ("--conv_hidden_num", "4", "--z_num", "4", "--disc_hidden_num", "2")

INFO = MethodInfo(
    name="pg2",
    title="PG2",
    paper=PAPER,
    config=Pg2Config,
    implementation="pgig.methods.pg2.method:Pg2",
    stages=("1", "2"),
    defaults={"batch_size": 16},
    aliases={
        "PG2-1": {"stage": "1", "family": "human-pose-transfer"},
        "PG2-2": {"stage": "2", "family": "human-pose-transfer"},
        "PG2-Generator": {"stage": "2", "family": "human-pose-transfer"},
        "PG2-GFV-Generator": {"stage": "2", "family": "human-pose-transfer"},
    },
    tiny=(_SMALL, (*_SMALL, "--family", "human-pose-transfer")),
)
