"""A `cmd.py` in the root must not break what builds on the standard library's module of that name."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def python(*words, text=None):
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    return subprocess.run(
        [sys.executable, *words], cwd=ROOT, input=text, capture_output=True, text=True, timeout=120, env=environment
    )


@pytest.mark.parametrize(
    "words",
    [
        ["-c", "import pdb; assert pdb.Pdb.prompt"],
        ["-c", "import cmd; cmd.Cmd; cmd.PROMPT; cmd.IDENTCHARS; cmd.args; cmd.make_parser"],
        ["-c", "import pdb, cmd, pickle; assert pickle.loads(pickle.dumps(cmd.Cmd)) is cmd.Cmd"],
        ["-c", "import keras"],
        ["-c", "import doctest, unittest, cProfile"],
        ["-m", "pytest", "--version"],
        ["cmd.py", "--help"],
        ["train.py", "--help"],
        ["test.py", "--help"],
    ],
)
def test_it_works_from_the_root(words):
    result = python(*words)
    assert result.returncode == 0, result.stderr


def test_the_debugger_runs_train():
    result = python("-m", "pdb", "train.py", text="next\nquit\n")
    assert "train.py" in result.stdout
    assert "Traceback" not in result.stderr


def test_breakpoint_works():
    result = python("-c", "x = 41\nbreakpoint()\nprint(x)", text="p x + 1\ncontinue\n")
    assert "42" in result.stdout
    assert result.returncode == 0


def test_cmd_args_is_the_originals_namespace():
    code = "import cmd; a = cmd.args(['--dataset', 'market']); print(a.image_size, a.pairs_file_test, a.warp_skip)"
    result = python("-c", code)
    assert result.stdout.split("\n")[0] == "(128, 64) data/market-pairs-test.csv stn"


def test_help_answers_without_keras():
    code = (
        "import sys, pgig.cli.options as options; options.make_parser().format_help(); "
        "assert not {'keras', 'tensorflow', 'numpy'} & set(sys.modules)"
    )
    result = python("-c", code)
    assert result.returncode == 0, result.stderr
