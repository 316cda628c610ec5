"""`python -m pgig make-dataset`: its flags. Nothing heavy is imported before they are parsed."""

import argparse

from pgig.cli.parser import CommandParser
from pgig.config import DATASETS

_EXPLAINED = """\
photos in a sub-folder for each person:
  python -m pgig make-dataset photos --name mine --image_size 256,176
or in one folder, under names such as anna_01.jpg, whose first part is the person:
  python -m pgig make-dataset photos --name mine --image_size 256,176 --identity '^([^_]+)_'
Then look at data/mine-dataset/index.html, and train: python train.py --config data/mine.toml
Poses stay in data/mine-poses: what was stopped goes on, and what is made anew need not estimate them again.
"""


def make_dataset(argv=None):
    """Make a data set of a folder of photos: crops, joints, pairs, splits, and a page to look at."""
    parser = CommandParser(
        prog="python -m pgig make-dataset",
        description=make_dataset.__doc__,
        epilog=_EXPLAINED,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("folder", metavar="FOLDER", help="photos of any size; folders within it are looked into")
    add("--name", required=True, metavar="D",
        help="name of the data set: it will be data/D-dataset, data/D-annotation-train.csv ...",
    )  # fmt: skip
    add("--image_size", required=True, metavar="H,W", help="height and width of its pictures, for example 256,176")
    add("--identity", default="folder", metavar="folder|REGEX", help="whose a photo is: its sub-folder says it, or the "
        "one group of a regular expression, in the file name (default: %(default)s)")  # fmt: skip
    add("--test_share", type=float, default=0.2, metavar="S",
        help="share of the people for testing (default: %(default)s)",
    )  # fmt: skip
    add("--test_ids", nargs="+", default=[], metavar="PERSON", help="the people for testing, instead of a share")
    add("--split", default="people", choices=("people", "pictures"), help="pictures: test on other pictures of the "
        "same people, the last ones of each (default: %(default)s)")  # fmt: skip
    add("--crop", default="person", choices=("person", "none"), help="person: cut out so that people stand alike; "
        "none: show whole photos, their border repeated where the shape is another (default: %(default)s)")  # fmt: skip
    add("--framing", default="fasion", choices=DATASETS, help="data set whose people stand as these shall "
        "(default: %(default)s)")  # fmt: skip
    add("--estimator", default="auto", choices=("auto", "movenet", "openpose"), help="finds the joints; auto: MoveNet "
        "if it is there, else OpenPose (default: %(default)s)")  # fmt: skip
    add("--pose_estimator", metavar="FILE", help="its weight file (else as `python -m pgig weights` says)")
    flags = parser.parse_args(argv)

    from pgig.data.paths import parse_size

    size = parse_size(flags.image_size)

    from pgig.own_set.request import Request
    from pgig.own_set.run import run

    request = Request(
        flags.folder,
        flags.name,
        size,
        flags.identity,
        flags.test_share,
        tuple(flags.test_ids),
        flags.split == "pictures",
        flags.crop == "person",
        flags.framing,
    )

    def networks():
        from pgig.estimate.people import find_detector, load_estimator_by_name

        return load_estimator_by_name(flags.estimator, flags.pose_estimator), find_detector()

    for sentence in run(request, networks):
        print(sentence)
