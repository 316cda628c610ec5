"""The argument parser of the commands: a wrong word is one sentence, not a page of usage."""

import argparse

from pgig.errors import OptionsError


class CommandParser(argparse.ArgumentParser):
    """`argparse.ArgumentParser` that raises an `OptionsError`, and takes no flag by its first letters alone."""

    def __init__(self, **settings):
        super().__init__(allow_abbrev=False, **settings)

    def error(self, message):
        raise OptionsError(f"{message[:1].upper()}{message[1:]}; `{self.prog} --help` lists the flags.")
