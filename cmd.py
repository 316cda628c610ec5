"""The flags of pgig: `python cmd.py --help` lists them, `args()` parses them as pose-gan's cmd.py did.

A file of this name hides the standard library's `cmd`, on which `pdb` builds. So nothing of ours is imported at the
top, and every other name is handed on from the standard module, found by its path when first asked for.
"""

__all__ = ["Cmd", "args", "make_parser"]


def make_parser():
    """The argument parser with every flag and its default."""
    from pgig.cli.options import make_parser

    return make_parser()


def args(argv=None):
    """Parse a command line (default: this process's) into a namespace of flags and derived paths."""
    from argparse import Namespace

    from pgig.cli.options import parse

    return Namespace(**parse(argv).flat())


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    import importlib.machinery
    import importlib.util
    import sysconfig

    spec = importlib.machinery.PathFinder.find_spec("cmd", [sysconfig.get_path("stdlib")])
    standard = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(standard)
    for public, value in vars(standard).items():
        if not public.startswith("_"):
            globals().setdefault(public, value)
    return getattr(standard, name)


if __name__ == "__main__":
    from pgig.cli.main import guarded

    guarded(lambda: print("\n".join(f"{key} = {value}" for key, value in sorted(vars(args()).items()))))
