"""Archives with poses as data sets: the choice of the person, pairs, damaged and hostile archives."""

import io
import pickle
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pgig.config import Shared
from pgig.data.archive_poses import choose_joints
from pgig.data.authors_order import converter_pairs, new_draws
from pgig.data.check import check
from pgig.data.df_zip import prepare
from pgig.data.pairs import read_pairs
from pgig.data.paths import data_paths
from pgig.errors import DataError, StorageError
from pgig.pose.files import read_annotations
from tests.conftest import file_size_limit
from tests.data import python2_text

SIZE = (32, 32)
TRAIN = ("id1_1.jpg", "id1_2.jpg", "id1_3.jpg", "id2_1.jpg", "id2_2.jpg", "id3_1.jpg")
TEST = ("id4_1.jpg", "id4_2.jpg", "id4_3.jpg", "id5_1.jpg")


def candidates(x, y, person=0):
    """OpenPose's candidates of somebody whose joints go down from (x, y)."""
    return [[(np.int64(x), np.int64(y + joint), np.float64(0.5), 18 * person + joint)] for joint in range(18)]


def row(person, score, parts=18):
    return [*range(18 * person, 18 * person + 18), score, parts]


def picture(seed):
    file = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (*SIZE, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(file, "JPEG")
    return file.getvalue()


def contents():
    """{path inside: bytes} of a small DF_img_pose. One training picture has no pose."""
    files = {}
    for folder, names in (("train", TRAIN), ("train_flip", TRAIN[:3]), ("test", TEST), ("test_samples", TEST[:2])):
        for number, name in enumerate(names):
            files[f"DF_img_pose/filted_up_{folder}/{name}"] = picture([len(folder), number])
    for end, names, x in (("", (*TRAIN[:-1], *TEST), 3), ("_Flip", TRAIN[:3], SIZE[1] - 4)):
        tables = {name: candidates(x, number) for number, name in enumerate(names)}
        people = {name: np.array([row(0, 9.0)]) for name in names}
        files[f"DF_img_pose/PoseFiltered/all_peaks_dic_DeepFashion{end}.p"] = python2_text.dumps(tables)
        files[f"DF_img_pose/PoseFiltered/subsets_dic_DeepFashion{end}.p"] = python2_text.dumps(people)
    return files


@pytest.fixture
def work(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return data_paths(Shared(dataset="fasion", image_size="32,32"))


def make(files, path="DF_img_pose.zip"):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.mkdir("DF_img_pose")
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def run(paths, files=None, **options):
    return prepare(make(files or contents()), paths, **{"progress": False} | options)


def test_an_archive_becomes_a_data_set(work):
    text = run(work)
    for part in (
        "filted_up_train: 6 pictures make 8 pairs; 5 pictures have a pose and make 8 pairs.",
        "filted_up_train_flip: 3 pictures make 6 pairs",
        "filted_up_test: 4 pictures make 6 pairs",
        "Published: 97854 training pairs and 77538 mirrored ones.",
        "14 pairs: data/fasion-pairs-train.csv",
    ):
        assert part in text
    pairs = read_pairs(work.pairs_file_train)
    assert set(pairs[:8]) == {(a, b) for a in TRAIN[:5] for b in TRAIN[:5] if a != b and a[:3] == b[:3]}
    assert pairs[8] == ("id1_1_flip.jpg", "id1_2_flip.jpg")
    table = read_annotations(work.annotations_file_train)
    assert len(table) == 8
    for name, x in (("id1_3.jpg", 3), ("id1_3_flip.jpg", SIZE[1] - 4)):
        pose = table.keypoints[table.names.index(name)]
        np.testing.assert_array_equal(pose, [(2 + joint, x, 1) for joint in range(18)])
    mirrored = contents()["DF_img_pose/filted_up_train_flip/id1_1.jpg"]
    assert Path(work.images_dir_train, "id1_1_flip.jpg").read_bytes() == mirrored
    assert not any(finding.stops for finding in check(work, progress=False))
    with pytest.raises(DataError, match="exists already"):
        run(work)


def test_a_folder_is_as_good_as_the_archive(work):
    text = run(work)
    shutil.move("data", "first")
    zipfile.ZipFile("DF_img_pose.zip").extractall()
    assert prepare("DF_img_pose", work, progress=False) == text
    first = {path.relative_to("first"): path.read_bytes() for path in Path("first").rglob("*") if path.is_file()}
    assert first == {path.relative_to("data"): path.read_bytes() for path in Path("data").rglob("*") if path.is_file()}


def test_other_test_pictures(work):
    run(work, test="samples")
    assert len(read_pairs(work.pairs_file_test)) == 2
    shutil.rmtree("data")
    run(work, test_pairs=4, seed=1)
    few = read_pairs(work.pairs_file_test)
    assert len(few) == 4
    shutil.rmtree("data")
    files = contents()
    files |= {name.replace("filted_up_test/", "filted_up_test_seq/"): data for name, data in files.items()}
    run(work, files, test="sequence")
    assert len(read_pairs(work.pairs_file_test)) == 16


def test_the_order_of_the_converters(work):
    run(work, order="original", test_pairs=3)
    pairs = read_pairs(work.pairs_file_train)
    draws = new_draws()
    flipped = [name.replace(".jpg", "_flip.jpg") for name in TRAIN[:3]]
    plain = converter_pairs(TRAIN, draws)
    assert pairs == [*converter_pairs(flipped, draws), *plain]
    assert read_pairs(work.pairs_file_test) == converter_pairs(TEST, new_draws())[:3]
    shutil.rmtree("data")
    run(work, order="original", test="samples")
    assert read_pairs(work.pairs_file_test) == [TEST[:2], TEST[1::-1]]


def test_market(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths = data_paths(Shared(dataset="market", image_size="32,32"))
    junk = [f"-1_c1_{number:05}.jpg" for number in range(6617)]
    files = {f"M/bounding_box_test/{name}": b"" for name in junk}
    names = {"train": ("0002_c1.jpg", "0002_c2.jpg"), "test_clean": ("0003_c1.jpg", "0003_c2.jpg")}
    for end, pictures in names.items():
        folder = f"M/bounding_box_{end.split('_')[0]}"
        files |= {f"{folder}/{name}": picture(number) for number, name in enumerate(pictures)}
        poses = {name: candidates(1, 1) for name in pictures}
        people = {name: np.array([row(0, 9.0)]) for name in pictures}
        files[f"M/Market-1501_PoseFiltered/all_peaks_dic_Market-1501_{end}.p"] = python2_text.dumps(poses)
        files[f"M/Market-1501_PoseFiltered/subsets_dic_Market-1501_{end}.p"] = pickle.dumps(people, 2)
    text = run(paths, files)
    assert "no mirrored pictures" in text and "Published" not in text
    assert sorted(path.name for path in Path(paths.images_dir_test).iterdir()) == list(names["test_clean"])
    with pytest.raises(DataError, match="choose another --test"):
        shutil.rmtree("data")
        run(paths, files, test="sequence")


def test_the_person_of_the_highest_score():
    both = [first + second for first, second in zip(candidates(1, 0), candidates(9, 5, person=1), strict=True)]
    both[3].append((20, 20, 0.1, 18 + 3))
    both[4] = both[4][:1]
    people = np.array([row(0, 3.0), row(1, 7.5), row(0, 7.5)])
    joints = choose_joints(both, people)
    assert joints[0].tolist() == [5, 9, 1] and joints[3].tolist() == [20, 20, 1] and joints[4].tolist() == [-1, -1, 0]
    for chosen in (choose_joints(both, people, first=True), choose_joints(both, np.zeros((0, 20)))):
        assert chosen[:, 1].tolist() == [1] * 18
    below = np.array([row(1, -1.0)])
    assert choose_joints(both, below)[0].tolist() == [0, 1, 1]
    assert choose_joints([[]] * 19, people)[:, 2].sum() == 0


def replaced(name, data):
    def change(files):
        key = next(key for key in files if key.endswith(name))
        files[key] = data

    return change


def moved(old, new):
    def change(files):
        for key in [key for key in files if old in key]:
            files[key.replace(old, new)] = files.pop(key)

    return change


POSES = "all_peaks_dic_DeepFashion.p"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (moved("filted_up_train/", "elsewhere/"), "no pictures in a folder filted_up_train"),
        (moved(POSES, "other.p"), f"no PoseFiltered/{POSES}"),
        (replaced(POSES, b"cposix\nsystem\n(S'true'\ntR."), "posix.system"),
        (replaced(POSES, b"(dS'id1"), "no readable pickle of poses"),
        (replaced(POSES, python2_text.dumps([1])), "instead of a table"),
        (replaced(POSES, python2_text.dumps({"id1_1.jpg": [[1]] * 18})), "pose of id1_1.jpg"),
        (replaced(POSES, python2_text.dumps({"id1_1.jpg": [[]] * 17})), "pose of id1_1.jpg"),
        (replaced("subsets_dic_DeepFashion.p", python2_text.dumps({"id1_1.jpg": [1]})), "pose of id1_1.jpg"),
        (replaced("filted_up_train/id1_1.jpg", b"\xff\xd8 damaged"), "id1_1.jpg is not a readable"),
        (moved("filted_up_train/id1_1", "filted_up_train/a\\b"), "plain file name"),
        (moved("filted_up_train/id1_1", "filted_up_train/a:b"), "plain file name"),
    ],
)
def test_damaged_archives_leave_nothing_behind(work, change, sentence):
    files = contents()
    change(files)
    with pytest.raises(DataError, match=sentence):
        run(work, files)
    assert not list(Path("data").rglob("*.*"))


def test_paths_inside_an_archive_lead_nowhere(work):
    files = contents()
    moved("DF_img_pose/", "../../../DF_img_pose/")(files)
    files["/filted_up_train/../../evil.jpg"] = picture(1)
    files["__MACOSX/filted_up_train/._id1_1.jpg"] = b"x"
    before = set(Path("..").iterdir())
    run(work, files)
    assert set(Path("..").iterdir()) == before
    assert not list(Path(".").rglob("evil.jpg")) and len(list(Path(work.images_dir_train).iterdir())) == 8


def test_archives_that_cannot_be_read(work):
    with pytest.raises(DataError, match="absent.zip cannot be read"):
        prepare("absent.zip", work)
    Path("text.zip").write_text("no archive")
    with pytest.raises(DataError, match="no sound zip archive"):
        prepare("text.zip", work)
    whole = Path(make(contents())).read_bytes()
    place = whole.index(b"filted_up_train/id1_1.jpg") + 60
    Path("damaged.zip").write_bytes(whole[:place] + b"damage" + whole[place + 6 :])
    with pytest.raises(DataError, match=r"filted_up_train/id1_1.jpg of damaged.zip cannot be read"):
        prepare("damaged.zip", work, progress=False)
    with file_size_limit(100), pytest.raises(StorageError, match="No space"):
        prepare("DF_img_pose.zip", work, progress=False)
    assert not list(Path("data").rglob("*.*"))
    with zipfile.ZipFile("DF_img_pose.zip", "a") as archive:
        archive.writestr("again/filted_up_train/id1_1.jpg", b"x")
    with pytest.raises(DataError, match="id1_1.jpg more than once"):
        prepare("DF_img_pose.zip", work, progress=False)
