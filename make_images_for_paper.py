"""Cut the triptychs of a test into single pictures for a paper, with skeleton drawings of both poses."""

import argparse

from pgig.cli.main import guarded


def main():
    """Parse the two folders, hand the other flags to the common parser, cut."""
    parser = argparse.ArgumentParser(prog="make_images_for_paper.py", add_help=False, allow_abbrev=False)
    parser.add_argument("--triptychs", default="ref_nn_fasion", help="folder of the pictures that test.py wrote")
    parser.add_argument("--separated", default=None, help="folder to write (default: the other's name and _separated)")
    own, rest = parser.parse_known_args()
    if {"-h", "--help"} & set(rest):
        parser.print_help()

    from pgig.cli.options import parse
    from pgig.generate.paper import run

    run(parse(rest, "make_images_for_paper.py"), own.triptychs, own.separated or f"{own.triptychs.rstrip('/')}_separated")


if __name__ == "__main__":
    guarded(main)
