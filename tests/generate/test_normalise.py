import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pgig.cli.normalise import normalise
from pgig.cli.options import parse
from pgig.data.images import decode
from pgig.errors import DataError, OptionsError
from pgig.generate.normalise import PoseStream, rendered_name, source_folder
from pgig.pose.canonical import read_canonical_poses, write_canonical_poses
from pgig.pose.check import is_valid
from pgig.pose.files import read_annotations, write_annotations

ROOT = Path(__file__).resolve().parents[2]
SIZE = (128, 64)


@pytest.fixture
def pictures(work, flags):
    """In the working directory: three training pictures of two persons, one of which has no row in the table; two of
    the poses of the package; and flags that name all these.
    """
    table = read_annotations(ROOT / "data" / "demo-annotation-train.csv")
    valid = [name for name, usable in zip(table.names, is_valid(table.keypoints), strict=True) if usable]
    names = [next(name for name in valid if name.startswith(person)) for person in ("0003", "0001", "0002")]
    folder = work / "demo" / "train"
    folder.mkdir(parents=True)
    for name in names:
        shutil.copy(ROOT / "data" / "demo-dataset" / "train" / name, folder)
    rows = [table.names.index(name) for name in names[:2]]
    write_annotations("train.csv", names[:2], table.keypoints[rows])
    poses = read_canonical_poses()
    write_canonical_poses("poses.json", type(poses)(poses.joints[:2], poses.pictures[:2], poses.members[:2]))
    paths = ["--images_dir_train", "demo/train", "--images_dir_test", "demo/test", "--poses", "poses.json"]
    paths += ["--annotations_file_train", "train.csv", "--annotations_file_test", "none.csv"]
    return sorted(names), [*flags, *paths, "--generated_images_dir", "out", "--test_batch_size", "4"]


def made():
    return {path.name: path.read_bytes() for path in sorted(Path("out").glob("*.png"))}


def test_every_picture_in_every_pose(pictures, capsys):
    names, words = pictures
    normalise([*words, "--split", "train"])
    out = capsys.readouterr().out
    assert "6 of 6 pictures are to be rendered: 3 in 2 poses." in out
    assert "Of 1 of 3 pictures no pose with shoulders and hips is known" in out
    expected = [f"{Path(name).stem}_to_{pose}.png" for name in names for pose in (1, 2)]
    assert list(made()) == expected
    for name in expected:
        with Image.open(Path("out", name)) as picture:
            assert (picture.format, picture.size, picture.mode) == ("PNG", SIZE[::-1], "RGB")
    # The poses show: a picture differs from pose to pose.
    assert len(set(made().values())) == 6
    lines = Path("out", "train.txt").read_text().splitlines()
    assert lines == [f"dataset/bounding_box_train/{name} {label // 2}" for label, name in enumerate(expected)]

    # Started again, it renders what is missing, and never what is made from something else.
    whole = made()
    Path("out", expected[1]).unlink()
    before = Path("out", expected[0]).stat().st_mtime_ns
    normalise([*words, "--split", "train"])
    assert "1 of 6 pictures are to be rendered" in capsys.readouterr().out
    assert made() == whole and Path("out", expected[0]).stat().st_mtime_ns == before
    write_canonical_poses("others.json", read_canonical_poses())
    for changed in (["--normalise", "minmax"], ["--poses", "others.json"]):
        with pytest.raises(DataError, match="not made by this program from the same"):
            normalise([*words, "--split", "train", *changed])


def test_pictures_of_any_size_and_their_minimum_and_maximum(pictures):
    names, words = pictures
    Path("other").mkdir()
    with Image.open(Path("demo/train", names[0])) as picture:
        picture.resize((48, 100)).save("other/001_45.bmp")
    normalise([*words, "--images", "other", "--prefix", "c1_", "--normalise", "minmax"])
    assert list(made()) == ["c1_001_45_to_1.png", "c1_001_45_to_2.png"]
    for data in made().values():
        pixels = decode(data, SIZE, "picture")
        assert (pixels.min(), pixels.max()) == (0, 255)
    assert not Path("out", "train.txt").exists()


def test_batches_of_poses(pictures):
    names, _ = pictures
    folder = Path("demo/train")
    with Image.open(folder / names[0]) as picture:
        double = picture.resize((128, 256), Image.Resampling.NEAREST)
    double.save("double.png")
    shutil.move("double.png", folder)
    pose = np.tile(np.float32((20, 10, 1)), (18, 1))
    pose[0] = -1, -1, 0
    joints = read_canonical_poses().at_size(SIZE)
    pairs = [(names[0], 1), (names[0], 3), ("double.png", 2)]
    stream = PoseStream(folder, pairs, {names[0]: pose, "double.png": pose}, joints, SIZE)
    first, second = stream.finite(2)
    assert len(stream) == 3 and len(list(stream.finite(2, limit=1))) == 1
    assert first["source_name"].tolist() == [names[0]] * 2 and first["target_name"].tolist() == ["1", "3"]
    np.testing.assert_array_equal(first["target_keypoints"], joints[[0, 2]])
    np.testing.assert_array_equal(first["source_keypoints"], [pose, pose])
    np.testing.assert_array_equal(second["source_keypoints"][0, :2], [(-1, -1, 0), (10, 5, 1)])
    original, halved = first["source_pixels"][0].astype(int), second["source_pixels"][0].astype(int)
    assert np.abs(original - halved).mean() < 8


def test_where_the_pictures_of_a_split_lie():
    data = parse(["--dataset", "market"]).data
    assert [str(source_folder(data, split)) for split in ("train", "test", "query")] == [
        "data/market-dataset/train", "data/market-dataset/test", "data/market-dataset/query",
    ]  # fmt: skip
    assert rendered_name("a/0001_c1.b.jpg", 7) == "0001_c1.b_to_7.png"


def test_mistakes(pictures):
    names, words = pictures
    with pytest.raises(DataError, match="demo/test is no folder: name the folder of the pictures with --images"):
        normalise(words)
    with pytest.raises(OptionsError, match="canonical poses have none"):
        normalise([*words, "--use_bg", "1"])
    with pytest.raises(OptionsError, match="--prefix 'a/b' must be part of a file name"):
        normalise([*words, "--prefix", "a/b"])
    shutil.copy(Path("demo/train", names[0]), Path("demo/train", names[0]).with_suffix(".png"))
    with pytest.raises(DataError, match="whose rendered pictures would have one name"):
        normalise([*words, "--split", "train"])
    with pytest.raises(OptionsError, match="pgig normalise needs --generator_checkpoint"):
        normalise(["--dataset", "demo"])
