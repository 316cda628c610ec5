"""Mobile PG2: the networks of PG2 with depthwise and pointwise convolutions."""

from pgig.methods.base import MethodInfo
from pgig.methods.mobile_pg2.config import MobilePg2Config
from pgig.methods.pg2 import PAPER

INFO = MethodInfo(
    name="mobile-pg2",
    title="Mobile PG2",
    paper=f"{PAPER}; separable networks: kevinleewy/Human-Pose-Transfer",
    config=MobilePg2Config,
    implementation="pgig.methods.pg2.method:Pg2",
    stages=("1", "2"),
    defaults={"batch_size": 16},
    tiny=(("--conv_hidden_num", "4", "--z_num", "4", "--disc_hidden_num", "2"),),
)
