import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pgig.cli.draw import draw
from pgig.data.photos import read_photo
from pgig.errors import DataError, OptionsError
from pgig.generate import draw_maps, draw_one
from pgig.generate.draw_poses import Poses, alone, matched, placed
from pgig.generate.draw_sheet import columns_for, titled_sheet
from pgig.generate.draw_skeleton import fitted, over_picture, scaled
from pgig.pose.files import read_annotations, write_annotations
from pgig.pose.formats import named_poses, read_pose
from pgig.pose.joints import COLOURS, INDEX
from pgig.pose.limbs import limb_masks
from pgig.pretrained.catalogue import what_is_missing

ROOT = Path(__file__).resolve().parents[2]
PICTURES, TABLE = ROOT / "data/demo-dataset/test", ROOT / "data/demo-annotation-test.csv"
NAMES = ["0065_c1s1_006500_00.jpg", "0065_c4s1_006509_00.jpg", "0065_c3s1_006502_00.jpg"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Three pictures of the demo set, a table that lacks the third, and a file that is no picture."""
    monkeypatch.chdir(tmp_path)
    Path("pictures").mkdir()
    for name in NAMES:
        shutil.copy(PICTURES / name, "pictures")
    Path("pictures/broken.jpg").write_bytes(b"no picture")
    table = read_annotations(TABLE)
    rows = [table.names.index(name) for name in NAMES[:2]]
    write_annotations("poses.csv", NAMES[:2], table.keypoints[rows])
    return Path("pictures")


def run(text):
    draw(text.split())


def written(path):
    with Image.open(path) as picture:
        return np.asarray(picture)


def subject(number=0):
    return Poses(TABLE).of_picture(PICTURES / NAMES[number])


def scene(number=0):
    one = subject(number)
    return draw_maps.Scene(one.pixels, one.keypoints, len(one.pixels))


# Skeletons and sheets ----------------------------------------------------------------------------------------------


def test_joints_have_their_colours_and_the_rest_is_the_picture():
    pixels = np.full((300, 200, 3), 77, np.uint8)
    keypoints = placed(named_poses()["t-pose"].keypoints, (300, 200))[0]
    keypoints[INDEX["Lank"]] = -1, -1, 0
    drawn = over_picture(pixels, keypoints)
    for joint in (INDEX[name] for name in ("Rwri", "Lwri", "Rkne", "Rank")):
        y, x = np.rint(keypoints[joint, :2]).astype(int)
        assert drawn[y, x].tolist() == list(COLOURS[joint])
    middle = np.rint(keypoints[[INDEX["Rkne"], INDEX["Rank"]], :2].mean(axis=0)).astype(int)
    assert drawn[tuple(middle)].tolist() == list(COLOURS[INDEX["Rank"]])
    changed = (drawn != pixels).any(axis=-1)
    assert 0.01 < changed.mean() < 0.1 and not changed[:10].any() and (pixels == 77).all()


def test_what_is_outside_or_missing_is_left_out():
    pixels = np.zeros((20, 20, 3), np.uint8)
    nobody = np.tile(np.float32([-1, -1, 0]), (18, 1))
    np.testing.assert_array_equal(over_picture(pixels, nobody), pixels)
    far = nobody.copy()
    far[:2] = [[-4000, 10, 1], [-3000, 10, 1]]
    np.testing.assert_array_equal(over_picture(pixels, far), pixels)


def test_keypoints_follow_their_picture():
    pixels = np.zeros((40, 30, 3), np.uint8)
    pixels[10, 20] = 255
    large, factors = fitted(pixels, 400)
    assert large.shape == (400, 300, 3) and factors.tolist() == [10, 10]
    (y, x, _), missing = scaled([[10, 20, 1], [-1, -1, 0]], factors)
    rows, columns = np.nonzero(large[..., 0] > 128)
    assert abs(rows.mean() - y) < 0.5 and abs(columns.mean() - x) < 0.5
    assert missing.tolist() == [-1, -1, 0]
    assert fitted(np.zeros((10, 1000, 3), np.uint8), 100)[0].shape == (2, 200, 3)


def test_sheets_hold_all_pictures():
    cells = [(f"a long title of number {n}", np.full((30 + n, 40 - n, 3), 10 * n, np.uint8)) for n in range(1, 6)]
    sheet = titled_sheet(cells, 3)
    for number in range(1, 6):
        assert (sheet == 10 * number).all(axis=-1).sum() >= (30 + number) * (40 - number)
    assert (sheet[:3] == 255).all() and sheet.shape[1] == 39 + 38 + 37 + 4 * 8
    assert columns_for([pixels for _, pixels in cells]) in (2, 3)
    assert columns_for([cells[0][1]]) == 1


# Poses -------------------------------------------------------------------------------------------------------------


def test_poses_are_placed_in_the_middle_and_keep_their_shape():
    pose = named_poses()["star"].keypoints
    for size in ((256, 100), (100, 256), None):
        keypoints, canvas = placed(pose, size)
        low, high = keypoints[:, :2].min(axis=0), keypoints[:, :2].max(axis=0)
        assert (low > 0).all() and (high < np.array(canvas)).all()
        np.testing.assert_allclose((low + high) / 2, (np.array(canvas) - 1) / 2, atol=0.6)
        factors = np.ptp(keypoints[:, :2], axis=0) / np.ptp(pose[:, :2], axis=0)
        assert factors[0] == pytest.approx(factors[1], rel=1e-4)


def test_a_pose_of_its_own_picture_stays_in_place():
    pose = read_pose(f"{TABLE}:{NAMES[0]}")
    one = alone(pose, (128, 64), "white")
    np.testing.assert_array_equal(one.keypoints, pose.keypoints)
    assert one.pixels.shape == (128, 64, 3) and (one.pixels == 255).all() and one.fixed and not one.has_picture
    assert not alone(pose).fixed


def test_poses_are_matched_by_their_torsos():
    source, target = named_poses()["standing-front"].keypoints, placed(named_poses()["running"].keypoints)[0]
    moved = matched(source, target)

    def torso(pose):
        hips = pose[[INDEX["Rhip"], INDEX["Lhip"]], :2].mean(axis=0)
        return hips, np.hypot(*(pose[[INDEX["Rsho"], INDEX["Lsho"]], :2].mean(axis=0) - hips))

    np.testing.assert_allclose(torso(moved)[0], torso(target)[0], rtol=1e-5)
    assert torso(moved)[1] == pytest.approx(torso(target)[1], rel=1e-5)
    # Without a hip: as boxes.
    lame = target.copy()
    lame[INDEX["Rhip"]] = -1, -1, 0
    boxes = [pose[pose[:, 2] > 0, :2] for pose in (matched(source, lame), lame)]
    assert np.hypot(*np.ptp(boxes[0], axis=0)) == pytest.approx(np.hypot(*np.ptp(boxes[1], axis=0)), rel=1e-5)


def test_a_pose_of_another_picture_is_refused_or_enlarged(tmp_path):
    points = [[10 + n, 20 + 2 * n, 1] for n in range(18)]
    document = '{"people": [{"pose_keypoints_2d": %s}], "canvas_height": %d, "canvas_width": %d}'
    flat = [value for point in points for value in point]
    path = tmp_path / "pose.json"
    path.write_text(document % (flat, 64, 32))
    twice = Poses().of_picture(PICTURES / NAMES[0], path)
    assert twice.keypoints[0].tolist() == [40.5, 20.5, 1]
    path.write_text(document % (flat, 64, 64))
    with pytest.raises(DataError, match="64 x 64 pixels.*128 x 64"):
        Poses().of_picture(PICTURES / NAMES[0], path)
    far = [value + 100 * (number % 3 == 0) for number, value in enumerate(flat)]
    path.write_text(document % (far, 128, 64))
    assert "18 of them lie outside" in Poses().of_picture(PICTURES / NAMES[0], path).note


# What networks are shown -------------------------------------------------------------------------------------------


def test_heat_is_brightest_and_of_its_colour_at_the_joint():
    one = subject()
    keypoints = np.tile(np.float32([-1, -1, 0]), (18, 1))
    keypoints[INDEX["Rkne"]] = 90, 30, 1
    drawn = draw_maps.heat(draw_maps.Scene(one.pixels, keypoints, 128)).astype(int)
    assert np.abs(drawn[90, 30] - COLOURS[INDEX["Rkne"]]).max() < 40
    nothing = draw_maps.heat(draw_maps.Scene(one.pixels, 0 * keypoints, 128)).astype(int)
    changed = np.abs(drawn - nothing).max(axis=-1) > 8
    assert changed[80:100, 22:38].all() and not changed[:60].any()


@pytest.mark.parametrize("kind", ["limbs", "mask"])
def test_masks_are_where_the_body_is(kind):
    one = scene()
    drawn, empty = (
        getattr(draw_maps, kind)(draw_maps.Scene(one.pixels, keypoints, 128)).astype(int)
        for keypoints in (one.keypoints, 0 * one.keypoints)
    )
    changed = np.abs(drawn - empty).max(axis=-1) > 0
    limb = np.rint(one.keypoints[[INDEX["Rkne"], INDEX["Rank"]], :2].mean(axis=0)).astype(int)
    assert changed[tuple(limb)] and 0.05 < changed.mean() < 0.5 and drawn.shape == one.pixels.shape


def test_maps_do_not_depend_on_the_size_that_they_are_looked_at():
    one = subject()
    large, factors = fitted(one.pixels, 384)
    for kind in ("heat", "mask"):
        small = getattr(draw_maps, kind)(scene())
        shown = getattr(draw_maps, kind)(draw_maps.Scene(large, scaled(one.keypoints, factors), 128))
        assert shown.shape == (384, 192, 3)
        assert np.abs(shown[1::3, 1::3].astype(int) - small).mean() < 12


def test_limbs_in_the_same_pose_stay_in_place():
    one = scene()
    drawn = draw_maps.warp(one, one.keypoints)
    masks = np.asarray(limb_masks(one.keypoints[None], one.size))[0, 1:]
    covered = masks.any(axis=0)
    assert (drawn[~covered] == 0).all()
    same = (drawn == one.pixels).all(axis=-1)
    assert same[covered].mean() > 0.95
    assert (draw_maps.warp(one, one.keypoints, body=True) == one.pixels).mean() > 0.95


def test_limbs_go_where_the_target_is():
    one, other = scene(), scene(1)
    drawn = draw_maps.warp(one, other.keypoints)
    covered = np.asarray(limb_masks(other.keypoints[None], one.size))[0, 1:].any(axis=0)
    assert (drawn[~covered] == 0).all() and drawn[covered].any(axis=-1).mean() > 0.9


def test_a_sheet_of_all():
    one, goal = subject(), subject(1)
    small, large = draw_one.drawing(one, "all", 128), draw_one.drawing(one, "all", 128, goal)
    assert small.shape[1] == large.shape[1] == 5 * 64 + 6 * 8 and large.shape[0] > 1.9 * small.shape[0]
    bare = draw_one.drawing(alone(read_pose("sitting")), "all", 128, None)
    assert bare.shape[1] < large.shape[1]


# The program -------------------------------------------------------------------------------------------------------


def test_a_picture_by_table_row_and_by_file(folder, capsys):
    run(f"pictures/{NAMES[0]} --annotations poses.csv -o drawn.png")
    run(f"pictures/{NAMES[0]} --pose poses.csv:{NAMES[0]} -o again.png --height 512")
    drawn = written("drawn.png")
    assert drawn.shape == (512, 256, 3)
    np.testing.assert_array_equal(drawn, written("again.png"))
    plain = fitted(read_photo(folder / NAMES[0]), 512)[0]
    assert 0.01 < (drawn != plain).any(axis=-1).mean() < 0.2
    assert "joints were found" in capsys.readouterr().out


def test_limbs_of_a_picture_in_a_named_pose(folder):
    run(f"pictures/{NAMES[0]} --annotations poses.csv --kind warp --target a-pose -o warp.png --height 128")
    drawn = written("warp.png")
    assert drawn.shape == (128, 64, 3) and 0.1 < drawn.any(axis=-1).mean() < 0.9
    run(f"pictures/{NAMES[0]} --annotations poses.csv --kind warp --target pictures/{NAMES[1]} -o to.png --height 128")
    expected = draw_maps.warp(scene(), subject(1).keypoints)
    np.testing.assert_array_equal(written("to.png"), expected)


def test_a_folder_as_files_and_as_a_sheet(folder, capsys):
    run("pictures --annotations poses.csv -o drawn --height 128")
    assert sorted(path.name for path in Path("drawn").iterdir()) == [f"{name}.png" for name in sorted(NAMES)]
    out = capsys.readouterr().out
    assert "1 of 4 pictures are unreadable" in out and "1 of 4 pictures are without a pose" in out and NAMES[2] in out
    np.testing.assert_array_equal(written(f"drawn/{NAMES[2]}.png"), read_photo(folder / NAMES[2]))

    sizes = set()
    for _ in range(2):
        run("pictures --annotations poses.csv -o pictures/sheet.png")
        sizes.add(written("pictures/sheet.png").shape)
    assert len(sizes) == 1 and "3 pictures of pictures" in capsys.readouterr().out


def test_named_poses_on_a_sheet_without_keras(folder):
    program = "import sys; from pgig.cli.draw import draw; draw(['-o', 'named.png', '--background', 'white'])"
    program += "; assert not {'keras', 'tensorflow', 'torch', 'jax'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, env={"PYTHONPATH": str(ROOT)})
    sheet = written("named.png")
    assert sheet.shape[0] > 400 and sheet.mean() > 200


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("sitting -o a.gif", "neither in .png"),
        ("sitting -o a.png --kind warp", "--target"),
        ("sitting -o a.png --target star", "not for skeleton"),
        ("sitting -o a.png --kind all --target star", "give a picture"),
        ("sitting -o a.png --pose star", "--pose is the pose of one picture"),
        ("pictures -o a.png --pose star", "--pose is the pose of one picture"),
        ("-o a.png --kind heat", "say which one"),
        ("sitting -o a.png --size 12x999", "--size 12x999"),
        ("sitting -o a.png --height 5", "--height 5"),
        ("pictures -o a.png --annotations poses.csv --height 4096", "too many for one sheet"),
        ("pictures -o pictures --annotations poses.csv", "another one"),
    ],
)
def test_choices_that_do_not_fit(folder, words, sentence):
    with pytest.raises(OptionsError, match=sentence):
        run(words)
    assert not list(Path().glob("a.*"))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("absent.jpg -o a.png --annotations poses.csv", "absent.jpg cannot be read"),
        ("absent -o a.png", "no pose 'absent'"),
        ("pictures/broken.jpg -o a.png --annotations poses.csv", "broken.jpg is not a readable picture"),
        (f"pictures/{NAMES[2]} -o a.png --annotations poses.csv", "no row for .* Give a pose with --pose"),
        (f"pictures/{NAMES[0]} -o a.png --annotations poses.csv --kind warp --target pictures/{NAMES[2]}", "--target"),
        (f"pictures/{NAMES[0]} -o a.png --annotations absent.csv", "absent.csv cannot be read"),
        ("empty -o a.png --annotations poses.csv", "empty holds no pictures"),
        ("broken -o a.png --annotations poses.csv", "No picture of broken can be read"),
    ],
)
def test_what_cannot_be_read(folder, words, sentence):
    Path("empty").mkdir()
    Path("broken").mkdir()
    shutil.move("pictures/broken.jpg", "broken") if words.startswith("broken") else None
    with pytest.raises(DataError, match=sentence):
        run(words)
    assert not list(Path().glob("a.*"))


def test_poses_are_found_where_none_is_given(folder):
    missing = what_is_missing("movenet-thunder")
    if missing:
        pytest.skip(missing)
    found, known = Poses().of_picture(folder / NAMES[0]).keypoints, subject().keypoints
    both = (found[:, 2] > 0) & (known[:, 2] > 0)
    assert both.sum() > 8 and np.median(np.abs(found - known)[both, :2]) < 4
