"""Prepare and evaluate a user study: can people tell generated pictures from real ones?

    python sup-mat/user_study.py pick --generated_images_dir output/generated_images
    python sup-mat/user_study.py score answers-*.csv

`pick` draws pairs from the three-panel pictures of test.py and writes `to/<n>.png` (real), `gen/<n>.png`
(generated), `names.csv`, and `order.csv`, the order in which judges see the pictures. `score` reads the
judges' tables (`picture,answer`, the answer being `real` or `generated`) and prints

* R2G: share of the real pictures that were judged generated, in percent;
* G2R: share of the generated pictures that were judged real, in percent.
"""

import argparse
import csv
import os
import sys
from pathlib import Path

from PIL import Image

sys.path.append(str(Path(__file__).resolve().parent.parent))

from pgig.cli.main import guarded  # noqa: E402
from pgig.data.images import decode, list_images, read_bytes  # noqa: E402
from pgig.errors import DataError  # noqa: E402
from pgig.utils.files import atomic_folder  # noqa: E402
from pgig.utils.random import generator  # noqa: E402

KINDS = {"to": "real", "gen": "generated"}


def make_parser():
    """The flags of both commands."""
    parser = argparse.ArgumentParser(description="Prepare and evaluate a user study.")
    commands = parser.add_subparsers(dest="command", required=True)
    draw = commands.add_parser("pick", help="draw pairs and cut the pictures for the judges")
    draw.add_argument("--generated_images_dir", default="output/generated_images", help="written by test.py")
    draw.add_argument("--output_dir", default="output/user-study", help="folder to write")
    draw.add_argument("--pairs", type=int, default=55, help="how many pairs to draw (default: 55)")
    draw.add_argument("--seed", type=int, default=0, help="seed of the choice and of the order")
    evaluate = commands.add_parser("score", help="compute R2G and G2R")
    evaluate.add_argument("answers", nargs="+", help="CSV tables of the judges")
    return parser


def pick(source, target, pairs, seed):
    """Draw `pairs` pictures without replacement from the folder `source` and write the folder `target`.

    Raises:
        DataError: there are too few pictures, one has not three panels, or the study exists already.
    """
    if os.path.exists(target):
        raise DataError(f"{target} exists already and may hold answers: give another --output_dir.")
    names = list_images(source)
    if not 0 < pairs <= len(names):
        raise DataError(f"{source} holds {len(names)} pictures, and {pairs} were asked for: change --pairs.")

    random = generator(seed, "user-study")
    chosen = [names[index] for index in random.permutation(len(names))[:pairs]]
    pictures = [f"{kind}/{number}.png" for kind in KINDS for number in range(pairs)]
    order = [[pictures[index]] for index in random.permutation(len(pictures))]

    with atomic_folder(target) as folder:
        for kind in KINDS:
            (folder / kind).mkdir()
        for number, name in enumerate(chosen):
            for kind, pixels in zip(KINDS, panels(os.path.join(source, name)), strict=True):
                Image.fromarray(pixels).save(folder / kind / f"{number}.png")
        _write_table(folder / "names.csv", ("number", "name"), enumerate(chosen))
        _write_table(folder / "order.csv", ("picture",), order)


def panels(path):
    """Real target and generated picture, (H, W, 3) uint8 each: the second and third panel of a file."""
    pixels = decode(read_bytes(path), None, path)
    width, rest = divmod(pixels.shape[1], 3)
    if rest:
        raise DataError(f"{path} is {pixels.shape[1]} pixels wide, which is not three panels: take it away.")
    return pixels[:, width : 2 * width], pixels[:, 2 * width :]


def score(paths):
    """(R2G, G2R) in percent over all answers of all judges; None where no such picture was judged."""
    wrong = {kind: [] for kind in KINDS}
    for path in paths:
        for row in _read_answers(path):
            kind = row["picture"].partition("/")[0]
            if kind not in KINDS or row["answer"] not in KINDS.values():
                raise DataError(
                    f"{path} answers {row['answer']!r} to {row['picture']!r}, but `real` or `generated` to a "
                    "picture named to/<n>.png or gen/<n>.png was expected."
                )
            wrong[kind].append(row["answer"] != KINDS[kind])
    return tuple(100 * sum(wrong[kind]) / len(wrong[kind]) if wrong[kind] else None for kind in KINDS)


def _read_answers(path):
    try:
        with open(path, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read as a table ({error}): check the name.") from None
    if not rows or list(rows[0]) != ["picture", "answer"]:
        raise DataError(f"{path} is no table of answers: its first line must be `picture,answer`.")
    return rows


def _write_table(path, header, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def main(argv=None):
    """Run one of the two commands."""
    args = make_parser().parse_args(argv)
    if args.command == "pick":
        pick(args.generated_images_dir, args.output_dir, args.pairs, args.seed)
        print(f"{args.output_dir}: {args.pairs} pairs")
    else:
        shares = ("none judged" if share is None else f"{share:.2f} %" for share in score(args.answers))
        print("R2G = {}; G2R = {}".format(*shares))


if __name__ == "__main__":
    guarded(main)
