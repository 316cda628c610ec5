"""`python -m pgig virtual-market`: its flags. Nothing heavy is imported before they are parsed."""

from pgig.errors import OptionsError


def virtual_market(argv=None):
    """Make labelled pictures of people whom nobody has seen, to train a re-identification network."""
    from pgig.generate.flags import OwnParser, parse_with

    parser = OwnParser("python -m pgig virtual-market", virtual_market.__doc__)
    add = parser.add_argument
    add("-o", "--output", default="output/virtual-market", metavar="DIR", help="folder that all is written to")
    add("--ids", type=int, default=500, help="people; a later, larger number adds to them")
    add("--images", type=int, default=24, help="pictures of each person")
    add("--generate", type=int, help="make so many pictures of a person, in one batch, and keep the --images that "
        "--discriminator_checkpoint finds most real among them (without it: as many as --images)",
    )  # fmt: skip
    add("--pose", default="real", choices=("real", "sampled"), help="poses of training pictures, or of noise")
    add("--names", default="market", choices=("market", "published"),
        help="bounding_box_train/0001_c1s1_000000_00.png and train.txt; or, as the original program, "
        "G/0000_c1s1_000000_00000_LOGIT.png, people from 0 (the first of whom `train-reid` takes for a distractor)",
    )  # fmt: skip
    own, options = parse_with(parser, argv)
    for name in ("ids", "images", "generate"):
        if getattr(own, name) is not None and getattr(own, name) < 1:
            raise OptionsError(f"--{name} {getattr(own, name)} must be 1 or more.")

    from pgig.generate.sources import require_whole

    require_whole(options)

    from pgig.generate.virtual_market import run

    run(options, **vars(own))
