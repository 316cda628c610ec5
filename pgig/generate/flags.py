"""Flags of one program beside the common ones. Standard library only: `--help` must answer at once."""

import argparse
import sys

from pgig.cli.options import parse_beside


class _Formatter(argparse.ArgumentDefaultsHelpFormatter):
    """Adds the defaults that there are."""

    def _get_help_string(self, action):
        nothing = action.default is None or action.default is False or action.default == ""
        return action.help if nothing else super()._get_help_string(action)


class OwnParser(argparse.ArgumentParser):
    """Holds the flags that only one program has; `parse_with` parses them together with the common ones.

    Args:
        program: name of the program, `demo.py` or `python -m pgig COMMAND`, for `--help`.
        description: one sentence for `--help`.
        words: what stands among the flags in any place, for `--help`; "": nothing does.
    """

    def __init__(self, program, description, words=""):
        super().__init__(
            prog=program,
            usage=" ".join([program, *filter(None, [words]), "[flags of this program] [flags of every program]"]),
            description=description,
            formatter_class=_Formatter,
            add_help=False,
        )
        self.takes_words = bool(words)


def parse_with(parser, argv=None, dataset=None):
    """Parse a command line of own and common flags.

    Args:
        parser: `OwnParser` with the own flags.
        argv: list of words, or None for those of this process.
        dataset: the program's default of `--dataset`, used without that flag and without `--config`.

    Returns:
        Namespace of the own flags, and `words` (list) where the parser takes them; `pgig.cli.options.Options` of the
        common flags.

    Raises:
        OptionsError: a flag or a value is wrong.
        SystemExit: `--help` was asked for.
    """
    argv = sys.argv[1:] if argv is None else list(argv)
    if dataset and not {"--dataset", "--config"} & {word.partition("=")[0] for word in argv}:
        argv += ["--dataset", dataset]
    own, words, options = parse_beside(parser, argv, parser.takes_words)
    return argparse.Namespace(**own, **({"words": words} if parser.takes_words else {})), options
