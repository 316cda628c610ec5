"""Animate one photo by the poses of a folder of frames: `python demo.py --generator_checkpoint FILE ...`."""

from pgig.cli.main import guarded
from pgig.generate.flags import OwnParser, parse_with


def main(argv=None):
    """Parse, check, generate."""
    parser = OwnParser("demo.py", "Animate one photo by the poses of a folder of frames.")
    parser.add_argument("--source_image", default="data/source-image.jpg", help="the photo")
    parser.add_argument("--target_images", default="data/target-images", help="folder of the frames")
    parser.add_argument(
        "--keypoints",
        default="data/target-images-keypoints.csv",
        help="keypoints of the photo and of all frames, in their own pixels; rows may name a folder",
    )
    parser.add_argument("--bg_image", default="data/bg-image.jpg", help="background, with --use_bg 1")
    parser.add_argument("--video", default="output/demo.gif", help=".gif or .mp4 (extra `video`) to write")
    parser.add_argument("--fps", type=float, default=12.0, help="frames a second")
    own, options = parse_with(parser, argv)

    from pgig.generate.animate import run

    run(options, own.source_image, own.target_images, own.keypoints, own.bg_image, own.video, own.fps)


if __name__ == "__main__":
    guarded(main)
