"""`python -m pgig convert-records`, `prepare-df` and `prepare-rcv`: their flags, and what comes of them."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pgig.cli.convert import convert_records, prepare_df, prepare_rcv
from pgig.cli.options import parse
from pgig.data.check import check
from pgig.data.pairs import read_pairs
from pgig.errors import OptionsError
from pgig.pose.files import read_annotations
from tests.data.test_df_zip import contents, make
from tests.data.test_rcv_folder import fill

FILE = "authors/Market1501_train_00000-of-00001.tfrecord"


def test_there_and_back(tiny, capsys):
    convert_records("--to authors --layout market --split train".split())
    assert f"12 pairs of 6 pictures: {FILE}" in capsys.readouterr().out
    pairs, table = read_pairs("data/market-pairs-train.csv"), read_annotations("data/market-annotation-train.csv")
    Path("data").rename("old")
    convert_records(["--from", FILE, "--dataset", "market", "--split", "train"])
    assert "6 pictures: data/market-dataset/train" in capsys.readouterr().out
    back = read_annotations("data/market-annotation-train.csv")
    assert sorted(back.names) == sorted(table.names)
    assert sorted(read_pairs("data/market-pairs-train.csv")) == sorted(pairs)
    shutil.copytree("old/market-dataset/test", "data/market-dataset/test")
    for name in ("annotation", "pairs"):
        shutil.copy(f"old/market-{name}-test.csv", "data")
    assert not any(finding.stops for finding in check(parse(["--dataset", "market"]).data, progress=False))


def test_own_places_and_offsets(tiny):
    places = "--images_dir new/pictures --annotations_file new/joints.csv --pairs_file new/pairs.csv".split()
    convert_records("--to authors --layout rcv --split test --x_offset -1 --shuffle 1 --seed 3".split())
    convert_records(["--from", "authors/DeepFashion_test_00000-of-00001.tfrecord", "--split", "test", *places])
    old, new = (read_annotations(path) for path in ("data/market-annotation-test.csv", "new/joints.csv"))
    steps = new.keypoints - old.keypoints[[old.names.index(name) for name in new.names]]
    np.testing.assert_array_equal(steps, np.broadcast_to([0, -1, 0], steps.shape))
    assert len(read_pairs("new/pairs.csv")) == 6


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--split train", "either --from FILE"),
        ("--split train --from a --to b", "either --from FILE"),
        ("--split train --to b", "needs --layout"),
        ("--split other --to b", "--split"),
        ("--from a", "--split"),
        ("--split train --from a --layout df", "--layout says nothing with --from"),
        ("--split train --from a --x_offset 4", "--x_offset says nothing"),
        ("--split train --to a --layout df --renames 1", "--renames says nothing with --to"),
        ("--split train --from a --attributes b", "--attributes says nothing with --from"),
        ("--split train --to a --layout df --attributes b", "--attributes says nothing with --layout df"),
        ("--split train --to a --layout rcv --segmentation b", "--segmentation says nothing with --layout rcv"),
        ("--split train --from a --image_size 3", "--image_size '3'"),
        ("--split train --from a --dataset nothing", "--dataset"),
    ],
)
def test_wrong_flags_are_one_sentence(words, sentence):
    with pytest.raises(OptionsError, match=sentence):
        convert_records(words.split())


def test_an_archive(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    make(contents())
    with pytest.raises(OptionsError, match="--test_pairs -1"):
        prepare_df("--zip DF_img_pose.zip --test_pairs -1".split())
    with pytest.raises(OptionsError, match="--zip"):
        prepare_df([])
    with pytest.raises(Exception, match="id1_1.jpg is 32 x 32 pixels"):
        prepare_df(["--zip", "DF_img_pose.zip", "--joints", "first"])
    with pytest.raises(OptionsError, match="--order"):
        prepare_df("--zip DF_img_pose.zip --order other".split())
    assert capsys.readouterr().out == ""


def test_a_folder_of_poses(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    fill("raw")
    for words, sentence in (("", "--root"), ("--root raw --other raw", "without --test sequence")):
        with pytest.raises(OptionsError, match=sentence):
            prepare_rcv(words.split())
    prepare_rcv("--root raw --other raw --test sequence --image_size 32,32".split())
    assert "3 pairs: data/fasion-pairs-test.csv" in capsys.readouterr().out
    convert_records("--to out --layout rcv --dataset fasion --split train --image_size 32,32 --shuffle 0".split())
    assert "103 pairs of 103 pictures" in capsys.readouterr().out


def test_help_needs_nothing_heavy():
    code = (
        "import sys; from pgig.cli import convert; import contextlib\n"
        "for command in (convert.convert_records, convert.prepare_df, convert.prepare_rcv):\n"
        "    with contextlib.suppress(SystemExit): command(['--help'])\n"
        "assert not {'numpy', 'keras'} & set(sys.modules), 'heavy'"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "--layout" in done.stdout and "--joints" in done.stdout and "--root" in done.stdout
