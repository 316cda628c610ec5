"""What the command line knows of every method, whichever there are. Nothing here names a method."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

import pgig.methods
from pgig.cli.options import parse
from pgig.config import Shared
from pgig.errors import OptionsError
from pgig.methods import available
from tests.methods.conformance import SIZE

FOLDER = Path(pgig.methods.__file__).parent
INFOS = list(available().values())
HEAVY = {"keras", "tensorflow", "jax", "torch", "scipy", "skimage", "matplotlib", "h5py"}

each_method = pytest.mark.parametrize("info", INFOS, ids=lambda info: info.name)


def test_every_folder_is_a_method():
    folders = {path.parent.name for path in FOLDER.glob("*/__init__.py")}
    assert {name.replace("-", "_") for name in available()} == folders
    assert [info.name for info in INFOS] == list(available())


@each_method
def test_info_is_complete(info):
    assert info.title and "arXiv" in info.paper
    assert info.stages and len(set(info.stages)) == len(info.stages) and all(isinstance(s, str) for s in info.stages)
    assert info.tiny and len(set(info.tiny)) == len(info.tiny)
    assert info.config.__dataclass_params__.frozen
    for text in (info.title, info.paper):
        assert text == text.strip()

    shared, own = ({field.name: field for field in dataclasses.fields(o)} for o in (Shared, info.config))
    assert not set(shared) & set(own)
    assert all(field.metadata["help"].strip() for field in own.values())
    options = parse(["--method", info.name])
    assert options.method is info and options.stage == info.stages[0]
    assert options.config == info.config()
    for name, value in info.defaults.items():
        assert type(value) is type(getattr(Shared(), name)) and value != getattr(Shared(), name)
        assert getattr(options.shared, name) == value


@each_method
def test_other_names_stand_for_their_options(info):
    for alias, implied in info.aliases.items():
        options = parse(["--method", alias])
        values = options.flat()
        assert options.method is info and {key: values[key] for key in implied} == implied
        assert values["method"] == info.name


@each_method
def test_help_lists_every_option(info, program):
    result = program("train", "--method", info.name, "--help")
    own = result.out.partition(f"--method {info.name}:\n")[2]
    assert result.code == 0
    for field in dataclasses.fields(info.config):
        assert f"\n  --{field.name} " in f"\n{own}" or f"--{field.name}," in own, field.name
        first_words = field.metadata["help"].split()[:2]
        assert " ".join(first_words) in " ".join(own.split()), field.name


@each_method
def test_its_options_belong_to_it(info):
    """An option of one method alone is refused with any other, by name."""
    for other in INFOS:
        theirs = {field.name for field in dataclasses.fields(other.config)}
        for field in dataclasses.fields(info.config):
            if field.name not in theirs:
                with pytest.raises(OptionsError, match=f"--{field.name} belongs to --method .*{info.name}"):
                    parse(["--method", other.name, f"--{field.name}", "1"])
                break


def test_parsing_imports_nothing_heavy():
    code = (
        "import sys; from pgig.methods import available; from pgig.cli.options import make_parser, parse\n"
        "for name, info in available().items(): parse(['--method', name]); make_parser(name).format_help()\n"
        "print(*{module.partition('.')[0] for module in sys.modules})"
    )
    root = FOLDER.parents[1]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert not HEAVY & set(done.stdout.split())


@each_method
def test_its_card_says_what_it_is(info):
    folder = FOLDER / info.name.replace("-", "_")
    card = " ".join((folder / "README.md").read_text(encoding="utf-8").split())
    assert f"--method {info.name}" in card and info.title in card
    assert info.paper.partition("arXiv ")[2].split()[0].strip(".,;") in card


def test_a_new_folder_is_a_new_method(tmp_path, monkeypatch, program):
    """The smallest method under another name: nothing else has to be written for the command line to have it."""
    folders = [path.parent for path in FOLDER.glob("*/method.py")]
    smallest = min(folders, key=lambda folder: sum(path.stat().st_size for path in folder.glob("*.py")))
    (info,) = (info for info in INFOS if info.name.replace("-", "_") == smallest.name)
    copy = tmp_path / "eighth"
    copy.mkdir()
    for path in smallest.glob("*.py"):
        text = path.read_text(encoding="utf-8").replace(f"pgig.methods.{smallest.name}", "pgig.methods.eighth")
        text = text.replace(f'name="{info.name}"', 'name="eighth"')
        (copy / path.name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(pgig.methods, "__path__", [*pgig.methods.__path__, str(tmp_path)])
    available.cache_clear()
    try:
        assert "eighth" in available()
        assert "--method eighth" in program("test", "--method", "eighth", "--help").out
        options = parse(["--method", "eighth", *info.tiny[0]])
        leaf = options.method.load()
        assert leaf.__module__ == "pgig.methods.eighth.method"
        assert leaf(options.shared, options.config, SIZE, options.stage).networks
    finally:
        available.cache_clear()
        for name in [name for name in sys.modules if name.startswith("pgig.methods.eighth")]:
            del sys.modules[name]
