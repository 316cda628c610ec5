"""The command `compare`: runs beside each other and beside published figures."""

import os
import shutil
from pathlib import Path

from pgig.cli.parser import CommandParser
from pgig.errors import OptionsError
from pgig.utils.words import counted

_MOST_SAMPLES = 100_000


def compare(argv=None):
    """Compare the scores of runs: a table with intervals, a page with examples."""
    words = _parser().parse_args(argv)
    for flag, value, least, most in (
        ("samples", words.samples, 100, _MOST_SAMPLES),
        ("examples", words.examples, 0, 50),
    ):
        if not least <= value <= most:
            raise OptionsError(f"--{flag} {value} must be between {least} and {most}.")

    from pgig.compare.compare import compare as compare_runs
    from pgig.compare.notes import published_notes
    from pgig.compare.page import write_page
    from pgig.compare.published import rows
    from pgig.compare.result_files import write_files
    from pgig.compare.run_files import read_run
    from pgig.compare.tables import terminal_table
    from pgig.utils.files import require_folder

    runs = [read_run(path, name) for name, path in named_paths(words.runs)]
    require_folder(words.output)
    comparison = compare_runs(runs, words.samples, words.seed, show=True)
    protocol = runs[0].result["protocol"]
    dataset = next((run.result["dataset"] for run in runs if run.result.get("dataset")), None)
    published = rows(protocol, dataset, picture_size(runs[0].result))
    write_files(words.output, comparison, published)
    page = Path(words.output) / "comparison.html"
    reasons = write_page(page, comparison, published, words.title, words.examples, show=True)
    print(f"\nprotocol {protocol}, data set {dataset or 'not named'}, {counted(len(comparison.pairs), 'pair')}\n")
    print(terminal_table(comparison, published, shutil.get_terminal_size((100, 24)).columns))
    print("\n* best of the runs, (...) baselines" + (", [...] published" if published else ""))
    print("\n".join([*published_notes(comparison, published), *comparison.notes, *reasons]))
    print(f"comparison.html, comparison.csv, comparison-pairs.csv and comparison.json: {words.output}")


def named_paths(words):
    """Names and paths of the runs.

    Args:
        words: sequence of FOLDER or NAME=FOLDER.

    Returns:
        list of (name, path). A run without a name is called like its folder, with as many of the folders above as
        it takes to tell all runs apart.

    Raises:
        OptionsError: a name or a folder is given twice, or a name is no line of text.
    """
    found = []
    for word in words:
        name, equals, path = word.partition("=")
        found.append((name, path) if equals and not os.path.exists(word) else (None, word))
    given = [name for name, _ in found if name is not None]
    folders = [_folder(path).parts for name, path in found if name is None]
    names = []
    for name, path in found:
        if name is None:
            parts = _folder(path).parts
            others = [other for other in folders if other != parts]
            length = 1
            while length < len(parts) and (
                any(other[-length:] == parts[-length:] for other in others)
                or "/".join(parts[-length:]) in given
            ):
                length += 1
            name = "/".join(parts[-length:])
        names.append(name)
    for name in names:
        if names.count(name) > 1:
            raise OptionsError(f"Two runs are called {name}: name them, for instance a=FOLDER b=FOLDER.")
        if not name.strip() or not name.isprintable() or len(name) > 200:
            raise OptionsError(f"{name[:40]!r} is no name for a run: give a line of at most 200 letters.")
    return list(zip(names, (path for _, path in found), strict=True))


def picture_size(result):
    """(height, width) of the scored pictures where scores.json states it as `size`; else None."""
    size = result.get("size")
    known = isinstance(size, list) and len(size) == 2 and all(isinstance(length, int) for length in size)
    return tuple(size) if known else None


def _folder(path):
    """The folder that a run is named after."""
    path = Path(path).absolute()
    return path.parent if path.name == "scores.json" else path


def _parser():
    parser = CommandParser(
        prog="python -m pgig compare",
        description="Compare the scores of runs: a table with intervals, and a page with examples.",
    )
    parser.add_argument(
        "runs", nargs="+", metavar="RUN", help="folder with scores.json and scores.csv, or NAME=FOLDER"
    )
    parser.add_argument(
        "--output", default="output/comparison", help="folder of the results (default: %(default)s)"
    )
    parser.add_argument("--title", default="Comparison", help="heading of the page (default: %(default)s)")
    parser.add_argument(
        "--samples", type=int, default=2000, help="draws of the bootstrap (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the draws (default: %(default)s)")
    parser.add_argument(
        "--examples",
        type=int,
        default=4,
        help="best, median and worst pairs shown of each (default: %(default)s)",
    )
    return parser
