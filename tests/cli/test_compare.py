"""`pgig compare`: names, flags, files, and sentences about what cannot be compared."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pgig.cli.compare import compare, named_paths, picture_size
from pgig.errors import DataError, OptionsError, StorageError
from tests.compare.comparison_runs import COUNT, PAIRS, write_run

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folders(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_run(Path("one/generated"), noise=10)
    write_run(Path("two/generated"), noise=60, seed=1)
    return ["one/generated", "two/generated"]


def test_what_it_leaves_behind(folders, capsys):
    compare([*folders, "--output", "out", "--samples", "200", "--examples", "1", "--title", "Two runs"])
    assert sorted(os.listdir("out")) == [
        "comparison-pairs.csv",
        "comparison.csv",
        "comparison.html",
        "comparison.json",
    ]
    told = json.loads(Path("out/comparison.json").read_text())
    assert [run["name"] for run in told["runs"]] == ["one/generated", "two/generated"]
    assert told["samples"] == 200 and told["published"] == []
    with open("out/comparison-pairs.csv", newline="") as file:
        assert [(row["from"], row["to"]) for row in csv.DictReader(file)] == PAIRS
    assert "<h1>Two runs</h1>" in Path("out/comparison.html").read_text()
    printed = capsys.readouterr()
    assert f"protocol pose-gan, data set demo, {COUNT} pairs" in printed.out
    assert "two/generated - one/generated:" in printed.out and "comparison.html" in printed.out
    assert "Intervals" in printed.err and "Examples" in printed.err


def test_the_same_command_writes_the_same_bytes(folders):
    for output in ("a", "b"):
        compare([*folders, "--output", output, "--samples", "100"])
    for name in os.listdir("a"):
        assert Path("a", name).read_bytes() == Path("b", name).read_bytes()


def test_published_figures_stand_beside_the_scores_of_market(folders, capsys):
    for folder in folders:
        write_run(Path(folder), dataset="market")
    compare([f"ours={folders[0]}", f"theirs={folders[1]}/scores.json", "--output", "out", "--examples", "0"])
    printed = capsys.readouterr().out
    assert "[Def-GAN (CVPR 2018)]" in printed and "guide only" in printed and "ours" in printed
    assert "Def-GAN (CVPR 2018)" in Path("out/comparison.html").read_text()


def test_runs_are_named_after_their_folders(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("a=b").mkdir()

    def names(*words):
        return [name for name, _ in named_paths(words)]

    assert names("x/a", "x/b/") == ["a", "b"]
    assert names("x/a", "y/a", "z/c") == ["x/a", "y/a", "c"]
    assert names("x/a/scores.json", "mine=y/b") == ["a", "mine"]
    assert names("a=x/b", "y/a") == ["a", "y/a"]
    assert names("a=b") == ["a=b"]
    assert named_paths(["n=p=q"]) == [("n", "p=q")]
    for words in (["x/a", "x/a"], ["n=a", "n=b"]):
        with pytest.raises(OptionsError, match="Two runs are called"):
            named_paths(words)
    for word in ("=x/a", "a\nb=x/a", "n" * 201 + "=x/a"):
        with pytest.raises(OptionsError, match="no name for a run"):
            named_paths([word])


def test_the_size_of_the_pictures():
    assert picture_size({"size": [256, 176]}) == (256, 176)
    for size in (None, 3, [1], ["a", "b"], [1.5, 2]):
        assert picture_size({"size": size}) is None


@pytest.mark.parametrize(
    ("words", "error", "match"),
    [
        ([], OptionsError, "required: RUN"),
        (["nowhere"], DataError, "nowhere cannot be read"),
        (["one/generated", "--samples", "10"], OptionsError, "--samples 10 must be between 100"),
        (["one/generated", "--samples", "many"], OptionsError, "invalid int"),
        (["one/generated", "--examples", "-1"], OptionsError, "--examples -1"),
        (["one/generated", "--sample", "500"], OptionsError, "did you mean --samples. `python -m pgig compare --help`"),
    ],
)
def test_mistakes(folders, words, error, match):
    with pytest.raises(error, match=match) as raised:
        compare([*words, "--output", "out"])
    assert "\n" not in str(raised.value) and not Path("out").exists()


def test_an_output_folder_that_cannot_be_written(folders):
    Path("file").touch()
    with pytest.raises(StorageError, match="cannot be written"):
        compare([*folders, "--output", "file/out"])


def test_no_back_end_is_imported(folders):
    code = (
        "import sys; from pgig.cli.compare import compare; compare(sys.argv[1:]);"
        "print(sorted({'keras', 'tensorflow', 'jax', 'torch'} & set(sys.modules)))"
    )
    words = [sys.executable, "-c", code, *folders, "--output", "out", "--samples", "100", "--examples", "1"]
    result = subprocess.run(
        words, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "[]"
