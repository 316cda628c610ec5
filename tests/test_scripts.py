"""The programs outside the package, started as their users start them."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pgig.data.pairs import read_pairs
from pgig.pose.files import read_annotations, write_annotations

ROOT = Path(__file__).resolve().parents[1]
HERE = ROOT / "data"
DATA_SCRIPTS = (
    "split_fasion_data.py", "split_fasion_dataset.py", "resize_fasion.py", "flip_train_data.py",
    "generate_fashion_datasets.py",
)  # fmt: skip
ROOT_SCRIPTS = (
    "demo.py", "create_dataset_for_reid.py", "make_images_for_paper.py", "create_pairs_dataset.py",
    "compute_coordinates.py", "compute_cordinates.py",
)  # fmt: skip
SUP_MAT = ("search.py", "create_caffe_train.py", "user_study.py")
ALL = [*ROOT_SCRIPTS, *(f"data/{script}" for script in DATA_SCRIPTS), *(f"sup-mat/{script}" for script in SUP_MAT)]

WOMAN = "WOMEN/Tees_Tanks/id_00000001/01_1_front.jpg", "fasionWOMENTeesTanksid0000000101_1front.jpg"
MAN = "MEN/Denim/id_00000080/01_2_side_x.jpg", "fasionMENDenimid0000008001_2sidex.jpg"
NOBODY = "MEN/Denim/id_00000080/02_7_additional.jpg", "fasionMENDenimid0000008002_7additional.jpg"


def start(cwd, script, *words):
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    environment.pop("PYTHONPATH", None)
    return subprocess.run(
        [sys.executable, script, *words], cwd=cwd, env=environment, capture_output=True, text=True, timeout=120
    )


def succeed(cwd, script, *words):
    done = start(cwd, script, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refuse(cwd, script, *words):
    """The one sentence with which a program refuses its input."""
    done = start(cwd, script, *words)
    assert done.returncode == 2, done.stdout + done.stderr
    # TensorFlow may have greeted before.
    sentence = done.stderr.splitlines()[-1]
    assert sentence.startswith("error: ") and "Traceback" not in done.stderr, done.stderr
    return sentence


@pytest.fixture
def fashion(tmp_path):
    """A folder `data` as the original's users have it before its scripts run: pictures and annotations."""
    data = tmp_path / "data"
    random = np.random.default_rng(0)
    for path, _ in (WOMAN, MAN, NOBODY):
        (data / "fasion" / path).parent.mkdir(parents=True, exist_ok=True)
        pixels = random.integers(0, 256, (8, 8, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((256, 256)).save(data / "fasion" / path)
    pose = np.concatenate([random.integers(50, 200, (18, 2)), np.ones((18, 1))], axis=1)
    write_annotations(data / "fasion-annotation-train.csv", [WOMAN[1]], [pose])
    write_annotations(data / "fasion-annotation-test.csv", [MAN[1]], [pose])
    return data


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("script", ALL)
def test_help_does_nothing_else(script, tmp_path):
    text = succeed(tmp_path, ROOT / script, "--help")
    assert Path(script).name in text and not list(tmp_path.iterdir())


def test_help_of_a_program_shows_its_own_and_the_common_flags(tmp_path):
    text = succeed(tmp_path, ROOT / "demo.py", "--help")
    assert text.index("--source_image") < text.index("--generator_checkpoint") < text.index("--warp_skip")


@pytest.mark.parametrize("script", DATA_SCRIPTS[:2])
def test_fashion_is_split_resized_and_mirrored(fashion, script):
    text = succeed(fashion, HERE / script)
    assert "train: 1, to test: 1, in neither table: 1" in text
    assert names(fashion / "fasion-dataset" / "train") == [WOMAN[1]]
    assert names(fashion / "fasion-dataset" / "test") == [MAN[1]]
    copied = (fashion / "fasion-dataset" / "test" / MAN[1]).read_bytes()
    assert copied == (fashion / "fasion" / MAN[0]).read_bytes()

    succeed(fashion, HERE / "resize_fasion.py")
    for split, name in (("train", WOMAN[1]), ("test", MAN[1])):
        with Image.open(fashion / "fasion128-dataset" / split / name) as picture:
            assert picture.size == (64, 128)
        large, small = (read_annotations(fashion / f"{d}-annotation-{split}.csv") for d in ("fasion", "fasion128"))
        assert small.names == large.names == [name]
        expected = np.trunc((large.keypoints[..., :2] - (0, 40)) * (0.5, 64 / 176))
        np.testing.assert_array_equal(small.keypoints[..., :2], expected)

    succeed(fashion, HERE / "flip_train_data.py", "fasion128")
    assert names(fashion / "fasion128-dataset" / "train") == [WOMAN[1], WOMAN[1].replace(".jpg", "r.jpg")]
    assert names(fashion / "fasion128-dataset" / "test") == [MAN[1]]


def test_fashion_is_sorted_by_lists_and_cropped(fashion):
    woman = "fashionWOMENTees_Tanksid0000000101_1front.jpg"
    (fashion / "train.lst").write_text(f"{woman}\n")
    assert "test.lst" in refuse(fashion, HERE / "generate_fashion_datasets.py", "--input_dir", "fasion")
    (fashion / "test.lst").write_text("fashionMENDenimid0000008001_2sidex.jpg\n")
    text = succeed(fashion, HERE / "generate_fashion_datasets.py", "--form", "patn", "--input_dir", "fasion")
    assert "In neither list: 1 picture." in text
    assert names(fashion / "fasion-resize-dataset" / "train") == [woman]
    assert "--size" in refuse(fashion, HERE / "resize_fasion.py", "--size", "128x88")


def test_wrong_fashion_folders_are_refused(fashion):
    assert "--input_dir" in refuse(fashion, HERE / "split_fasion_data.py", "--input_dir", "absent")
    absent = ("--annotations_file_test", "absent.csv")
    assert "absent.csv" in refuse(fashion, HERE / "split_fasion_dataset.py", *absent)
    assert "GENDER/CATEGORY" in refuse(fashion, HERE / "split_fasion_data.py", "--input_dir", "fasion/MEN")
    assert "fasion-dataset" in refuse(fashion, HERE / "resize_fasion.py")
    assert "market-dataset" in refuse(fashion, HERE / "flip_train_data.py")

    # A picture of another size: no annotations are left that pictures are missing for.
    wrong = fashion / "fasion-dataset" / "train" / WOMAN[1]
    wrong.parent.mkdir(parents=True)
    Image.new("RGB", (200, 256)).save(wrong)
    assert "256 x 200" in refuse(fashion, HERE / "resize_fasion.py")
    assert not list(fashion.glob("fasion128-annotation-*.csv"))
    wrong.write_bytes(b"no picture")
    assert WOMAN[1] in refuse(fashion, HERE / "flip_train_data.py", "fasion")
    (fashion / "fasion-annotation-train.csv").write_text("name,keypoints\n")
    assert "line 1" in refuse(fashion, HERE / "resize_fasion.py")


def test_pairs_are_made_in_the_working_directory(tmp_path):
    (tmp_path / "data").mkdir()
    good, bad = np.ones((18, 3)), np.zeros((18, 3))
    train = {"0002_a.jpg": good, "0007_a.jpg": good, "0002_b.jpg": good, "0002_c.jpg": bad, "0000_a.jpg": good}
    test = {f"0009_{letter}.jpg": good for letter in "abc"} | {"-1_a.jpg": good, "-1_b.jpg": good}
    for split, poses in (("train", train), ("test", test)):
        write_annotations(tmp_path / f"data/market-annotation-{split}.csv", poses, poses.values())

    text = succeed(tmp_path, ROOT / "create_pairs_dataset.py", "--images_for_test", "4")
    assert text.count("Number of pairs") == 2
    pairs = {split: read_pairs(tmp_path / f"data/market-pairs-{split}.csv") for split in ("train", "test")}
    assert pairs["train"] == [("0002_a.jpg", "0002_b.jpg"), ("0002_b.jpg", "0002_a.jpg")]
    assert len(set(pairs["test"])) == 4 and all(name.startswith("0009") for pair in pairs["test"] for name in pair)


def test_pairs_without_annotations_are_refused(tmp_path):
    (tmp_path / "data").mkdir()
    write_annotations(tmp_path / "data/market-annotation-train.csv", ["1_a.jpg"], np.ones((1, 18, 3)))
    assert "market-annotation-test.csv" in refuse(tmp_path, ROOT / "create_pairs_dataset.py")
    assert names(tmp_path / "data") == ["market-annotation-train.csv"]


@pytest.mark.parametrize("script", ROOT_SCRIPTS)
def test_an_unknown_flag_is_one_sentence(tmp_path, script):
    assert "--datasets" in refuse(tmp_path, ROOT / script, "--datasets", "demo")


@pytest.mark.parametrize(
    "script, words, sentence",
    [
        ("demo.py", [], "data/target-images"),
        ("demo.py", ["--video", "a.avi"], ".mp4"),
        ("create_dataset_for_reid.py", [], "--generator_checkpoint"),
        ("make_images_for_paper.py", [], "ref_nn_fasion"),
    ],
)
def test_an_empty_working_directory_is_one_sentence(tmp_path, script, words, sentence):
    assert sentence in refuse(tmp_path, ROOT / script, *words)


def test_scripts_of_sup_mat_find_the_package(tmp_path):
    Image.new("RGB", (192, 128)).save(tmp_path / "a.jpg_b.jpg.png")
    study = ("--generated_images_dir", tmp_path, "--output_dir", tmp_path / "study", "--pairs", "1")
    succeed(ROOT, "sup-mat/user_study.py", "pick", *study)
    assert names(tmp_path / "study") == ["gen", "names.csv", "order.csv", "to"]
    assert "holds no pictures" in refuse(ROOT, "sup-mat/search.py", tmp_path / "study", tmp_path)
    weights = ("--perceptual_weights", tmp_path / "absent.h5")
    assert "absent.h5" in refuse(ROOT, "sup-mat/search.py", tmp_path, tmp_path, *weights)
