"""Animate one photo by the poses of a folder of frames: `python demo.py --generator_checkpoint FILE ...`."""

import argparse

from pgig.cli.main import guarded


def main():
    """Parse the flags of the animation, hand the others to the common parser, generate."""
    parser = argparse.ArgumentParser(prog="demo.py", add_help=False, allow_abbrev=False)
    parser.add_argument("--source_image", default="data/source-image.jpg")
    parser.add_argument("--target_images", default="data/target-images")
    parser.add_argument("--keypoints", default="data/target-images-keypoints.csv")
    parser.add_argument("--bg_image", default=None)
    parser.add_argument("--video", default="output/demo.mp4")
    parser.add_argument("--fps", type=float, default=12.0)
    own, rest = parser.parse_known_args()
    if {"-h", "--help"} & set(rest):
        parser.print_help()

    from pgig.cli.options import parse

    options = parse(rest, "demo.py")

    from pgig.generate.animate import run

    run(options, own.source_image, own.target_images, own.keypoints, own.bg_image, own.video, own.fps)


if __name__ == "__main__":
    guarded(main)
