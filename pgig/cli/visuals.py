"""`python -m pgig visuals`: its flags. Nothing heavy is imported before they are parsed."""


def visuals(argv=None):
    """Show what goes on inside a method for each test pair: flow fields, masks, attention."""
    from pgig.generate.flags import OwnParser, parse_with

    parser = OwnParser("python -m pgig visuals", visuals.__doc__)
    parser.add_argument(
        "-o", "--output", default="output/visuals", metavar="DIR", help="folder of the pictures and of index.html"
    )
    own, options = parse_with(parser, argv)

    from pgig.generate.visuals import run

    run(options, own.output)
