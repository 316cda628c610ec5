import pytest
from PIL import Image

from pgig.cli import main as programs
from pgig.cli.repose import repose
from tests.conftest import Result
from tests.estimate import dots


@pytest.fixture
def people(tmp_path, monkeypatch):
    """A working directory with photos of dots: `photos/{one,two}.png` and `moves/{1,2,10}.png`, which move right."""
    monkeypatch.chdir(tmp_path)
    for folder in ("photos", "moves"):
        (tmp_path / folder).mkdir()
    pictures = {"photos/one.png": dots.figure(20, 30, step=5), "photos/two.png": dots.figure(40, 60, step=3)}
    pictures |= {f"moves/{number}.png": dots.figure(30, 10 + 2 * number, step=4) for number in (1, 2, 10)}
    for name, figure in pictures.items():
        Image.fromarray(dots.photo(160, 120, figure)).save(tmp_path / name)
    return pictures


@pytest.fixture
def command(capsys):
    """`command(*words)` runs `python -m pgig repose` and returns a `Result`."""

    def run(*words):
        capsys.readouterr()
        code = 0
        try:
            programs.guarded(lambda: repose([str(word) for word in words]))
        except SystemExit as end:
            code = end.code or 0
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return run
