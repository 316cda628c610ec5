"""`python -m pgig gfv`: its flags. Nothing heavy is imported before they are parsed."""

import sys

DEFAULT_METHOD = "pg2"


def gfv(argv=None):
    """Export the bottleneck, or the global feature vectors, of each pair."""
    from pgig.generate.flags import OwnParser, parse_with

    parser = OwnParser("python -m pgig gfv", f"{gfv.__doc__} Without --method and --config, that of {DEFAULT_METHOD}.")
    add = parser.add_argument
    add("-o", "--output", default="output/gfv", metavar="DIR", help="folder of <split>.npz and <split>.csv")
    add("--features", default="bottleneck", choices=("bottleneck", "gfv"),
        help="bottleneck of the first stage, or the encoder's last block of the second one",
    )  # fmt: skip
    add("--split", default="test", choices=("train", "test", "both"), help="which pairs")
    add("--npy", action="store_true", help="<from>___<to>_vis.npy for each pair, channels first, instead of the .npz")
    words = sys.argv[1:] if argv is None else argv
    if not {"--method", "--config"} & {word.partition("=")[0] for word in words}:
        words = [*words, "--method", DEFAULT_METHOD]
    own, options = parse_with(parser, words)

    from pgig.generate.features import run

    run(options, own.output, own.features, own.split, own.npy)
