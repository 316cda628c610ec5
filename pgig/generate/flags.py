"""Flags of one program beside the common ones. Standard library only: `--help` must answer at once."""

import argparse

from pgig.cli.options import parse
from pgig.errors import OptionsError


class _Formatter(argparse.ArgumentDefaultsHelpFormatter):
    """Adds the defaults that there are."""

    def _get_help_string(self, action):
        nothing = action.default is None or action.default is False or action.default == ""
        return action.help if nothing else super()._get_help_string(action)


class OwnParser(argparse.ArgumentParser):
    """A parser for the flags that only one program has; `parse_with` hands it the command line.

    Args:
        program: name of the program, `demo.py` or `python -m pgig COMMAND`, for `--help`.
        description: one sentence for `--help`.
    """

    def __init__(self, program, description):
        super().__init__(
            prog=program,
            usage=f"{program} [flags of this program] [flags of every program]",
            description=description,
            formatter_class=_Formatter,
            add_help=False,
            allow_abbrev=False,
        )

    def error(self, message):
        sentence = message[:1].upper() + message[1:]
        command = f"python {self.prog.removeprefix('python ')}"
        raise OptionsError(f"{sentence}; `{command} --help` lists the flags.")


def parse_with(parser, argv=None, dataset=None):
    """Parse a command line of own and common flags.

    Args:
        parser: `OwnParser` with the own flags.
        argv: list of words, or None for those of this process.
        dataset: the program's default of `--dataset`, used without that flag and without `--config`.

    Returns:
        Namespace of the own flags, and `pgig.cli.options.Options` of the others.

    Raises:
        OptionsError: a flag or a value is wrong.
        SystemExit: `--help` was asked for.
    """
    own, rest = parser.parse_known_args(argv)
    if {"-h", "--help"} & set(rest):
        # The common parser prints its own part below this one and leaves.
        print(parser.format_help())
    elif dataset and not {"--dataset", "--config"} & {word.partition("=")[0] for word in rest}:
        rest += ["--dataset", dataset]
    return own, parse(rest, parser.prog)
