"""Write a mirrored copy of every training picture: `flip_train_data.py market`. Start it inside data/."""

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))

from pgig.cli.main import guarded  # noqa: E402
from pgig.data.fashion import flip_train  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", nargs="?", default="market", help="name of the data set")
    flip_train(parser.parse_args().dataset)


if __name__ == "__main__":
    guarded(main)
