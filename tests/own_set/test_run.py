"""The whole command, with an estimator of dots instead of a network."""

import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from PIL import Image

from pgig.cli.make_dataset import make_dataset
from pgig.cli.options import parse
from pgig.data.check import check
from pgig.data.pairs import identity, read_pairs
from pgig.data.photos import read_photo
from pgig.errors import DataError, OptionsError, PgigError, StorageError
from pgig.own_set.request import Request
from pgig.own_set.run import run
from pgig.pose.check import is_valid
from pgig.pose.files import read_annotations
from pgig.pretrained.catalogue import what_is_missing
from pgig.utils.locks import alone_in
from tests.conftest import NETWORK, RUN, file_size_limit, files
from tests.estimate.dots import figure
from tests.own_set.conftest import album, put

SIZE = 64, 48
MADE = ("mine-annotation-test.csv", "mine-annotation-train.csv", "mine-dataset", "mine-pairs-test.csv")
MADE += ("mine-pairs-train.csv", "mine-poses", "mine-records", "mine.toml")


def make(estimator, folder="photos", name="mine", size=SIZE, **settings):
    return run(Request(str(folder), name, size, **settings), lambda: (estimator, None), show=False)


def nothing(*_):
    pytest.fail("the estimator was loaded before the request was refused")


def tables(split):
    return read_annotations(f"data/mine-annotation-{split}.csv"), read_pairs(f"data/mine-pairs-{split}.csv")


class Page(HTMLParser):
    """Attributes: pictures: their addresses. text: everything that is read."""

    def __init__(self):
        super().__init__()
        self.pictures, self.text = [], ""
        self.feed(Path("data/mine-dataset/index.html").read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        if tag == "img":
            self.pictures.append(unquote(dict(attributes)["src"]))

    def handle_data(self, data):
        self.text += data


def test_a_data_set_is_made(photos, estimator):
    sentences = make(estimator)
    assert sorted(path.name for path in Path("data").iterdir()) == sorted(MADE)
    people = {}
    for split in ("train", "test"):
        table, pairs = tables(split)
        pictures = sorted(path.name for path in Path("data/mine-dataset", split).iterdir())
        assert pictures == sorted(table.names) and is_valid(table.keypoints).all()
        assert {name for pair in pairs for name in pair} == set(pictures)
        assert all(identity(source) == identity(target) and source != target for source, target in pairs)
        people[split] = {identity(name) for name in pictures}
        for name in pictures:
            with Image.open(f"data/mine-dataset/{split}/{name}") as picture:
                assert picture.size == SIZE[::-1] and picture.mode == "RGB"
    assert len(people["test"]) == 1 and len(people["train"]) == 2 and not people["train"] & people["test"]
    assert not [finding for finding in check(parse(["--config", "data/mine.toml"]).data, 4, False) if finding.stops]
    assert sentences[-2:] == [
        "Look at it: data/mine-dataset/index.html",
        "It can be used: python train.py --config data/mine.toml",
    ]
    page = Page()
    assert len(page.pictures) == 7 and all(Path("data/mine-dataset", one).is_file() for one in page.pictures)
    assert "Doubtful" not in page.text and "No pose" not in page.text


def test_joints_lie_where_they_lay(photos, estimator):
    make(estimator, crop=False)
    table, _ = tables("train")
    # 80 rows on 64, and 60 columns on 48.
    number = table.names.index("cleo_0.png")
    places = (np.array([place[:2] for place in figure(6, 20, step=3).values()]) + 0.5) * 0.8 - 0.5
    np.testing.assert_allclose(table.keypoints[number, :, :2], places, atol=0.5)


def test_what_is_left_out_is_named_and_in_no_table(photos, estimator):
    put("photos/ben/nobody & co.png")
    head = {joint: place for joint, place in figure(6, 20, step=3).items() if joint not in (8, 11)}
    put("photos/ben/head.png", head)
    Path("photos/ben/broken.png").write_bytes(b"no picture")
    sentences = "\n".join(make(estimator))
    assert "No pose found, left out: 1 (ben/nobody & co.png)." in sentences
    assert "A shoulder or a hip is missing, left out: 1 (ben/head.png)." in sentences
    assert re.search(r"Left out: 1 \(ben/broken.png\): .* is not a readable picture", sentences)
    names = tables("train")[0].names + tables("test")[0].names
    assert len(names) == 7 and not [name for name in names if "nobody" in name or "head" in name or "broken" in name]
    page = Page()
    order = ["No pose found: 1", "cannot be used: 1", "without right hip, left hip", "Left out unseen: 1", "Anna"]
    places = [page.text.index(text) for text in order]
    assert places == sorted(places)
    assert page.pictures[:2] == ["thumbnails/ben_nobody-co.jpg", "thumbnails/ben_head.jpg"]
    with Image.open("data/mine-dataset/thumbnails/ben_head.jpg") as thumbnail:
        # The joints that were found are drawn on it.
        assert np.asarray(thumbnail.convert("HSV"))[..., 1].max() > 200 and thumbnail.height == 208


def test_photos_as_people_have_them(photos, estimator):
    """Turned, grey, transparent and huge photos of one scene give pictures of one size."""
    # The same person, seen by an estimator that knows the place only.
    joints = np.array([(y, x, 0.9) for y, x, _ in figure(6, 20, step=3).values()], np.float32)

    def whoever(pixels):
        factors = np.float32([pixels.shape[1] / 80, pixels.shape[2] / 60, 1])
        return np.repeat((joints * factors)[None], len(pixels), 0)

    whoever.name, whoever.fingerprint = "openpose-18", "whoever"
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (80, 60, 3), dtype=np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.transpose(Image.Transpose.ROTATE_90).save("photos/ben/turned.jpg", exif=exif)
    picture.convert("L").save("photos/ben/grey.png")
    picture.convert("RGBA").save("photos/ben/clear.webp")
    picture.resize((3000, 4000)).save("photos/ben/huge.jpg", quality=30)
    make(whoever, test_ids=("cleo",))
    table, _ = tables("train")
    rows = [table.keypoints[table.names.index(f"ben_{name}.png")] for name in ("turned", "grey", "clear", "huge")]
    for row in rows[1:]:
        np.testing.assert_allclose(row, rows[0], atol=1)
    shown = [read_photo(f"data/mine-dataset/train/ben_{name}.png") for name in ("turned", "clear", "huge")]
    assert all(pixels.shape == (*SIZE, 3) for pixels in shown)
    # The turned one is upright: it shows what the others show.
    assert np.abs(shown[0].astype(int) - shown[1]).mean() < 12


def test_one_person_is_split_by_pictures_only_when_asked(work, estimator):
    album("walk", {"": 6})
    with pytest.raises(DataError, match="All 6 photos of walk are of one person, 'walk'.*--split pictures"):
        run(Request("walk", "mine", SIZE), nothing)
    assert not Path("data").exists()
    sentences = make(estimator, "walk", by_pictures=True, test_share=0.4)
    assert tables("test")[0].names == ["walk_4.png", "walk_5.png"] and len(tables("train")[0]) == 4
    assert "The same people are trained on and tested on: scores say nothing about other people." in sentences


def test_people_for_testing_may_be_named(photos, estimator):
    make(estimator, test_ids=("Anna Maria", "ben"))
    assert {identity(name) for name in tables("test")[0].names} == {"Anna-Maria", "ben"}


def test_nothing_is_overwritten(photos, estimator):
    make(estimator)
    before = files("data")
    with pytest.raises(DataError, match="mine-dataset exists already, and nothing is overwritten"):
        run(Request("photos", "mine", SIZE), nothing)
    shutil.rmtree("data/mine-dataset")
    Path("data/mine.toml").unlink()
    with pytest.raises(DataError, match="exists already, and nothing is overwritten"):
        run(Request("photos", "mine", SIZE), nothing)
    assert {path: before[path] for path in files("data")} == files("data")


def test_a_second_run_needs_no_estimation_and_gives_the_same(photos, estimator):
    make(estimator)
    before = files("data")
    for path in Path("data").iterdir():
        if path.name != "mine-poses":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    del estimator.seen[:]
    make(estimator)
    same = [path for path in before if "records" not in path.parts[1]]
    after = files("data")
    assert estimator.seen == [] and all(after[path] == before[path] for path in same)


def test_a_failure_leaves_the_poses_only(photos, estimator):
    with file_size_limit(2500), pytest.raises(StorageError):
        make(estimator)
    assert [path.name for path in Path("data").iterdir()] == ["mine-poses"]
    Path("photos/ben/0.png").unlink()
    shutil.rmtree("photos/Anna Maria")
    with pytest.raises(DataError, match="Only 'cleo' has two or more usable photos"):
        make(estimator)
    assert [path.name for path in Path("data").iterdir()] == ["mine-poses"]


def test_two_programs_do_not_make_one_data_set(photos, estimator):
    with alone_in("data/mine-poses", nothing), pytest.raises(StorageError, match="Another program makes"):
        make(estimator)


def test_nobody_anywhere(work, estimator):
    for name in ("a/0.png", "a/1.png", "b/0.png", "b/1.png"):
        put(f"photos/{name}")
    with pytest.raises(DataError, match="No photo of photos shows a whole torso: in 4 no pose was found"):
        make(estimator)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"name": "../x"}, "--name"), ({"name": ""}, "--name"), ({"name": ".x"}, "--name"),
        ({"name": "market"}, "known already"), ({"name": "fashion"}, "known already"),
        ({"size": (8, 64)}, "--image_size 8,64"),
        ({"size": (64, 99_999)}, "--image_size"), ({"test_share": 0.0}, "--test_share"),
        ({"test_share": 1.0}, "--test_share"), ({"test_share": float("nan")}, "--test_share"),
        ({"by_pictures": True, "test_ids": ("a",)}, "give one of both"),
    ],
)  # fmt: skip
def test_wrong_requests(settings, sentence):
    with pytest.raises(OptionsError, match=sentence):
        Request(**{"folder": "photos", "name": "mine", "size": SIZE} | settings)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("", "are required"),
        ("photos --name mine --image_size 64", "--image_size '64' must be height,width"),
        ("photos --name mine --image_size 64,48 --identity x", "has 0 groups"),
        ("photos --name mine --image_size 64,48 --test_ids ben dora", "'dora' is nobody"),
        ("photos --name mine --image_size 64,48 --framing", "--framing"),
        ("photos --name mine --image_size 64,48 --estimator dots", "--estimator"),
        ("photos --name mine --image_size 64,48 --estimator movenet --pose_estimator none.json", "none.json"),
    ],
)
def test_wrong_words_are_one_sentence(photos, words, sentence):
    with pytest.raises(PgigError, match=sentence):
        make_dataset(words.split())
    assert not Path("data").exists()


def test_from_photos_to_trained_weights_and_scores(photos, estimator, program):
    """The file that is written is all that train.py and test.py need."""
    make(estimator, size=(128, 64))
    config = ("--config", "data/mine.toml", *NETWORK[2:])
    result = program("train", *config, *RUN[:8])
    assert result.code == 0 and "Number of images: 7" in result.out, result.err
    weights = Path("output/mine/epoch_000_generator.h5")
    assert weights.is_file()
    result = program("test", *config, "--generator_checkpoint", weights)
    assert result.code == 0, result.err
    made = {path.name for path in Path("output/mine/generated").glob("*.png")}
    assert made == {f"{source}_{target}.png" for source, target in tables("test")[1]}


def test_with_the_real_estimator(work):
    if missing := what_is_missing("movenet-thunder"):
        pytest.skip(missing)
    pictures = Path(__file__).resolve().parents[2] / "data/demo-dataset/test"
    chosen = sorted(pictures.glob("0065_*"))[:3] + sorted(pictures.glob("0066_*"))[:3]
    Path("photos").mkdir()
    for path in chosen:
        shutil.copy(path, "photos")
    make_dataset(["photos", "--name", "mine", "--image_size", "128,64", "--identity", r"^(\d+)_", "--crop", "none"])
    known = read_annotations(pictures.parents[1] / "demo-annotation-test.csv")
    for split in ("train", "test"):
        table, pairs = tables(split)
        assert len(pairs) == 6
        for name, keypoints in zip(table.names, table.keypoints, strict=True):
            other = known.keypoints[known.names.index(name.partition("_")[2].replace("-", "_")[:-4] + ".jpg")]
            both = (keypoints[:, 2] > 0) & (other[:, 2] > 0)
            assert np.median(np.hypot(*(keypoints - other)[both, :2].T)) < 5
