"""The commands. Each one is a few lines: parse, call, and say a user's mistake in one sentence."""

import logging
import os
import sys

from pgig.cli.compare import compare
from pgig.cli.convert import convert_records, prepare_df, prepare_rcv
from pgig.cli.crop import crop
from pgig.cli.draw import draw
from pgig.cli.engines import run
from pgig.cli.evaluate import evaluate
from pgig.cli.gfv import gfv
from pgig.cli.grid import grid
from pgig.cli.make_dataset import make_dataset
from pgig.cli.normalise import canonical_poses, normalise, reid_features
from pgig.cli.repose import repose
from pgig.cli.sample import interpolate, sample
from pgig.cli.tables import apr, pckh, reid
from pgig.cli.train_reid import train_reid
from pgig.cli.virtual_market import virtual_market
from pgig.cli.visuals import visuals
from pgig.cli.weights import weights
from pgig.errors import PgigError


def guarded(command):
    """Run `command()`; print the sentence of a `PgigError`, or of a Ctrl-C, and leave with its exit code."""
    # Before anything imports TensorFlow: what it tells about itself would bury what we tell.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    try:
        return command()
    except PgigError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt as interrupt:
        print(f"\nStopped. {interrupt}".rstrip(), file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(141)


def train(argv=None):
    """Train a method (`train.py`)."""
    from pgig.cli.options import parse

    options = parse(argv, "train.py")

    from pgig.train.run import run

    run(options)


def test(argv=None):
    """Generate the test pairs and score them (`test.py`)."""
    from pgig.cli.options import parse

    options = parse(argv, "test.py")

    from pgig.evaluate.run import run

    run(options)


def check(argv=None):
    """Say in sentences what is missing or wrong in a data set."""
    from pgig.cli.options import parse

    options = parse(argv, "python -m pgig check")

    from pgig.data.check import main

    sys.exit(main(options))


COMMANDS = {
    "train": train,
    "test": test,
    "check": check,
    "evaluate": evaluate,
    "compare": compare,
    "weights": weights,
    "pckh": pckh,
    "reid": reid,
    "apr": apr,
    "grid": grid,
    "crop": crop,
    "draw": draw,
    "repose": repose,
    "make-dataset": make_dataset,
    "visuals": visuals,
    "sample": sample,
    "interpolate": interpolate,
    "virtual-market": virtual_market,
    "train-reid": train_reid,
    "gfv": gfv,
    "run": run,
    "canonical-poses": canonical_poses,
    "normalise": normalise,
    "reid-features": reid_features,
    "convert-records": convert_records,
    "prepare-df": prepare_df,
    "prepare-rcv": prepare_rcv,
}


def main(argv=None):
    """`python -m pgig COMMAND ...` and the console command `pgig`."""
    words = sys.argv[1:] if argv is None else argv
    if not words or words[0] not in COMMANDS:
        lines = [f"  {name:15} {command.__doc__.splitlines()[0]}" for name, command in COMMANDS.items()]
        print("usage: python -m pgig COMMAND [flags]\n" + "\n".join(lines))
        asked = bool(words) and words[0] in ("-h", "--help")
        sys.exit(0 if asked else 2)
    guarded(lambda: COMMANDS[words[0]](words[1:]))
