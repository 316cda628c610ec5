"""Estimate the joints of a data set's pictures: `python compute_coordinates.py --dataset market`."""

from pgig.cli.main import guarded
from pgig.generate.flags import OwnParser, parse_with


def main(argv=None, program="compute_coordinates.py"):
    """Parse, estimate."""
    parser = OwnParser(
        program,
        "Write the annotation tables of a data set's pictures, or of one folder. Started again, it goes on.",
    )
    add = parser.add_argument
    add("--estimator", default="auto", choices=("auto", "movenet", "openpose"),
        help="auto: OpenPose where its file of --pose_estimator is, else MoveNet (`python -m pgig weights`)",
    )  # fmt: skip
    add("--images_dir", metavar="FOLDER", help="pictures of a folder, or one picture, instead of the data set")
    add("--annotations_file", "--output", metavar="FILE.csv", help="their table (default: FOLDER-annotation.csv)")
    add("--threshold", type=float, default=0.3, help="score that a joint of MoveNet must exceed")
    add("--box", metavar="Y0,X0,Y1,X1", help="in every picture, look for the person in this part (pixels)")
    add("--several", action="store_true", help="find all people of each picture first, and take the largest")
    add("--mix", action="store_true", help="append to a table even if another estimator made it")
    own, options = parse_with(parser, argv)

    from pgig.estimate.boxes import parse_box
    from pgig.generate.coordinates import run

    box = parse_box(own.box)
    run(options, own.estimator, own.threshold, box, own.several, own.mix, own.images_dir, own.annotations_file)


if __name__ == "__main__":
    guarded(main)
