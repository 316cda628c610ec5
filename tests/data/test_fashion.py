import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pgig.data.fashion import flip_train, resize_fashion, split_fashion, split_name
from pgig.errors import DataError, OptionsError
from pgig.pose.files import read_annotations, write_annotations

ROOT = Path(__file__).resolve().parents[2]
SOURCE = "WOMEN/Tees_Tanks/id_00000001/01_1_front.jpg"
NAME = "fasionWOMENTeesTanksid0000000101_1front.jpg"


@pytest.fixture
def work(tmp_path, monkeypatch):
    """A working directory with one DeepFashion picture, known to the train table."""
    monkeypatch.chdir(tmp_path)
    picture = tmp_path / "fasion" / SOURCE
    picture.parent.mkdir(parents=True)
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8)).save(picture)
    (tmp_path / "fasion" / "Thumbs.db").touch()
    pose = np.tile(np.float32([100, 128, 1]), (1, 18, 1))
    pose[0, :3] = [(10, 20, 1), (10, 250, 1), (255, 215, 1)]
    write_annotations("fasion-annotation-train.csv", [NAME], pose)
    write_annotations("fasion-annotation-test.csv", [], np.zeros((0, 18, 3)))
    return tmp_path


def test_name_of_the_split():
    assert split_name(Path(SOURCE).parts) == NAME


def test_split_then_resize_then_flip(work, capsys):
    split_fashion("fasion", "fasion-dataset", "fasion-annotation-train.csv", "fasion-annotation-test.csv")
    assert [path.name for path in Path("fasion-dataset").rglob("*.jpg")] == [NAME]
    assert "Copied to train: 1, to test: 0" in capsys.readouterr().out

    resize_fashion()
    with Image.open(Path("fasion128-dataset/train", NAME)) as picture:
        assert picture.size == (64, 128)
    assert Path("fasion128-annotation-train.csv").read_text().splitlines()[1].startswith(f"{NAME}:[")
    pose = read_annotations("fasion128-annotation-train.csv").keypoints[0]
    assert pose[:4].tolist() == [[-1, -1, 0], [-1, -1, 0], [127, 63, 1], [50, 32, 1]]

    for _ in range(2):
        flip_train("fasion128")
        assert len(list(Path("fasion128-dataset/train").iterdir())) == 2
    mirrored = Path("fasion128-dataset/train", NAME.replace(".jpg", "r.jpg"))
    with Image.open(mirrored) as one, Image.open(Path("fasion128-dataset/train", NAME)) as other:
        difference = np.asarray(one, int)[:, ::-1] - np.asarray(other, int)
    assert np.abs(difference).mean() < 20


def test_resized_to_the_crop_joints_of_the_margins_stay(work):
    split_fashion("fasion", "fashion-dataset", "fasion-annotation-train.csv", "fasion-annotation-test.csv")
    resize_fashion((256, 176))
    with Image.open(Path("fasion-resize-dataset/train", NAME)) as picture:
        assert picture.size == (176, 256)
    pose = read_annotations("fasion-resize-annotation-train.csv").keypoints[0]
    assert pose[:4].tolist() == [[10, -20, 1], [10, 210, 1], [255, 175, 1], [100, 88, 1]]
    resize_fashion((128, 88), "mine", "missing")
    pose = read_annotations("mine-annotation-train.csv").keypoints[0]
    assert pose[:4].tolist() == [[-1, -1, 0], [-1, -1, 0], [127, 87, 1], [50, 44, 1]]


def test_sizes_without_a_name_or_sense_are_refused(work):
    for size, name, sentence in (
        ((128, 88), None, "--name"), ((128, 88), "fasion", "--name"), ((256, 256), "big", "larger than the 256 x 176"),
    ):  # fmt: skip
        with pytest.raises(OptionsError, match=sentence):
            resize_fashion(size, name)


def test_pictures_elsewhere_are_refused(work):
    with pytest.raises(DataError, match="no pictures under absent"):
        split_fashion("absent", "out", "fasion-annotation-train.csv", "fasion-annotation-test.csv")
    with pytest.raises(DataError, match="GENDER/CATEGORY/ID/FILE"):
        split_fashion(".", "out", "fasion-annotation-train.csv", "fasion-annotation-test.csv")
    with pytest.raises(DataError, match="no pictures in market-dataset"):
        flip_train("market")


def start(work, script, *words):
    command = [sys.executable, str(ROOT / "data" / script), *words]
    return subprocess.run(command, cwd=work, capture_output=True, text=True)


def test_the_scripts_run_in_the_data_folder(work):
    for script in ("split_fasion_data.py", "split_fasion_dataset.py"):
        done = start(work, script, "--output_dir", script)
        assert done.returncode == 0 and (work / script / "train" / NAME).exists(), done.stderr
    assert start(work, "split_fasion_data.py").returncode == 0
    assert start(work, "resize_fasion.py").returncode == 0
    assert start(work, "flip_train_data.py", "fasion128").returncode == 0
    failed = start(work, "flip_train_data.py")
    assert failed.returncode == 2 and failed.stderr.count("\n") == 1
