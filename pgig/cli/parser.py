"""The argument parser of all programs: a wrong word is one sentence, not a page of usage."""

import argparse
import difflib
import re

from pgig.errors import OptionsError


class CommandParser(argparse.ArgumentParser):
    """`argparse.ArgumentParser` that raises an `OptionsError`, and takes no flag by its first letters alone."""

    def __init__(self, **settings):
        super().__init__(allow_abbrev=False, **settings)

    def error(self, message):
        if match := re.match(r"argument .*?(--\w+).*: expected one argument$", message):
            message = f"{match[1]} got no value; one that begins with a minus sign is written {match[1]}=VALUE"
        raise OptionsError(f"{message[:1].upper()}{message[1:]}; {self.where_help_is()}")

    def parse_args(self, args=None, namespace=None):
        given, unknown = self.parse_known_args(args, namespace)
        if unknown:
            raise OptionsError(self.explain(unknown))
        return given

    def explain(self, words):
        """One sentence on words that are not known: on the first flag among them, for words may be its values."""
        word = next((word for word in words if word.startswith("-")), words[0])
        return self.not_known(word.partition("=")[0], [name.lstrip("-") for name in self._option_string_actions])

    def not_known(self, flag, names):
        """One sentence on a flag that is none of some names: which of them comes near, and where all are listed."""
        near = difflib.get_close_matches(flag.lstrip("-"), names, n=1)
        guess = f"did you mean {'--' if len(near[0]) > 1 else '-'}{near[0]}? " if near else ""
        return f"{flag} is not known; {guess}{self.where_help_is()}"

    def where_help_is(self):
        """Which command lists all flags."""
        return f"`{self.help_command()}` lists the flags."

    def help_command(self):
        """The command that prints the help, as one can type it."""
        return f"python {self.prog.removeprefix('python ')} --help"
