"""`python -m pgig convert-records`, `prepare-df` and `prepare-rcv`: their flags. Nothing heavy comes before these."""

import argparse
import dataclasses

from pgig.cli.parser import CommandParser
from pgig.config import DATASETS, Shared
from pgig.errors import OptionsError

# Flags with the meaning that they have for `train.py`, beside --dataset.
_AS_IN_TRAINING = ("image_size", "x_offset", "y_offset")

_RECORDS_EXPLAINED = """\
from the authors' files to a data set of this package:
  python -m pgig convert-records --from Market1501_train_00000-of-00001.tfrecord --dataset market --split train
and back, in the layout of convert_market.py, convert_DF.py or convert_RCV.py:
  python -m pgig convert-records --to Market_train_data --layout market --dataset market --split train

The mask that their files call r6 has the radius 7; it is read and written so. DPIG's reader of Market-1501 asks for
--attributes; no network of PG2 or DPIG uses them.
"""

_DF_EXPLAINED = """\
DF_img_pose.zip (or the folder DF_img_pose) becomes the data set fasion, Market1501_img_pose_attr_seg.zip with
--dataset market the data set market: pictures, keypoints, and all ordered pairs of two pictures of one person. The
mirrored training pictures of the archive are paired among themselves. With --order original the pairs come as from
the authors' converters; convert-records --to DIR --shuffle 0 keeps that order.
"""

_RCV_EXPLAINED = """\
The folder holds pictures, train/*.png and test/*.png, and their poses: PoseRCV/train.pickle and test.pickle, a table
of picture -> 18 rows of (row, column, visible), or Mask R-CNN's points as ..._train.mat and ..._test.mat.
"""


def convert_records(argv=None):
    """Turn the authors' TFRecords of PG2 and DPIG into a data set, or write a data set as their TFRecords."""
    parser = _parser("convert-records", convert_records.__doc__, _RECORDS_EXPLAINED)
    add = parser.add_argument
    add("--from", dest="sources", nargs="+", metavar="FILE", help="files of the authors, .tfrecord or .tfrecord.gz")
    add("--to", metavar="DIR", help="folder in which their files shall be written")
    add("--layout", choices=("market", "df", "rcv"), help="layout of the files written with --to")
    add("--split", required=True, choices=("train", "test"), help="which part of the data set")
    add("--renames", type=int, default=0, help="1: different pictures of the same name get new names (with --from)")
    add("--attributes", metavar="FILE", help="market_attribute.mat: attributes of people (with --layout market)")
    add("--segmentation", metavar="DIR", help="label pictures named as the pictures, PNG (with --layout market)")
    add("--shuffle", type=int, help="1: write the pairs in random order (with --to; default: 1 for train, 0 for test)")
    add("--seed", type=int, default=0, help="seed of that order (default: 0)")
    _add_data_flags(add, "market", _AS_IN_TRAINING)
    add("--images_dir", metavar="DIR", help="folder of the pictures (default: data/D-dataset/SPLIT)")
    add("--annotations_file", metavar="FILE", help="keypoint table (default: data/D-annotation-SPLIT.csv)")
    add("--pairs_file", metavar="FILE", help="pair list (default: data/D-pairs-SPLIT.csv)")
    flags = parser.parse_args(argv)
    if bool(flags.sources) == bool(flags.to):
        raise OptionsError("Give either --from FILE ... to read the authors' files, or --to DIR to write them.")
    only_written = ("to", "layout", "attributes", "segmentation", "shuffle", "x_offset", "y_offset")
    useless = only_written if flags.sources else ("renames",)
    for name in useless:
        if getattr(flags, name):
            direction = "--from" if flags.sources else "--to"
            raise OptionsError(f"--{name} says nothing with {direction}: leave it out.")
    if flags.to and not flags.layout:
        raise OptionsError("--to needs --layout: market (128 x 64), df or rcv (256 x 256).")
    for name in ("attributes", "segmentation"):
        if getattr(flags, name) and flags.layout != "market":
            raise OptionsError(f"--{name} says nothing with --layout {flags.layout}: leave it out.")
    paths = _paths(flags)

    from pgig.data.convert import export_records, import_records

    if flags.sources:
        print(import_records(flags.sources, paths, flags.split, bool(flags.renames)))
        return
    shuffle = flags.split == "train" if flags.shuffle is None else bool(flags.shuffle)
    known = flags.attributes, flags.segmentation
    print(export_records(paths, flags.split, flags.to, flags.layout, shuffle, flags.seed, *known))


def prepare_df(argv=None):
    """Turn DF_img_pose.zip, DeepFashion with poses as PG2's authors published it, into a data set."""
    parser = _parser("prepare-df", prepare_df.__doc__, _DF_EXPLAINED)
    add = parser.add_argument
    add("--zip", required=True, metavar="PATH", help="the archive, or the folder of its contents")
    add("--joints", choices=("person", "first"), default="person",
        help="person: the joints of the most certain person (as for Market); first: the first candidate of each joint, "
        "whoever it belongs to, as the published records of DeepFashion have it (default: person)",
    )  # fmt: skip
    add("--test", choices=("test", "samples", "sequence"), default="test",
        help="which pictures are the test pictures: filted_up_test, _test_samples or _test_seq (default: test)",
    )  # fmt: skip
    add("--test_pairs", type=int, help="at most that many test pairs, drawn; 0: all (default: 0; of Market 12800)")
    add("--seed", type=int, default=0, help="seed of the drawn test pairs (default: 0)")
    add("--order", choices=("people", "original"), default="people",
        help="people: pairs of one person after the other; original: as the authors' converters put them, mirrored "
        "pictures first and shuffled, and the first test pairs instead of drawn ones (default: people)",
    )  # fmt: skip
    _add_data_flags(add, "fasion", ())
    flags = parser.parse_args(argv)
    if flags.test_pairs is not None and flags.test_pairs < 0:
        raise OptionsError(f"--test_pairs {flags.test_pairs} must be 0 or more.")
    paths = _paths(flags)

    from pgig.data.df_zip import prepare

    print(prepare(flags.zip, paths, flags.joints, flags.test, flags.test_pairs, flags.seed, flags.order))


def prepare_rcv(argv=None):
    """Turn a folder of pictures and poses, as DPIG's convert_RCV.py reads it, into a data set."""
    parser = _parser("prepare-rcv", prepare_rcv.__doc__, _RCV_EXPLAINED)
    add = parser.add_argument
    add("--root", required=True, metavar="DIR", help="the folder")
    add("--test", choices=("people", "sequence"), default="people",
        help="test pairs: all pairs of a person; or the first picture with every picture (default: people)",
    )  # fmt: skip
    add("--other", metavar="DIR", help="another such folder, whose test pictures are the targets of the sequence")
    _add_data_flags(add, "fasion", ("image_size",))
    flags = parser.parse_args(argv)
    if flags.other and flags.test != "sequence":
        raise OptionsError("--other says nothing without --test sequence: give both, or leave it out.")
    paths = _paths(flags)

    from pgig.data.rcv_folder import prepare

    print(prepare(flags.root, paths, flags.test, flags.other))


def _parser(name, text, explained):
    return CommandParser(
        prog=f"python -m pgig {name}",
        description=text,
        epilog=explained,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _add_data_flags(add, dataset, names):
    """`--dataset` and flags of `train.py` by their names."""
    add("--dataset", choices=DATASETS if names else ("fasion", "market"), default=dataset,
        help="name of the data set in data/ (default: %(default)s)",
    )  # fmt: skip
    for field in dataclasses.fields(Shared):
        if field.name in names:
            kind = field.metadata["type"] or type(field.default)
            add(f"--{field.name}", type=kind, default=field.default, metavar=field.metadata["metavar"],
                help=field.metadata["help"],
            )  # fmt: skip


def _paths(flags):
    """`pgig.config.DataPaths` as the flags say; `images_dir` and its kind stand for the chosen split."""
    from pgig.data.paths import data_paths

    chosen = {}
    for name, value in vars(flags).items():
        if name in ("images_dir", "annotations_file", "pairs_file"):
            chosen[f"{name}_{flags.split}"] = value
        elif name in ("dataset", *_AS_IN_TRAINING):
            chosen[name] = value
    return data_paths(Shared(**chosen))
