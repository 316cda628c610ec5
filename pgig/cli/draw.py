"""`python -m pgig draw`: its flags. Nothing heavy is imported before they are parsed."""

import re

from pgig.cli.parser import CommandParser
from pgig.errors import OptionsError

_SMALLEST, _LARGEST = 16, 4096


def draw(argv=None):
    """Draw poses: skeletons, heat maps, limb masks, placed limbs."""
    parser = CommandParser(prog="python -m pgig draw", description=draw.__doc__)
    add = parser.add_argument
    add("source", nargs="?", metavar="PICTURE|FOLDER|POSE",
        help="a picture, a folder of pictures, or a pose alone; without it all named poses are drawn",
    )  # fmt: skip
    add("-o", "--output", required=True, metavar="FILE", help=".png or .jpg; for a folder of pictures also a folder")
    add("--pose", help="the picture's pose: OpenPose or COCO .json, .npy, TABLE.csv:PICTURE, or the name of a pose")
    add("--annotations", metavar="TABLE.csv", help="annotation table with the poses of the pictures; without it and "
        "--pose they are estimated")  # fmt: skip
    add("--kind", default="skeleton", choices=("skeleton", "heat", "limbs", "mask", "warp", "all"),
        help="limbs: the masks of the deformable skip connections; mask: the body's mask and discs; warp: limbs in "
        "the target pose; all: a sheet of these (default: %(default)s)",
    )  # fmt: skip
    add("--target", metavar="PICTURE|POSE", help="where the limbs go, for --kind warp and all")
    add("--size", metavar="HxW", help="picture for a pose that does not know its own, such as 256x176")
    add("--background", default="black", choices=("black", "white"), help="behind a pose alone (default: %(default)s)")
    add("--height", type=int, metavar="N", help="rows of a drawing (default: 512, 192 on a sheet of many)")
    add("--estimator", default="auto", choices=("auto", "movenet", "openpose"),
        help="finds poses that are not given (default: %(default)s)",
    )  # fmt: skip
    flags = parser.parse_args(argv)
    size = _size(flags.size) if flags.size else None
    if flags.height is not None and not _SMALLEST <= flags.height <= _LARGEST:
        raise OptionsError(f"--height {flags.height} must be from {_SMALLEST} to {_LARGEST}.")

    from pgig.generate.draw import run

    run(
        flags.source,
        flags.output,
        flags.pose,
        flags.annotations,
        flags.target,
        flags.kind,
        size,
        flags.background,
        flags.height,
        flags.estimator,
    )


def _size(text):
    match = re.fullmatch(r"(\d{1,4})[x,](\d{1,4})", text, re.ASCII)
    size = tuple(map(int, match.groups())) if match else (0, 0)
    if not all(_SMALLEST <= side <= _LARGEST for side in size):
        raise OptionsError(
            f"--size {text} must be a height and a width of {_SMALLEST} to {_LARGEST} pixels, such as 256x176."
        )
    return size
