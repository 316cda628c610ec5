import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import create_dataset_for_reid
from pgig.data.pairs import read_pairs
from pgig.errors import DataError, OptionsError
from pgig.generate.reid import draw_pairs, training_list
from pgig.pose.files import read_annotations, write_annotations

ROOT = Path(__file__).resolve().parents[2]


def poses(count, valid=True):
    return np.full((count, 18, 3), 1 if valid else 0, np.float32)


def test_every_valid_image_is_a_source_twice_with_different_targets():
    names = [f"{person:04}_{n}.jpg" for person in (1, 2) for n in range(3)] + ["0003_0.jpg", "-1_0.jpg", "0000_0.jpg"]
    keypoints = np.concatenate([poses(6), poses(1, valid=False), poses(2)])
    pairs = draw_pairs(names, keypoints, seed=1)
    assert [source for source, _ in pairs] == [name for name in names[:6] for _ in range(2)]
    for first, second in zip(pairs[::2], pairs[1::2], strict=True):
        assert first[1] != second[1]
    assert {target for _, target in pairs} <= set(names[:6])
    assert pairs == draw_pairs(names, keypoints, seed=1) != draw_pairs(names, keypoints, seed=2)


def test_targets_are_drawn_evenly():
    names = [f"{n}.jpg" for n in range(400)]
    drawn = Counter(target for _, target in draw_pairs(names, poses(400)))
    assert max(drawn.values()) < 12 and len(drawn) > 300


def test_one_valid_image_is_too_few():
    with pytest.raises(DataError, match="Only 1 training image has"):
        draw_pairs(["a.jpg", "b.jpg"], np.concatenate([poses(1), poses(1, valid=False)]))


def test_people_are_numbered_in_the_order_of_the_names():
    names = ["0007_c1s6_01g2.jpg", "0007_c1s6_01.jpg", "0002_c1s1_01.jpg", "-1_c1s1_01.jpg"]
    assert training_list(names).splitlines() == [
        "dataset/bounding_box_train/-1_c1s1_01.jpg 0",
        "dataset/bounding_box_train/0002_c1s1_01.jpg 1",
        "dataset/bounding_box_train/0007_c1s6_01.jpg 2",
        "dataset/bounding_box_train/0007_c1s6_01g2.jpg 2",
    ]


@pytest.fixture
def market(work):
    """Flags of a small data set in the working directory: four valid training images, one of them without
    picture, one image with an incomplete pose, and one with no annotation."""
    table = read_annotations(ROOT / "data" / "demo-annotation-train.csv")
    good = [row for row in range(len(table)) if table.keypoints[row, [2, 5, 8, 11], 2].all()][:4]
    bad = next(row for row in range(len(table)) if not table.keypoints[row, [2, 5, 8, 11], 2].all())
    rows = [*good, bad]
    folder = work / "market" / "train"
    folder.mkdir(parents=True)
    names = [table.names[row] for row in rows]
    for name in [*names[1:], "0064_c1s1_006400_00.jpg"]:
        shutil.copy(ROOT / "data" / "demo-dataset" / "train" / name, folder)
    write_annotations("train.csv", names, table.keypoints[rows])
    write_annotations("test.csv", [], np.zeros((0, 18, 3)))
    flags = ["--images_dir_train", "market/train", "--annotations_file_train", "train.csv"]
    return names, [*flags, "--annotations_file_test", "test.csv", "--use_records", "0"]


def test_the_data_set(market, flags, capsys):
    names, paths = market
    words = [*flags, *paths, "--generated_images_dir", "out"]
    create_dataset_for_reid.main([*words, "--test_limit", "2"])
    assert len(list(Path("out").glob("*g?.jpg"))) == 2
    create_dataset_for_reid.main(words)
    assert "4 of 6 images are to be generated" in capsys.readouterr().out

    pairs = read_pairs("data/demo-re-id-pairs.csv")
    sources = [name for name in names[1:4] for _ in range(2)]
    assert [source for source, _ in pairs] == sources
    made = [source.replace(".jpg", f"g{n}.jpg") for n, source in enumerate(sources, start=1)]
    real = [path.name for path in Path("market/train").iterdir()]
    assert sorted(path.name for path in Path("out").glob("*.jpg")) == sorted(made + real)
    for name in made:
        with Image.open(Path("out", name)) as picture:
            assert (picture.format, picture.size, picture.mode) == ("JPEG", (64, 128), "RGB")
    for name in real:
        assert Path("out", name).read_bytes() == Path("market/train", name).read_bytes()

    lines = [line.split(" ") for line in Path("train.txt").read_text().splitlines()]
    assert [path for path, _ in lines] == [f"dataset/bounding_box_train/{name}" for name in sorted(made + real)]
    labels = {path.rpartition("/")[2].partition("_")[0]: int(label) for path, label in lines}
    assert list(labels.values()) == list(range(len(labels)))


def test_started_again_it_generates_only_what_is_missing(market, flags):
    words = [*flags, *market[1], "--generated_images_dir", "out"]
    create_dataset_for_reid.main(words)
    made = sorted(Path("out").glob("*g?.jpg"))
    first, kept = made[0].read_bytes(), [path.stat().st_mtime_ns for path in made[1:]]
    made[0].unlink()
    create_dataset_for_reid.main(words)
    assert made[0].read_bytes() == first
    assert [path.stat().st_mtime_ns for path in made[1:]] == kept


def test_images_of_another_run_are_not_mixed_in(market, flags):
    words = [*flags, *market[1], "--generated_images_dir", "out", "--test_limit", "1"]
    create_dataset_for_reid.main(words)
    for changed in (["--seed", "1"], ["--use_dropout_test", "1"]):
        with pytest.raises(DataError, match="not made by this program from the same"):
            create_dataset_for_reid.main([*words, *changed])
    with pytest.raises(DataError, match="market/train holds pictures"):
        create_dataset_for_reid.main([*flags, *market[1], "--generated_images_dir", "market/train"])


def test_a_checkpoint_is_needed(market):
    with pytest.raises(OptionsError, match="create_dataset_for_reid.py needs --generator_checkpoint"):
        create_dataset_for_reid.main(market[1])
