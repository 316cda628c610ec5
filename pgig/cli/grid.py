"""`python -m pgig grid`: a few pictures of a folder beside each other."""

from pgig.cli.parser import CommandParser
from pgig.errors import OptionsError


def grid(argv=None):
    """Tile random pictures of a folder into one picture."""
    parser = CommandParser(prog="python -m pgig grid", description=grid.__doc__)
    add = parser.add_argument
    add("-r", "--root", required=True, metavar="FOLDER", help="folder of pictures of one size, JPEG or PNG")
    add("-o", "--output", default="PG2-origin.jpg", metavar="IMAGE", help=".png or .jpg (default: %(default)s)")
    add("-n", "--num-samples", type=int, default=20, help="pictures to draw (default: %(default)s)")
    add("--num-cols", type=int, default=5, help="pictures in a row (default: %(default)s)")
    add("--gap", type=int, default=0, help="black pixels between and around pictures (default: %(default)s)")
    add("--seed", type=int, default=0, help="seed of the draw (default: %(default)s)")
    add("--normalise", default="fixed", choices=("fixed", "minmax"),
        help="fixed: pixels as they are; minmax: stretched together over black to white (default: fixed)",
    )  # fmt: skip
    flags = parser.parse_args(argv)
    least_of = {"num-samples": 1, "num-cols": 1, "gap": 0}
    for name, least in least_of.items():
        value = getattr(flags, name.replace("-", "_"))
        if value < least:
            raise OptionsError(f"--{name} {value} must be {least} or more.")

    from pgig.generate.grid import run

    run(flags.root, flags.output, flags.num_samples, flags.num_cols, flags.seed, flags.normalise, flags.gap)
