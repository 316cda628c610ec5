import subprocess
import sys
from pathlib import Path

from pgig.config import Shared
from pgig.data.check import check
from pgig.data.paths import data_paths

ROOT = Path(__file__).resolve().parents[2]


def test_the_demo_set_has_nothing_to_mend(monkeypatch):
    monkeypatch.chdir(ROOT)
    findings = check(data_paths(Shared(dataset="demo")), 4, progress=False)
    assert not [finding.text for finding in findings if finding.stops]


def test_its_pair_lists_are_those_of_our_program(tmp_path):
    words = [
        "--dataset",
        "demo",
        "--pairs_file_train",
        f"{tmp_path}/train",
        "--pairs_file_test",
        f"{tmp_path}/test",
    ]
    command = [sys.executable, "create_pairs_dataset.py", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.count("Number of pairs: ") == 2, done.stderr
    for split in ("train", "test"):
        assert (tmp_path / split).read_bytes() == (ROOT / "data" / f"demo-pairs-{split}.csv").read_bytes()


def test_creating_pairs_without_annotations_is_one_sentence(tmp_path):
    command = [sys.executable, str(ROOT / "create_pairs_dataset.py")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and "market-annotation-train.csv" in done.stderr


def test_it_is_small_enough_to_ship():
    files = [*(ROOT / "data/demo-dataset").rglob("*.jpg"), *(ROOT / "data").glob("demo-*.csv")]
    assert len(files) == 804
    assert sum(file.stat().st_size for file in files) < 3.2e6
