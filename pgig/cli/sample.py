"""`python -m pgig sample` and `interpolate`: new persons, and pictures between two persons."""

from pgig.errors import OptionsError


def sample(argv=None):
    """Sample factors of pictures, such as foreground, background and pose; the others are a source picture's."""
    from pgig.generate.flags import OwnParser, parse_with
    from pgig.generate.sample import COUNT, SOURCES

    parser = OwnParser("python -m pgig sample", sample.__doc__)
    add = parser.add_argument
    add("-o", "--output", default="output/samples", metavar="DIR", help="folder of G, G_pose, codes.npz and index.html")
    add("--sample", type=_names, metavar="FACTOR,...", help="factors to sample, for example fg,bg,pose (default: all)")
    add("--count", type=int, default=COUNT, help="pictures of each source (published: 32 on Market-1501, else 16)")
    add("--sources", type=int, metavar="N",
        help=f"sources, taken from the test pairs (default: {SOURCES}; published: 400, or 100 on DeepFashion)",
    )  # fmt: skip
    add("--source", dest="names", nargs="+", metavar="NAME", help="pictures of the data set as sources instead")
    add("--pose", default="sampled", choices=("sampled", "reconstructed"),
        help="sampled poses: of noise, or of the codes of real poses, as the published program did",
    )  # fmt: skip
    own, options = parse_with(parser, argv)

    from pgig.generate.sample import run

    run(options, **vars(own))


def interpolate(argv=None):
    """Make the pictures between two pictures of the data set: in appearance, in pose, or in both."""
    from pgig.generate.flags import OwnParser, parse_with
    from pgig.generate.interpolate import FRAMES, PATHS, SPACES, STEPS

    program = "python -m pgig interpolate"
    parser = OwnParser(program, interpolate.__doc__, "A B")
    parser.epilog = "A, B: names of two pictures of the data set."
    add = parser.add_argument
    add("-o", "--output", default="output/interpolation", metavar="DIR", help="folder of the frames, strip and film")
    add("--frames", type=int, default=FRAMES, help="pictures, the two ends included")
    add("--factors", type=_names, metavar="FACTOR,...", help="what changes, for example pose (default: all)")
    add("--space", default="gaussian", choices=SPACES, help="between the noise that is mapped to codes, or the codes")
    add("--path", default="linear", choices=PATHS, help="straight, or along a great circle")
    add("--inversion_steps", type=int, default=STEPS, dest="steps", metavar="N",
        help="updates of the search for the noise of the two pictures",
    )  # fmt: skip
    own, options = parse_with(parser, argv)
    names = vars(own).pop("words")
    if len(names) != 2:
        raise OptionsError(f"{program} takes the names of two pictures, but {len(names)} came: {program} A B [flags].")

    from pgig.generate.interpolate import run

    run(options, *names, **vars(own))


def _names(text):
    """Names with commas between them."""
    return [name.strip() for name in text.split(",") if name.strip()]
