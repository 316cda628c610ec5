import os
import subprocess
import sys
from pathlib import Path

import pytest

from pgig.errors import DataError

ROOT = Path(__file__).parents[2]
REFERENCE = """dataset/bounding_box_train/0002_c1s1_000451_03.jpg 0
dataset/bounding_box_train/0007_c1s6_028546_01.jpg 1

"""


@pytest.fixture
def folder(tmp_path):
    """A reference list; a folder with two generated pictures, a copy of a real one and another file."""
    (tmp_path / "train_ref.txt").write_text(REFERENCE)
    (tmp_path / "gen").mkdir()
    for name in ("0007_c1g2.jpg", "0002_c1g1.jpg", "0002_c1s1_000451_03.jpg", "Thumbs.db"):
        (tmp_path / "gen" / name).touch()
    return tmp_path


def test_lines_are_appended_with_the_labels_of_their_people(script, folder, monkeypatch):
    monkeypatch.chdir(folder)
    script("create_caffe_train").main(["--generated_images_dir", "gen"])
    assert (folder / "train_new.txt").read_text().splitlines() == [
        "dataset/bounding_box_train/0002_c1s1_000451_03.jpg 0",
        "dataset/bounding_box_train/0007_c1s6_028546_01.jpg 1",
        "dataset/bounding_box_train/0002_c1g1.jpg 0",
        "dataset/bounding_box_train/0007_c1g2.jpg 1",
    ]


@pytest.mark.parametrize("name, word", [("0003_c1g1.jpg", "no label"), ("x.jpg", "number of a person")])
def test_unknown_people_are_refused(script, folder, monkeypatch, name, word):
    (folder / "gen" / name).touch()
    monkeypatch.chdir(folder)
    with pytest.raises(DataError, match=word):
        script("create_caffe_train").main(["--generated_images_dir", "gen"])
    assert not (folder / "train_new.txt").exists()


@pytest.mark.parametrize("line", ["0002_c1.jpg", "folder/0002_c1.jpg x"])
def test_lines_without_label_are_refused(script, line):
    with pytest.raises(DataError, match="not of the form"):
        script("create_caffe_train").extend([line], [], "p")


@pytest.mark.parametrize("flags, word", [
    (["--train_ref", "none.txt"], "--train_ref"),
    (["--generated_images_dir", "none"], "--generated_images_dir"),
])
def test_mistakes_end_in_one_sentence(folder, flags, word):
    done = subprocess.run(
        [sys.executable, ROOT / "sup-mat" / "create_caffe_train.py", *flags],
        cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
    )
    assert done.returncode == 2
    assert word in done.stderr and done.stderr.count("\n") == 1
