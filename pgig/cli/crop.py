"""`python -m pgig crop`: one panel of every strip of a folder."""

from pgig.cli.parser import CommandParser


def crop(argv=None):
    """Cut one panel, usually the generated picture, out of every strip of a folder."""
    parser = CommandParser(prog="python -m pgig crop", description=crop.__doc__)
    add = parser.add_argument
    add("-r", "--root", required=True, metavar="FOLDER", help="folder of the strips, PNG or JPEG")
    add("-o", "--output", required=True, metavar="FOLDER", help="folder of the cut pictures, which keep their names")
    add("-n", "--panels", type=int, default=5, help="panels of a strip (default: %(default)s, PATN's; 3: triptychs)")
    add("-k", "--panel", type=int, help="which panel, counted from 1 (default: the last)")
    flags = parser.parse_args(argv)

    from pgig.generate.crop import run

    run(flags.root, flags.output, flags.panels, flags.panel)
