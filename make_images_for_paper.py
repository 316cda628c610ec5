"""Cut the triptychs of a test into single pictures for a paper, with skeleton drawings of both poses."""

from pgig.cli.main import guarded
from pgig.generate.flags import OwnParser, parse_with


def main(argv=None):
    """Parse, check, cut."""
    parser = OwnParser("make_images_for_paper.py", "Cut triptychs into single pictures for a paper.")
    parser.add_argument("--triptychs", default="ref_nn_fasion", help="folder that test.py wrote")
    parser.add_argument("--separated", help="folder to write; None: <triptychs>_separated")
    own, options = parse_with(parser, argv, dataset="fasion")

    from pgig.generate.paper import run

    run(options, own.triptychs, own.separated or f"{own.triptychs.rstrip('/')}_separated")


if __name__ == "__main__":
    guarded(main)
