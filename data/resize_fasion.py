"""Make fasion128 (128 x 64) from fasion (256 x 256): pictures and annotations. Start it inside data/."""

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))

from pgig.cli.main import guarded  # noqa: E402
from pgig.data.fashion import resize_fashion  # noqa: E402


def main():
    argparse.ArgumentParser(description=__doc__).parse_args()
    resize_fashion()


if __name__ == "__main__":
    guarded(main)
