"""The parser: every flag is a field of `Shared` or of the chosen method's config. Standard library only.

Values come, in rising order of precedence, from the defaults, a TOML file (`--config`), `-t key=value`, the flags.
"""

import argparse
import dataclasses
import tomllib
from dataclasses import dataclass

from pgig.cli.parser import CommandParser
from pgig.config import DataPaths, Shared
from pgig.data.paths import data_paths
from pgig.errors import OptionsError
from pgig.methods import aliases, available, load
from pgig.methods.base import MethodInfo

DEFAULT_METHOD = "pose-gan"


@dataclass(frozen=True)
class Options:
    """The resolved command line.

    Attributes:
        shared: options of every method.
        method: the chosen method.
        config: its own options.
        stage: name of the stage to train.
        data: where the data set lies.
        given: names of the options that were stated, in a file or by a flag; the others have their defaults.
    """

    shared: Shared
    method: MethodInfo
    config: object
    stage: str
    data: DataPaths
    given: frozenset = frozenset()

    @property
    def uses_background(self):
        """Whether batches need the backgrounds of the targets."""
        return bool(getattr(self.config, "use_bg", 0))

    @property
    def flips(self):
        """How training pairs are mirrored: (share of them, `"pair"` or `"independent"`)."""
        return getattr(self.config, "flip_rate", 0.0), getattr(self.config, "flip_mode", "pair")

    @property
    def augment(self):
        """How training pictures are moved: (angle, shift, scale) as `PairStream` takes them, or None."""
        ranges = getattr(self.config, "augment", None)
        return ranges and ranges(self.data.image_size)

    def flat(self):
        """All values in one dictionary of plain values, for config.json and for state files."""
        data = {key: value for key, value in dataclasses.asdict(self.data).items() if key != "name"}
        head = {"method": self.method.name, "stage": self.stage}
        return head | dataclasses.asdict(self.shared) | data | dataclasses.asdict(self.config)


class _Parser(CommandParser):
    """Knows the flags of other methods as such. Args: method: whose flags it has."""

    def __init__(self, method, **settings):
        super().__init__(**settings)
        self._method = method

    def not_known(self, flag, names):
        name = flag.lstrip("-")
        owners = [other for other in available() if other != self._method and name in _fields(other)]
        if owners:
            return (
                f"--{name} belongs to --method {', '.join(owners)} and does not apply to {self._method}: leave it out."
            )
        return super().not_known(flag, names)

    def help_command(self):
        chosen = "" if self._method == DEFAULT_METHOD else f"--method {self._method} "
        return super().help_command().replace("--help", f"{chosen}--help")


def make_parser(method=DEFAULT_METHOD, program="cmd.py"):
    """The argument parser of one method: the shared flags and its own, each with its default."""
    defaults = _defaults(method)
    parser = _bare_parser(method, _plain(program), defaults)
    for action in parser._actions:
        action.default = defaults.get(action.dest, action.default)
    return parser


def parse(argv=None, program="cmd.py"):
    """Parse a command line into `Options`.

    Args:
        argv: list of words, or None for those of this process.
        program: name for `--help` and for messages.

    Raises:
        OptionsError: a flag, a value, a key of the TOML file or a combination is wrong.
        SystemExit: `--help` was asked for.
    """
    return parse_beside(_plain(program), argv)[2]


def parse_beside(own, argv=None, takes_words=False):
    """Parse a command line of one program's own flags and of the common ones.

    Args:
        own: `argparse.ArgumentParser` without `--help`: the program's name, what its help says, and its flags.
        argv: list of words, or None for those of this process.
        takes_words: whether words may stand among the flags, anywhere.

    Returns:
        {destination: value} of the own flags, list of those words, and the `Options` of the other flags.

    Raises:
        OptionsError, SystemExit: as `parse`.
    """
    first = CommandParser(prog=own.prog, add_help=False)
    first.add_argument("--method")
    first.add_argument("--config")
    early, _ = first.parse_known_args(argv)
    from_file = _read_toml(early.config) if early.config else {}
    name = early.method or from_file.get("method", DEFAULT_METHOD)
    info = load(name)
    method = info.name

    values = _defaults(method)
    _, implied = aliases().get(name, (info, {}))
    values |= implied
    parser = _bare_parser(method, own, values)
    given, unknown = parser.parse_known_args(argv)
    if unknown and (not takes_words or any(word.startswith("-") for word in unknown)):
        raise OptionsError(parser.explain(unknown))
    flags = vars(given)
    beside = {action.dest: flags.pop(action.dest) for action in own._actions}
    overrides = dict(_split_override(text) for text in flags.pop("t", None) or [])
    for source, origin in ((from_file, early.config), (overrides, "-t"), (flags, None)):
        for key, value in source.items():
            key = _canonical(method, key)
            if key not in values:
                raise OptionsError(f"{origin}: {parser.not_known('--' + key, list(values))}")
            if key == "config" and source is not flags or key == "method" and source is overrides:
                raise OptionsError(f"{origin}: {key} cannot be given there: write --{key} {value}.")
            values[key] = value if origin is None else _convert(method, key, value, origin)

    shared = _pick(Shared, values)
    stage = values["stage"] or info.stages[0]
    stages = [*info.stages, *filter(None, [info.whole])]
    if stage not in stages:
        raise OptionsError(f"--stage {stage} is unknown: {method} has {', '.join(stages)}.")
    _check_shared(shared)
    given = frozenset(_canonical(method, name) for name in {*from_file, *overrides, *flags})
    return beside, unknown, Options(shared, info, _pick(info.config, values), stage, data_paths(shared), given)


def _plain(program):
    """The parser of a program without flags of its own."""
    return argparse.ArgumentParser(prog=program, add_help=False, description="Pose-guided person image generation.")


def _bare_parser(method, own, defaults):
    parser = _Parser(
        method,
        prog=own.prog,
        usage=own.usage,
        description=own.description,
        epilog=own.epilog,
        formatter_class=own.formatter_class,
        parents=[own],
        argument_default=argparse.SUPPRESS,
    )
    names = (*available(), *aliases())
    parser.add_argument("--method", choices=names, help=f"method (default: {DEFAULT_METHOD})")
    parser.add_argument("--stage", help="stage of the method (default: its first)")
    parser.add_argument("--config", metavar="FILE.toml", help="file of values that the flags override")
    parser.add_argument("-t", action="append", metavar="KEY=VALUE", help="override one value of --config")
    for title, options in (("every method", Shared), (f"--method {method}", load(method).config)):
        group = parser.add_argument_group(title)
        for field in dataclasses.fields(options):
            choices = field.metadata["choices"]
            group.add_argument(
                *(f"--{name}" for name in (field.name, *field.metadata["aliases"])),
                dest=field.name,
                type=_type(field),
                choices=choices,
                metavar=field.metadata["metavar"] or (None if choices else _type(field).__name__.upper()),
                help=_help(field, defaults[field.name]).replace("%", "%%"),
            )
    return parser


def _help(field, default):
    """The help of an option with its default, where there is one that the text does not tell itself."""
    text = field.metadata["help"]
    return text if default is None or "(default: " in text else f"{text} (default: {default})"


def _fields(method):
    return {field.name: field for options in (Shared, load(method).config) for field in dataclasses.fields(options)}


def _defaults(method):
    head = {"method": method, "stage": None, "config": None}
    return head | {name: field.default for name, field in _fields(method).items()} | load(method).defaults


def _canonical(method, name):
    """The name of an option that is given by one of its aliases."""
    owners = (field.name for field in _fields(method).values() if name in field.metadata["aliases"])
    return next(owners, name)


def _type(field):
    return field.metadata["type"] or type(field.default)


def _pick(options, values):
    return options(**{field.name: values[field.name] for field in dataclasses.fields(options)})


def _convert(method, key, value, origin):
    """Give a value of a file or of `-t` the type of its flag, under the rules of its flag."""
    field = _fields(method).get(key)
    kind = _type(field) if field else str
    try:
        # `stage = 1` and `use_records = true` are meant; 2.5 is not cut to 2, and a list is no text.
        converted = kind(int(value) if isinstance(value, bool) else value)
        if not isinstance(value, (str, int, float)) or (kind is int and converted != float(value)):
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise OptionsError(f"{origin}: {key} is {value!r}, but {kind.__name__} was expected.") from None
    value = converted
    choices = field and field.metadata["choices"]
    if choices and value not in choices:
        raise OptionsError(f"{origin}: {key} is {value!r}: choose one of {', '.join(map(str, choices))}.")
    return value


def _split_override(text):
    key, equals, value = text.partition("=")
    if not equals:
        raise OptionsError(f"-t {text} has no value: write -t key=value.")
    return key, value


def _read_toml(path):
    try:
        with open(path, "rb") as file:
            values = tomllib.load(file)
    except OSError as error:
        raise OptionsError(f"--config {path} cannot be read ({error.strerror}).") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise OptionsError(f"--config {path} is not a TOML file: {error}.") from None
    if not isinstance(values.get("method", ""), str):
        raise OptionsError(f"{path}: method is {values['method']!r}, but its name was expected, for example 'pg2'.")
    return values


def _check_shared(shared):
    at_least_one = ("batch_size", "checkpoint_ratio", "display_ratio", "iterations_per_epoch", "test_batch_size")
    for name in at_least_one:
        if getattr(shared, name) < 1:
            raise OptionsError(f"--{name} {getattr(shared, name)} must be 1 or more.")
    for name in ("number_of_epochs", "start_epoch", "images_for_test", "test_limit", "state_interval"):
        # Turned round for the state interval: nan is no number of seconds.
        if not getattr(shared, name) >= 0:
            raise OptionsError(f"--{name} {getattr(shared, name)} must be 0 or more.")
