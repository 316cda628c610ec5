"""Extend the training list of a re-identification network by generated pictures.

A line of such a list is `<folder>/<name> <label>`; a name begins with the number of its person. Every
generated picture gets the label that its person has in the list already.

    python sup-mat/create_caffe_train.py --generated_images_dir output/reid

Source: AliaksandrSiarohin/pose-gan:sup-mat/create_caffe_train.py, whose file names are the defaults here.
"""

import argparse
import os
import re
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))

from pgig.cli.main import guarded  # noqa: E402
from pgig.data.images import list_images  # noqa: E402
from pgig.errors import DataError  # noqa: E402
from pgig.utils.files import write_text  # noqa: E402


def make_parser():
    """The flags."""
    parser = argparse.ArgumentParser(description="Append generated pictures to a training list.")
    parser.add_argument("--train_ref", default="train_ref.txt", help="list of the real pictures")
    parser.add_argument("--train_new", default="train_new.txt", help="list to write")
    parser.add_argument("--generated_images_dir", default="output/generated_images", help="their folder")
    parser.add_argument("--prefix", default="dataset/bounding_box_train", help="folder before each name")
    return parser


def person(name):
    """Number of the person: the leading digits of a picture's name.

    Raises:
        DataError: the name does not begin with a digit.
    """
    digits = re.match(r"\d+", name)
    if digits is None:
        raise DataError(f"The picture {name} does not begin with the number of a person: remove it.")
    return int(digits[0])


def extend(lines, names, prefix):
    """The lines of a list followed by one line per new picture.

    Args:
        lines: text lines `<folder>/<name> <label>`; empty ones are dropped.
        names: file names of the generated pictures. Names that the list has already are left out: the folder
            may hold copies of the real pictures.
        prefix: folder to write before each new name.

    Returns:
        list of lines.

    Raises:
        DataError: a line has no label, or a person is not in the list.
    """
    lines = [line.strip() for line in lines if line.strip()]
    labels, known = {}, set()
    for line in lines:
        path, _, label = line.rpartition(" ")
        if not path or not label.isdigit():
            raise DataError(f"The line {line!r} is not of the form `<folder>/<name> <label>`: correct it.")
        name = os.path.basename(path.strip())
        known.add(name)
        labels[person(name)] = label

    new = [name for name in names if name not in known]
    strangers = [name for name in new if person(name) not in labels]
    if strangers:
        raise DataError(
            f"The list has no label for the person of {strangers[0]} (pictures of unknown people: "
            f"{len(strangers)}): give the list that belongs to the pictures they were generated from."
        )
    return lines + [f"{prefix}/{name} {labels[person(name)]}" for name in new]


def main(argv=None):
    """Read the list and the folder, write the longer list."""
    args = make_parser().parse_args(argv)
    try:
        with open(args.train_ref, encoding="utf-8") as file:
            reference = file.read().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{args.train_ref} cannot be read as a list ({error}): check --train_ref.") from None
    names = list_images(args.generated_images_dir)
    if not names:
        raise DataError(f"{args.generated_images_dir} holds no pictures: check --generated_images_dir.")

    lines = extend(reference, names, args.prefix)
    write_text(args.train_new, "".join(f"{line}\n" for line in lines))
    print(f"{args.train_new}: {len(lines)} lines")


if __name__ == "__main__":
    guarded(main)
