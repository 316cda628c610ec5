import json
import math
from pathlib import Path

import numpy as np
import pytest

from pgig.errors import DataError
from pgig.pose.check import is_valid
from pgig.pose.describe import WORDS
from pgig.pose.files import write_annotations
from pgig.pose.formats import is_picture, named_poses, read_pose
from pgig.pose.joints import INDEX, indices
from pgig.pose.keypoint_json import from_points

ROOT = Path(__file__).resolve().parents[2]

# The published orders, in words.
COCO = (
    "nose", "left eye", "right eye", "left ear", "right ear", "left shoulder", "right shoulder", "left elbow",
    "right elbow", "left wrist", "right wrist", "left hip", "right hip", "left knee", "right knee", "left ankle",
    "right ankle",
)  # fmt: skip
BODY_25 = (
    "nose", "neck", "right shoulder", "right elbow", "right wrist", "left shoulder", "left elbow", "left wrist",
    "middle of the hips", "right hip", "right knee", "right ankle", "left hip", "left knee", "left ankle",
    "right eye", "left eye", "right ear", "left ear", "left big toe", "left small toe", "left heel",
    "right big toe", "right small toe", "right heel",
)  # fmt: skip


def points(names, start=10.0, confidence=0.5):
    """A point for each name: x, y, confidence, all different."""
    return [[start + 3 * number, start + 5 * number, confidence] for number in range(len(names))]


def openpose(path, *people, **more):
    document = {"version": 1.3, "people": [{"pose_keypoints_2d": np.ravel(person).tolist()} for person in people]}
    return write(path, document | more)


def write(path, document):
    path.write_text(json.dumps(document))
    return str(path)


@pytest.mark.parametrize("names", [COCO, BODY_25, WORDS], ids=["COCO", "BODY_25", "18"])
def test_every_joint_is_the_one_of_its_name(names):
    places = dict(zip(names, points(names), strict=True))
    joints = from_points(points(names))
    for word, joint in zip(WORDS, joints, strict=True):
        if word in places:
            x, y, confidence = places[word]
            assert joint.tolist() == [y, x, confidence], word
    if names is COCO:
        middle = np.mean([places["left shoulder"], places["right shoulder"]], axis=0)
        assert joints[INDEX["neck"]].tolist() == [middle[1], middle[0], 0.5]


def test_the_neck_is_as_sure_as_the_less_sure_shoulder():
    person = points(COCO)
    person[COCO.index("left shoulder")][2] = 0.2
    assert from_points(person)[INDEX["neck"], 2] == 0.2
    person[COCO.index("left shoulder")] = [0, 0, 0.9]
    assert from_points(person)[INDEX["neck"], 2] == 0


def test_openpose_of_25_joints(tmp_path):
    person = points(BODY_25)
    person[BODY_25.index("left wrist")] = [0, 0, 0]
    person[BODY_25.index("right ear")][2] = 0.1
    pose = read_pose(openpose(tmp_path / "a_keypoints.json", person))
    assert pose.keypoints.shape == (18, 3) and pose.keypoints.dtype == np.float32
    missing = [WORDS[joint] for joint in np.flatnonzero(pose.keypoints[:, 2] == 0)]
    assert missing == ["left wrist", "right ear"]
    assert (pose.keypoints[pose.keypoints[:, 2] == 0] == [-1, -1, 0]).all()
    assert pose.scores[INDEX["nose"]] == 0.5 and pose.size is None and not pose.relative


def test_the_largest_person_counts_by_the_joints_that_were_found(tmp_path):
    small, large = points(WORDS), (np.array(points(WORDS, start=50)) * [2, 2, 1]).tolist()
    ghost = [[9000 * (number % 2), 9000, 0.01] for number in range(18)]
    pose = read_pose(openpose(tmp_path / "a.json", small, large, ghost))
    assert pose.keypoints[0].tolist() == [100, 100, 1]


def test_openpose_of_other_programs(tmp_path):
    old = {"people": [{"pose_keypoints": np.ravel(points(WORDS)).tolist()}]}
    expected = read_pose(openpose(tmp_path / "new.json", points(WORDS)))
    np.testing.assert_array_equal(read_pose(write(tmp_path / "old.json", old)).keypoints, expected.keypoints)
    listed = [old | {"canvas_height": 200, "canvas_width": 100}]
    assert read_pose(write(tmp_path / "listed.json", listed)).size == (200, 100)


def test_bare_points(tmp_path):
    for document in (points(COCO), np.ravel(points(COCO)).tolist(), {"keypoints": np.ravel(points(COCO)).tolist()}):
        pose = read_pose(write(tmp_path / "bare.json", document))
        np.testing.assert_allclose(pose.keypoints[:, :2], from_points(points(COCO))[:, :2])
    pose = read_pose(write(tmp_path / "pairs.json", [point[:2] for point in points(COCO)]))
    assert pose.keypoints[:, 2].all() and pose.scores.tolist() == [1] * 18


@pytest.fixture
def annotations(tmp_path):
    """COCO's file of two pictures, in one of which are two people."""
    flat = [np.ravel(points(COCO, start, 2)).tolist() for start in (10, 20, 30)]
    flat[1] = (np.array(flat[1]).reshape(17, 3) * [3, 3, 1]).ravel().tolist()
    people = [{"image_id": number, "keypoints": one} for number, one in zip((7, 7, 8), flat, strict=True)]
    images = [
        {"id": 7, "file_name": "train/seven.jpg", "height": 480, "width": 640},
        {"id": 8, "file_name": "train/eight.jpg", "height": 200, "width": 100},
    ]
    return write(tmp_path / "coco.json", {"images": images, "annotations": people})


@pytest.mark.parametrize("name", ["7", "seven.jpg", "train/seven.jpg"])
def test_coco_by_picture(annotations, name):
    pose = read_pose(f"{annotations}:{name}")
    assert pose.keypoints[0].tolist() == [60, 60, 1] and pose.size == (480, 640)
    assert pose.scores[0] == 1


def test_coco_of_several_pictures_needs_a_name(annotations, tmp_path):
    with pytest.raises(DataError, match=r"people of 2 pictures.*coco.json:train/seven.jpg"):
        read_pose(annotations)
    with pytest.raises(DataError, match="knows no picture 'nine.jpg'"):
        read_pose(f"{annotations}:nine.jpg")
    results = [{"image_id": 3, "category_id": 1, "keypoints": np.ravel(points(COCO)).tolist(), "score": 0.8}]
    assert read_pose(write(tmp_path / "results.json", results)).keypoints[0].tolist() == [10, 10, 1]


def test_rows_of_our_tables(tmp_path):
    table = tmp_path / "poses.csv"
    poses = np.tile(np.float32([4, 5, 1]), (2, 18, 1)) * np.arange(1, 19)[:, None] ** [1, 1, 0]
    poses[1] *= [2, 2, 1]
    write_annotations(table, ["walk/a.jpg", "b.jpg"], poses)
    for name in ("walk/a.jpg", "a.jpg"):
        assert read_pose(f"{table}:{name}").keypoints.tolist() == poses[0].tolist()
    assert read_pose(f"{table}:b.jpg").keypoints.tolist() == poses[1].tolist()
    with pytest.raises(DataError, match=r"2 rows: say which one, as in .*poses.csv:walk/a.jpg"):
        read_pose(table)
    with pytest.raises(DataError, match="no row for c.jpg"):
        read_pose(f"{table}:c.jpg")
    write_annotations(table, ["b.jpg"], poses[1:])
    assert read_pose(table).keypoints.tolist() == poses[1].tolist()
    write_annotations(table, ["b.jpg"], 0 * poses[1:])
    with pytest.raises(DataError, match="no joint"):
        read_pose(table)


def test_arrays(tmp_path):
    path = str(tmp_path / "pose.npy")
    ours = np.array(points(WORDS))[:, [1, 0, 2]]
    ours[3] = -1, -1, 0
    expected = np.where(ours[:, 2:] > 0, ours * [1, 1, 0] + [0, 0, 1], [-1, -1, 0])
    for array in (ours, ours[:, :2], ours[None], ours[:, :2].astype(np.int32)):
        np.save(path, array)
        np.testing.assert_array_equal(read_pose(path).keypoints, expected)
    for names in (COCO, BODY_25):
        np.save(path, np.float32(points(names)))
        np.testing.assert_allclose(read_pose(path).keypoints[:, :2], from_points(points(names))[:, :2])


def test_threshold(tmp_path):
    path = openpose(tmp_path / "a.json", points(WORDS, confidence=0.4))
    assert read_pose(path, threshold=0.3).keypoints[:, 2].all()
    with pytest.raises(DataError, match="no joint with a confidence above 0.4"):
        read_pose(path, threshold=0.4)


def test_shares_are_told_from_pixels(tmp_path):
    with pytest.raises(DataError, match="keypoint_scale 0"):
        read_pose(openpose(tmp_path / "a.json", np.array(points(WORDS)) * [0.01, 0.01, 1]))


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "null", "1", '"text"', "{}", "[[]]", "[1, 2]", '{"people": 3}', '{"people": [1]}', '{"people": [{}]}',
        '{"people": [{"pose_keypoints_2d": [1, 2, 3]}]}', '{"people": []}', "[]", '{"annotations": [[1]]}',
        '{"annotations": [{"keypoints": [1], "image_id": []}]}', "[" * 100_000, "9" * 10_000,
        json.dumps([[1, 2, math.nan]] * 17), json.dumps([[1, 2, 1e300]] * 17), json.dumps([[1, True, 1]] * 17),
        json.dumps([[1, 2, 1]] * 16 + [[1, 2]]), json.dumps([["1", 2, 1]] * 17), json.dumps([[1, 2, 3, 4]] * 17),
        '{"people": [{"pose_keypoints_2d": null}], "canvas_height": -1, "canvas_width": 2}', "\x00\xff",
    ],
)  # fmt: skip
def test_other_json_is_refused_in_a_sentence(tmp_path, text):
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(DataError, match="bad.json holds no") as error:
        read_pose(path)
    assert len(str(error.value)) < 400 + len(str(path))


def test_other_arrays_are_refused_in_a_sentence(tmp_path):
    path = tmp_path / "bad.npy"
    for array in (np.zeros((19, 3)), np.zeros(18), np.zeros((18, 2), bool), np.zeros((2, 18, 3)), np.zeros((18, 4))):
        np.save(path, array)
        with pytest.raises(DataError, match="18 rows of y, x, visible are expected"):
            read_pose(path)
    np.save(path, np.full((18, 2), np.nan))
    with pytest.raises(DataError, match="no place in a picture"):
        read_pose(path)
    np.save(path, np.array([[print, 1]] * 18, object), allow_pickle=True)
    with pytest.raises(DataError, match="no array file"):
        read_pose(path)
    # A header that asks for more than there is.
    np.save(path, np.zeros((18, 3)))
    path.write_bytes(path.read_bytes().replace(b"(18, 3)", b"(1" + b"0" * 15 + b", 3)"))
    with pytest.raises(DataError, match="no array file"):
        read_pose(path)
    for data in (b"", b"PK\x03\x04", b"\x93NUMPY\x01\x00", b"\x93NUMPY\x01\x00\x03\x00{(\n"):
        path.write_bytes(data)
        with pytest.raises(DataError, match="no array file"):
            read_pose(path)


def test_files_that_are_none(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read_pose(tmp_path / "absent.json")
    with pytest.raises(DataError, match="absent.csv cannot be read"):
        read_pose(f"{tmp_path}/absent.csv:a.jpg")
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(DataError, match="folder.json"):
        read_pose(tmp_path / "folder.json")
    with open(tmp_path / "large.json", "wb") as file:
        file.truncate(2**26 + 1)
    with pytest.raises(DataError, match="no plain file of at most"):
        read_pose(tmp_path / "large.json")


def test_named_poses():
    poses = named_poses()
    assert len(poses) >= 12 and {"standing-front", "standing-back", "walking", "t-pose", "sitting"} <= set(poses)
    right, left = (list(indices(f"{side}sho {side}elb {side}wri {side}hip {side}kne {side}ank")) for side in "RL")
    for name, pose in poses.items():
        assert read_pose(name) is pose and pose.relative and pose.size is None and pose.name == name
        seen = pose.keypoints[:, 2] > 0
        places = pose.keypoints[seen, :2]
        assert is_valid(pose.keypoints) and 0 <= places.min(axis=0)[0] and np.abs(places).max() < 1.1
        # In a projection no part is longer than it is.
        assert np.hypot(*(pose.keypoints[right[3], :2] - pose.keypoints[right[4], :2])) < 0.26
    for name in ("standing-front", "a-pose", "t-pose", "arms-up", "hands-on-hips", "star"):
        # Upright, seen from the front: left and right are mirror images, the right side on the left.
        keypoints = poses[name].keypoints
        np.testing.assert_allclose(keypoints[right, :2], keypoints[left, :2] * [1, -1], atol=1e-3)
        assert (keypoints[right, 1] < 0).all() and keypoints[WORDS.index("right eye"), 1] < 0
    back = poses["standing-back"].keypoints
    assert (back[right, 1] > 0).all() and not back[INDEX["nose"], 2]
    with pytest.raises(DataError, match="no pose 'standing'.*standing-front"):
        read_pose("standing")


def test_pictures_are_told_from_poses(tmp_path):
    bare = tmp_path / "photo"
    bare.write_bytes(b"...")
    for text in ("photo.jpg", "a/b.PNG", bare, "x.heic"):
        assert is_picture(text)
    for text in ("sitting", "standing", "a.json", "a.JSON:3", "table.csv:a.jpg", "b.npy"):
        assert not is_picture(text)
