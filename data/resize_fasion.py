"""Make a smaller data set of fasion (256 x 256): pictures and annotations. Start it inside data/.

The grey margins are cut off. The default size makes fasion128; 256,176 makes fasion-resize.
"""

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))

from pgig.cli.main import guarded  # noqa: E402
from pgig.data.fashion import resize_fashion  # noqa: E402
from pgig.data.paths import parse_size  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="128,64", metavar="H,W", help="height,width (default: 128,64)")
    parser.add_argument("--name", help="name of the data set that is made, where the size does not tell it")
    parser.add_argument(
        "--outside_joints",
        choices=("missing", "keep"),
        help="joints in the margins: missing, or kept (default: keep for fasion-resize, else missing)",
    )
    args = parser.parse_args()
    resize_fashion(parse_size(args.size, "size"), args.name, args.outside_joints)


if __name__ == "__main__":
    guarded(main)
