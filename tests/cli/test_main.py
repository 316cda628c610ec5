"""The commands of the package: usage, exit codes, what Ctrl-C says."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pgig.cli.main import guarded, main
from pgig.errors import DataError

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(("words", "code"), [([], 2), (["paint"], 2), (["--help"], 0), (["-h"], 0)])
def test_usage(capsys, words, code):
    with pytest.raises(SystemExit) as end:
        main(words)
    assert end.value.code == code
    text = capsys.readouterr().out
    assert text.startswith("usage: python -m pgig COMMAND")
    for command in ("train", "test", "check"):
        assert f"\n  {command}" in text


def test_the_module_is_a_program(tmp_path):
    words = [sys.executable, "-m", "pgig", "train", "--dataset", "market"]
    result = subprocess.run(
        words, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 2
    assert result.stderr.splitlines()[-1].startswith("error: The data set market is not here")


@pytest.mark.parametrize(
    ("raised", "code", "text"),
    [
        (DataError("The thing is broken: mend it."), 2, "error: The thing is broken: mend it.\n"),
        (KeyboardInterrupt(), 130, "\nStopped.\n"),
        (KeyboardInterrupt("It goes on."), 130, "\nStopped. It goes on.\n"),
        (BrokenPipeError(), 141, ""),
    ],
)
def test_how_a_program_ends(capsys, raised, code, text):
    def command():
        raise raised

    with pytest.raises(SystemExit) as end:
        guarded(command)
    assert end.value.code == code
    assert capsys.readouterr().err == text
