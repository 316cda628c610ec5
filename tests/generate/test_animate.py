import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import demo
from pgig.data.pairs import read_pairs
from pgig.errors import DataError, MissingPackageError, OptionsError, PgigError
from pgig.generate.sequence import carried_over, prepare, read_sequence
from pgig.layouts.triptych import list_triptychs, read_triptych
from pgig.pose.files import read_annotations, write_annotations

OWN = ["--source_image", "photo.jpg", "--target_images", "frames", "--keypoints", "keypoints.csv"]


def test_missing_joints_come_from_the_frame_before():
    poses = np.tile(np.float32([-1, -1, 0]), (4, 18, 1))
    poses[1, 3] = 10, 20, 1
    poses[3, 3] = 30, 40, 1
    filled = carried_over(poses)
    assert filled[:, 3].tolist() == [[-1, -1, 0], [10, 20, 1], [10, 20, 1], [30, 40, 1]]
    assert (filled[:, 4, 2] == 0).all()


def test_a_walk(walk, flags, capsys):
    demo.main([*flags, *OWN, "--fps", "10"])

    # The first frame has no hip, and none before it to take one from.
    pairs = [("photo.jpg", name) for name in walk[1:]]
    assert read_pairs("data/tmp-pairs-test.csv") == pairs
    assert [names[:2] for names in map(tuple, list_triptychs("output/generated_images"))] == sorted(pairs)
    assert "5 frames" in capsys.readouterr().out
    with Image.open("output/demo.gif") as film:
        assert (film.n_frames, film.size, film.info["duration"]) == (5, (192, 128), 100)

    table = read_annotations("data/tmp-annotation-test.csv")
    poses = dict(zip(table.names, table.keypoints, strict=True))
    assert (poses[walk[2]][0] == poses[walk[1]][0]).all()
    for file in ("data/tmp-annotation-train.csv", "data/tmp-pairs-train.csv"):
        assert Path(file).read_text().count("\n") == 1

    # Pictures of the right size come through unchanged; the third panel is the network's.
    _, target, path = list_triptychs("output/generated_images")[0]
    source_pixels, target_pixels, _ = read_triptych(path, (128, 64))
    for pixels, file in ((source_pixels, "photo.jpg"), (target_pixels, f"frames/{target}")):
        np.testing.assert_array_equal(pixels, np.asarray(Image.open(file)))


def test_pictures_of_any_size_are_resized_with_their_keypoints(walk, flags):
    with Image.open("photo.jpg") as picture:
        picture.resize((160, 384)).save("photo.jpg")
    table = read_annotations("keypoints.csv")
    table.keypoints[-1, :, :2] *= np.where(table.keypoints[-1, :, 2:] > 0, (3, 2.5), 1)
    write_annotations("keypoints.csv", table.names, table.keypoints)
    demo.main([*flags, *OWN, "--test_limit", "1", "--video", "two.gif"])

    scaled = read_annotations("data/tmp-annotation-test.csv").keypoints
    seen = table.keypoints[-1, :, 2] > 0
    expected = np.trunc(np.rint(table.keypoints[-1, seen, :2]) / (3, 2.5))
    np.testing.assert_array_equal(scaled[-1, seen, :2], expected)
    seen = table.keypoints[1, :, 2] > 0
    np.testing.assert_array_equal(scaled[1, seen], table.keypoints[1, seen])
    assert len(list_triptychs("output/generated_images")) == 1


@pytest.mark.parametrize(
    "words, error, sentence",
    [
        (["--target_images", "absent"], DataError, "absent holds no pictures"),
        (["--source_image", "absent.jpg"], DataError, "no photo absent.jpg"),
        (["--keypoints", "absent.csv"], DataError, "absent.csv cannot be read"),
        (["--video", "walk.avi"], OptionsError, ".gif nor in .mp4"),
        (["--fps", "0"], OptionsError, "above 0"),
        (["--fps", "fast"], OptionsError, "--fps"),
        (["--width", "0.125"], PgigError, "trained with other flags"),
    ],
)
def test_wrong_flags_are_refused_before_anything_is_written(walk, flags, words, error, sentence):
    with pytest.raises(error, match=sentence):
        demo.main([*flags, *OWN, *words])
    assert not Path("data").exists() and not Path("output").exists()


def test_a_checkpoint_is_needed(walk):
    with pytest.raises(OptionsError, match="demo.py needs --generator_checkpoint"):
        demo.main(OWN)


def drop_row(walk):
    table = read_annotations("keypoints.csv")
    write_annotations("keypoints.csv", table.names[1:], table.keypoints[1:])


def repeat_names(walk):
    table = read_annotations("keypoints.csv")
    names = [*table.names, *(f"other/{name}" for name in walk)]
    write_annotations("keypoints.csv", names, np.concatenate([table.keypoints, table.keypoints[:-1]]))


def damage_frame(walk):
    Path("frames", walk[3]).write_bytes(b"no picture")


def move_joint_out(walk):
    table = read_annotations("keypoints.csv")
    table.keypoints[2, 4] = 128, 0, 1
    write_annotations("keypoints.csv", table.names, table.keypoints)


def hide_hips(rows):
    table = read_annotations("keypoints.csv")
    table.keypoints[rows, 8] = -1, -1, 0
    write_annotations("keypoints.csv", table.names, table.keypoints)


@pytest.mark.parametrize(
    "spoil, sentence",
    [
        (drop_row, "no row for"),
        (repeat_names, "one name in several folders"),
        (damage_frame, "not a readable"),
        (move_joint_out, "outside"),
        (lambda walk: shutil.copy("photo.jpg", "frames"), "name of a frame"),
        (lambda walk: hide_hips(slice(-1, None)), "photo.jpg lacks a shoulder or a hip"),
        (lambda walk: hide_hips(slice(0, -1)), "No frame in frames"),
    ],
)
def test_wrong_inputs_leave_the_last_data_set_as_it_was(walk, flags, spoil, sentence):
    kept = Path("data/tmp-dataset/test/earlier.jpg")
    kept.parent.mkdir(parents=True)
    kept.touch()
    spoil(walk)
    with pytest.raises(DataError, match=sentence):
        demo.main([*flags, *OWN])
    assert [path for path in Path("data").rglob("*") if path.is_file()] == [kept]


def test_an_mp4_without_encoder_is_refused_first(walk, monkeypatch):
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(MissingPackageError):
        demo.main([*OWN, "--video", "walk.mp4"])


def test_every_frame_gets_the_background(walk):
    Image.new("RGB", (100, 100), (10, 200, 30)).save("wall.png")
    paths, poses = read_sequence("photo.jpg", "frames", "keypoints.csv")
    prepare(paths, poses, "wall.png", (128, 64))
    walls = sorted(Path("data/tmp-dataset/test-bg").iterdir())
    assert [path.name for path in walls] == sorted(f"{path.stem}_BG.jpg" for path in paths)
    with Image.open(walls[0]) as picture:
        assert picture.size == (64, 128) and picture.getpixel((5, 5)) == (10, 200, 30)
