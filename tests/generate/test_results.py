"""The layouts of result files: names, panels, what JPEG leaves of them, and that `evaluate` reads them all."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from keras import ops
from PIL import Image

from pgig.errors import DataError, OptionsError
from pgig.evaluate.folder import Request
from pgig.evaluate.folder import run as evaluate
from pgig.evaluate.protocols import find_protocol
from pgig.evaluate.scores import score_pictures
from pgig.generate.results import ResultFiles
from pgig.pose.body_masks import disc_mask
from pgig.pose.draw import draw_skeleton
from pgig.pose.files import write_annotations

SIZE = (64, 48)
PAIRS = [("b_1.jpg", "a.png"), ("a.png", "c_2x.jpg")]
NAMES = {
    "triptych": ["b_1.jpg_a.png.png", "a.png_c_2x.jpg.png"],
    "strip5": ["b_1.jpg___a.png_vis.jpg", "a.png___c_2x.jpg_vis.jpg"],
    "single": ["b_1_2_a_vis.jpg", "a_2_c_2x_vis.jpg"],
}
EXCHANGED = [("c_2x.jpg", "a.png"), PAIRS[0], ("a.png", "b_1.jpg"), PAIRS[1]]


def smooth(random, size):
    """A picture that JPEG changes a little."""
    rows, columns = np.indices(size) / size[0]
    waves = [np.sin(random.uniform(2, 9) * rows + random.uniform(2, 9) * columns + phase) for phase in (0, 2, 4)]
    return np.uint8(255 * (np.stack(waves, -1) + 1) / 2)


def make_batch(pairs=PAIRS, size=SIZE):
    random = np.random.default_rng(0)
    poses = {side: random.integers(2, min(size) - 2, (len(pairs), 18, 2)) for side in ("source", "target")}
    poses = {side: np.concatenate([places, np.ones((len(pairs), 18, 1))], -1) for side, places in poses.items()}
    return {
        "source_name": np.array([source for source, _ in pairs]),
        "target_name": np.array([target for _, target in pairs]),
        **{
            f"{kind}_pixels": np.stack([smooth(random, size) for _ in pairs])
            for kind in ("source", "target", "generated")
        },
        **{f"{side}_keypoints": pose.astype(np.float32) for side, pose in poses.items()},
    }


def opened(path):
    return np.asarray(Image.open(path))


@pytest.fixture
def batch():
    return make_batch()


@pytest.mark.parametrize("layout", NAMES)
def test_names_of_files_lead_back_to_the_pairs(tmp_path, batch, layout):
    files = ResultFiles(tmp_path, layout)
    files.write(batch)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(NAMES[layout])
    (tmp_path / "scores.json").write_text("{}")
    other = ResultFiles(tmp_path, layout)
    found = other.whole_names(other.find(), ["c_2x.jpg", "b_1.jpg", "a.png"])
    assert found == sorted(PAIRS, key=lambda pair: NAMES[layout][PAIRS.index(pair)])
    for pair in PAIRS:
        for files_of in (files, other):
            assert files_of.read(pair, SIZE)["generated_pixels"].shape == (*SIZE, 3)


@pytest.mark.parametrize("layout", ["triptych", "strip5", "single"])
def test_png_files_hold_the_pictures_themselves(tmp_path, batch, layout):
    files = ResultFiles(tmp_path, layout, "png")
    files.write(batch)
    assert not any(files.from_jpeg.values())
    assert files.as_written(batch) == {}
    for number, pair in enumerate(PAIRS):
        for key, pixels in files.read(pair, SIZE).items():
            np.testing.assert_array_equal(pixels, batch[key][number], err_msg=key)


def test_strips_are_jpeg_files_of_five_panels(tmp_path, batch):
    files = ResultFiles(tmp_path, "strip5")
    files.write(batch)
    assert all(files.from_jpeg.values())
    source, target = (draw_skeleton(batch[f"{side}_keypoints"][0], SIZE)[0] for side in ("source", "target"))
    pictures = [batch[f"{kind}_pixels"][0] for kind in ("source", "target", "generated")]
    strip = np.concatenate([pictures[0], source, pictures[1], target, pictures[2]], axis=1)
    # What Pillow writes when nothing is asked for, as PATN did.
    expected = io.BytesIO()
    Image.fromarray(strip).save(expected, "JPEG")
    assert (tmp_path / NAMES["strip5"][0]).read_bytes() == expected.getvalue()

    written = files.as_written(batch)
    assert set(written) == {"source_pixels", "target_pixels", "generated_pixels"}
    for number, key in enumerate(("source_pixels", "target_pixels", "generated_pixels")):
        left = 2 * number * SIZE[1]
        np.testing.assert_array_equal(written[key][0], opened(expected)[:, left : left + SIZE[1]])
        assert 0 < np.abs(written[key].astype(int) - batch[key]).mean() < 8


def test_single_pictures_are_scored_beside_the_real_ones(tmp_path, batch):
    files = ResultFiles(tmp_path, "single")
    files.write(batch)
    assert [key for key, lossy in files.from_jpeg.items() if lossy] == ["generated_pixels"]
    written = files.as_written(batch)
    assert set(written) == {"generated_pixels"}
    np.testing.assert_array_equal(written["generated_pixels"][1], opened(tmp_path / NAMES["single"][1]))


def test_the_demo_of_gfla_writes_four_pictures(tmp_path, batch):
    files = ResultFiles(tmp_path, "single_all", "png")
    files.write(batch)
    source, target, generated = (batch[f"{kind}_pixels"][0] for kind in ("source", "target", "generated"))
    expected = {"vis": generated, "ref": source, "gt": target}
    expected["all"] = np.concatenate([source, generated, target], axis=1)
    assert {path.name for path in tmp_path.iterdir() if path.name.startswith("b_1")} == {
        f"b_1_2_a_{mark}.png" for mark in expected
    }
    for mark, pixels in expected.items():
        np.testing.assert_array_equal(opened(tmp_path / f"b_1_2_a_{mark}.png"), pixels)
    assert len(ResultFiles(tmp_path, "single_all", "png").find()) == len(PAIRS)


def test_the_page_of_strips_shows_every_file(tmp_path, batch):
    files = ResultFiles(tmp_path, "strip5")
    files.write(batch)
    files.write_index(PAIRS, "A test")
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    for name in NAMES["strip5"]:
        assert f'src="{name}"' in text
    ResultFiles(tmp_path / "other", "triptych").write_index(PAIRS, "A test")
    assert not (tmp_path / "other").exists()


def read_numbered(folder, number):
    names = ("x", "x_target", "G", "pose", "pose_target", "mask", "mask_target")
    return {name: opened(folder / name / f"{number:05d}.png") for name in names}


@pytest.mark.parametrize(("size", "radius"), [((64, 48), 7), ((136, 48), 4)])
def test_folders_hold_the_pictures_of_the_pairs_by_number(tmp_path, size, radius):
    batches = [make_batch(EXCHANGED[:3], size), make_batch(EXCHANGED[3:], size)]
    batches[0]["target_keypoints"][1, 2:] = -1, -1, 0
    files = ResultFiles(tmp_path, "folders")
    files.require_names(EXCHANGED)
    for batch in batches:
        files.write(batch)
    files.write_index(EXCHANGED, "A test")
    batch = {key: np.concatenate([batch[key] for batch in batches]) for key in batches[0]}
    rows = [{key: values[number] for key, values in batch.items()} for number in range(len(EXCHANGED))]
    rows_of_disc, columns_of_disc = np.indices(size)
    for number, row in enumerate(rows):
        read = read_numbered(tmp_path, number)
        for folder, key in (("x", "source_pixels"), ("x_target", "target_pixels"), ("G", "generated_pixels")):
            np.testing.assert_array_equal(read[folder], row[key])
        for side, mark in (("source", ""), ("target", "_target")):
            discs, pose = np.zeros(size, bool), row[f"{side}_keypoints"]
            for y, x, visible in pose:
                if visible:
                    discs |= (rows_of_disc - y) ** 2 + (columns_of_disc - x) ** 2 <= 4**2
            np.testing.assert_array_equal(read[f"pose{mark}"], 255 * discs)
            body = ops.convert_to_numpy(disc_mask(pose[None], size, radius))[0, ..., 0]
            np.testing.assert_array_equal(read[f"mask{mark}"], 255 * body)
    assert (tmp_path / "pairs.csv").read_text().splitlines() == [
        "from,to,generated", *(f"{source},{target},G/{i:05d}.png" for i, (source, target) in enumerate(EXCHANGED))
    ]  # fmt: skip

    other = ResultFiles(tmp_path, "folders")
    assert other.find() == EXCHANGED and other.whole_names(EXCHANGED, ["a.png"]) == EXCHANGED
    assert other.layout == "pg2" and other.holds_real and not any(other.from_jpeg.values())
    shown = other.read(EXCHANGED[1], size)
    np.testing.assert_array_equal(shown.pop("target_masks"), read_numbered(tmp_path, 1)["mask_target"])
    for key, pixels in shown.items():
        np.testing.assert_array_equal(pixels, rows[1][key], err_msg=key)


def test_folders_keep_nothing_of_an_earlier_test(tmp_path):
    files = ResultFiles(tmp_path, "folders")
    files.write(make_batch(EXCHANGED))
    files.write_index(EXCHANGED, "A test")
    Path(tmp_path, "G", "mine.png").write_bytes(b"")

    # A test that is stopped leaves no list of other pictures.
    files = ResultFiles(tmp_path, "folders")
    files.write(make_batch(PAIRS[1:]))
    with pytest.raises(DataError, match="There is no .*pairs.csv"):
        ResultFiles(tmp_path, "folders").find()
    files.write_index(PAIRS[1:], "A test")
    assert ResultFiles(tmp_path, "folders").find() == PAIRS[1:]
    assert sorted(path.name for path in Path(tmp_path, "G").iterdir()) == ["00000.png", "mine.png"]
    assert [path.name for path in Path(tmp_path, "mask").iterdir()] == ["00000.png"]


def test_folders_of_other_numbers_are_refused(tmp_path):
    files = ResultFiles(tmp_path, "folders")
    files.write(make_batch())
    Path(tmp_path, "pairs.csv").write_text("from,to,generated\na.png,c_2x.jpg,G/00001.png\n")
    with pytest.raises(DataError, match="test.py numbers its pictures, G/00000.png"):
        ResultFiles(tmp_path, "folders").find()


@pytest.mark.parametrize(
    ("layout", "pairs", "sentence"),
    [
        ("strip5", [("a___b.jpg", "c.jpg")], "three underscores"),
        ("single", [("a.jpg", "b_2_c.jpg")], "may not hold _2_"),
        ("single", [("a_2.jpg", "2_c.jpg")], "nor begin with 2_"),
        ("single", [("a.jpg", "b.jpg"), ("a.jpg", "b.png")], "would both be called a_2_b_vis.jpg"),
        ("single", [("../a.jpg", "b.jpg")], "plain file name"),
    ],
)
def test_names_that_would_be_lost_are_refused(layout, pairs, sentence):
    with pytest.raises(DataError, match=sentence):
        ResultFiles("nowhere", layout).require_names(pairs)


def test_mistakes(tmp_path):
    for layout in ("triptych", "folders"):
        with pytest.raises(OptionsError, match=f"{layout} has PNG"):
            ResultFiles(tmp_path, layout, "jpg")
    with pytest.raises(DataError, match="no folder"):
        ResultFiles(tmp_path / "nowhere", "single").find()
    Image.new("RGB", (4, 4)).save(tmp_path / "a_2_b_gt.jpg")
    with pytest.raises(DataError, match="holds no JPG"):
        ResultFiles(tmp_path, "single").find()
    Image.new("RGB", (4, 4)).save(tmp_path / "a.jpg")
    with pytest.raises(DataError, match="<from>_2_<to>_vis"):
        ResultFiles(tmp_path, "single").find()
    Image.new("RGB", (SIZE[1], SIZE[0])).save(tmp_path / "a.jpg___b.jpg_vis.jpg")
    with pytest.raises(DataError, match="5 panels"):
        ResultFiles(tmp_path, "strip5").read(("a.jpg", "b.jpg"), SIZE)


@pytest.mark.parametrize(
    ("layout", "protocol", "size"),
    [
        ("strip5", "patn_market", (128, 64)),
        ("strip5", "patn_fashion", (256, 176)),
        ("single_all", "gfla", (128, 64)),
        ("folders", "dpig", (128, 64)),
        ("folders", "pg2", (128, 64)),
    ],
)
def test_evaluate_scores_what_was_written(tmp_path, monkeypatch, layout, protocol, size):
    """The folder alone gives the scores of the pictures in it, by the protocol of the program that wrote so."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PGIG_WEIGHTS", str(tmp_path))
    batch = make_batch(size=size)
    files = ResultFiles("results", layout)
    files.write(batch)
    files.write_index(PAIRS, "A test")
    targets = [str(name) for name in batch["target_name"]]
    Path("real").mkdir()
    for name, pixels in zip(targets, batch["target_pixels"], strict=True):
        Image.fromarray(pixels).save(Path("real", name).with_suffix(".png"))
    write_annotations("joints.csv", targets, batch["target_keypoints"])
    reference = None if files.holds_real else "real"
    evaluate(Request("results", protocol, reference=reference, annotations="joints.csv", output="out"))
    result = json.loads(Path("out/scores.json").read_text())
    assert result["pictures"]["layout"] == files.layout

    # What has been through these files is not sent through others.
    seen = batch | files.as_written(batch)
    plain = replace(find_protocol(protocol), jpeg=False)
    keys = ("target_pixels", "generated_pixels", "target_keypoints", "target_masks")
    expected, _ = score_pictures([(PAIRS, *map(seen.get, keys))], plain)
    scored = [key for key in expected["metrics"] if expected[key] is not None]
    assert scored and ("masked_psnr" in scored) == (layout == "folders")
    if layout == "folders":
        rows = list(csv.reader(Path("out/scores.csv").read_text().splitlines()))
        assert [tuple(row[:2]) for row in rows[1:]] == PAIRS
    assert all(result[key] == pytest.approx(expected[key], rel=1e-12) for key in scored)
