"""`python -m pgig grid`: its flags."""

import numpy as np
import pytest
from PIL import Image

from pgig.cli.grid import grid
from pgig.errors import OptionsError


@pytest.fixture
def pictures(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pictures").mkdir()
    for number in range(3):
        Image.fromarray(np.full((8, 4, 3), number, np.uint8)).save(f"pictures/{number}.png")
    return tmp_path


def test_the_flags_of_the_original(pictures):
    grid("-r pictures -o out/grid.png -n 2 --num-cols 1".split())
    with Image.open("out/grid.png") as picture:
        assert picture.size == (4, 16)
    grid("-r pictures -o out/wide.png --num-cols 2 --gap 3".split())
    with Image.open("out/wide.png") as picture:
        assert picture.size == (2 * 7 + 3, 2 * 11 + 3)
    grid(["--root", "pictures"])
    assert (pictures / "PG2-origin.jpg").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("-r pictures -n 0", "--num-samples 0 must be 1 or more"),
        ("-r pictures --num-cols -1", "--num-cols -1 must be 1 or more"),
        ("-r pictures --gap -1", "--gap -1 must be 0 or more"),
        ("-o a.png", "-r/--root"),
        ("-r pictures --normalise other", "--normalise"),
    ],
)
def test_wrong_flags_are_one_sentence(pictures, words, sentence):
    with pytest.raises(OptionsError, match=sentence):
        grid(words.split())


def test_help_answers(capsys):
    with pytest.raises(SystemExit):
        grid(["--help"])
    assert "--num-samples" in capsys.readouterr().out
