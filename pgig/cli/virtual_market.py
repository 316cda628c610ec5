"""`python -m pgig virtual-market`: its flags. Nothing heavy is imported before they are parsed."""


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

    from pgig.generate.virtual_market import run

    run(options, **vars(own))
