from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from pgig.data.check import check, main, require_trainable
from pgig.data.pairs import read_pairs, write_pairs
from pgig.errors import DataError
from pgig.pose.files import read_annotations, write_annotations
from tests.data.conftest import SIZE


def errors(paths, batch_size=4):
    return [finding.text for finding in check(paths, batch_size, progress=False) if finding.stops]


def options(paths, batch_size=4):
    return SimpleNamespace(data=paths, shared=SimpleNamespace(batch_size=batch_size))


def change_pose(path, row, joint, value):
    table = read_annotations(path)
    table.keypoints[row, joint] = value
    write_annotations(path, table.names, table.keypoints)


def test_a_good_data_set_has_no_errors(paths, capsys):
    require_trainable(paths, 4)
    main(options(paths))
    text = capsys.readouterr().out
    assert "9 rows: 9 with shoulders and hips" in text
    assert "Training would use 18 pairs, 4 batches of 4" in text
    assert "tiny can be used" in text and "ERROR" not in text


def outside(paths):
    change_pose(paths.annotations_file_train, 2, 7, (5, SIZE[1], 1))


def wrong_size(paths):
    Image.new("RGB", (5, 7)).save(Path(paths.images_dir_train, "1_0.png"))


def unknown_name(paths):
    write_pairs(paths.pairs_file_train, [*read_pairs(paths.pairs_file_train), ("1_1.jpg", "nobody.jpg")])


def no_picture(paths):
    Path(paths.images_dir_train, "2_1.jpg").unlink()


def bad_header(paths):
    Path(paths.annotations_file_train).write_text("name,y,x\n")


def bad_pair_row(paths):
    Path(paths.pairs_file_test).write_text("from,to\na.jpg\n")


def no_pairs(paths):
    write_pairs(paths.pairs_file_train, [])


def twice(paths):
    for split in (paths.annotations_file_train, paths.annotations_file_test):
        table = read_annotations(split)
        write_annotations(split, ["9_9.jpg", *table.names[1:]], table.keypoints)


def no_folders(paths):
    for folder in (paths.images_dir_train, paths.images_dir_test):
        Path(folder).rename(folder + "-away")


@pytest.mark.parametrize(
    "damage, sentence",
    [
        (outside, "1_2.jpg puts joint 7"),
        (wrong_size, "1_0.png is 7 x 5 pixels"),
        (unknown_name, "nobody.jpg"),
        (no_picture, "2_1.jpg"),
        (bad_header, "header"),
        (bad_pair_row, "line 2"),
        (no_pairs, "pairs"),
        (twice, "9_9.jpg"),
        (no_folders, "0 pictures|is not here"),
    ],
)
def test_what_stops_training_is_found_by_both(paths, damage, sentence):
    damage(paths)
    found = errors(paths)
    assert any(part in text for text in found for part in sentence.split("|")), found
    with pytest.raises(DataError) as error:
        require_trainable(paths, 4)
    assert any(part in str(error.value) for part in sentence.split("|")), error.value
    with pytest.raises(DataError, match="cannot be used as it is"):
        main(options(paths))


def test_a_batch_too_large_is_found(paths):
    assert any("18 pairs are fewer than one batch of 19" in text for text in errors(paths, 19))
    with pytest.raises(DataError, match="fewer than one batch of 19"):
        require_trainable(paths, 19)


def test_what_does_not_stop_training_is_noted(paths):
    change_pose(paths.annotations_file_train, 0, slice(None), (-1, -1, 0))
    Image.new("RGB", SIZE[::-1]).save(Path(paths.images_dir_test, "extra.jpg"))
    write_pairs(paths.pairs_file_test, [("4_0.jpg", "1_1.jpg")])
    texts = " ".join(finding.text for finding in check(paths, 4, progress=False))
    assert "1 without any joint" in texts
    assert "4 pairs of" in texts and "hold a pose without both shoulders and both hips" in texts
    assert "1 name a picture without annotation, never used: extra.jpg" in texts
    assert "1 pair of" in texts and "shows two different people" in texts
    assert errors(paths) == []


def test_an_unreadable_picture_is_found(paths):
    file = Path(paths.images_dir_test, "4_1.jpg")
    file.write_bytes(b"no picture")
    assert any("4_1.jpg is not a readable" in text for text in errors(paths))


def test_missing_tables_are_found(paths):
    paths = replace(paths, annotations_file_train="absent.csv", pairs_file_test="gone.csv")
    texts = " ".join(errors(paths))
    assert "absent.csv cannot be read" in texts and "gone.csv cannot be read" in texts


def test_all_joints_missing_everywhere_is_no_crash(paths):
    table = read_annotations(paths.annotations_file_test)
    write_annotations(paths.annotations_file_test, table.names, np.zeros_like(table.keypoints))
    assert errors(paths) == []
