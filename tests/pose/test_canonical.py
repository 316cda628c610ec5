import json
from pathlib import Path

import numpy as np
import pytest

from pgig.errors import DataError
from pgig.pose.canonical import (
    SHIPPED,
    find_canonical_poses,
    read_canonical_poses,
    write_canonical_poses,
)
from pgig.pose.check import is_valid
from pgig.pose.files import read_annotations
from pgig.pose.joints import INDEX

ROOT = Path(__file__).resolve().parents[2]
SIZE = (128, 64)


def figures(count, arm=0.0, seed=0, wrist=True):
    """Standing figures of different places and sizes; the right wrist is `arm` torsos above the hips' middle."""
    random = np.random.default_rng(seed)
    keypoints = np.full((count, 18, 3), -1.0)
    keypoints[..., 2] = 0
    places = {"Rsho": (-1, -0.4), "Lsho": (-1, 0.4), "Rhip": (0, -0.2), "Lhip": (0, 0.2), "Rwri": (-arm, -0.7)}
    scale = random.uniform(20, 30, (count, 1))
    corner = random.uniform((50, 25), (70, 35), (count, 2))
    for name, place in places.items():
        noise = random.normal(0, 0.01, (count, 2))
        keypoints[:, INDEX[name], :2] = corner + scale * (np.array(place) + noise)
        keypoints[:, INDEX[name], 2] = 1
    if not wrist:
        keypoints[:, INDEX["Rwri"]] = -1, -1, 0
    return keypoints


@pytest.fixture
def crowd():
    """Names and poses: 6 with the arm hanging, 4 with the arm up, 3 with the arm to the side."""
    groups = [figures(6, 0.0, 1), figures(4, 1.5, 2), figures(3, 0.7, 3)]
    names = [f"{group}_{row}.jpg" for group, poses in zip("abc", groups, strict=True) for row in range(len(poses))]
    return names, np.concatenate(groups)


def test_the_poses_of_the_package_come_from_its_demo_set(tmp_path):
    table = read_annotations(ROOT / "data" / "demo-annotation-train.csv")
    write_canonical_poses(tmp_path / "poses.json", find_canonical_poses(table.names, table.keypoints, SIZE))
    assert (tmp_path / "poses.json").read_bytes() == SHIPPED.read_bytes()


def test_the_poses_of_the_package():
    poses = read_canonical_poses()
    assert len(poses) == 8 and poses.members == tuple(sorted(poses.members, reverse=True))
    assert is_valid(poses.joints).all()
    # In the size of the demo set they are the very joints of the pictures that they were seen in.
    table = read_annotations(ROOT / "data" / "demo-annotation-train.csv")
    rows = [table.names.index(picture) for picture in poses.pictures]
    np.testing.assert_array_equal(poses.at_size(SIZE), table.keypoints[rows])


def test_they_fit_every_size():
    poses = read_canonical_poses()
    small, large = poses.at_size(SIZE), poses.at_size((256, 128))
    seen = small[..., 2] > 0
    np.testing.assert_array_equal(large[seen][:, :2], 2 * small[seen][:, :2])
    assert (large[~seen] == (-1, -1, 0)).all()
    tiny = poses.at_size((2, 1))[seen][:, :2]
    assert (tiny >= 0).all() and (tiny < (2, 1)).all()


def test_groups_are_found_whatever_their_place_and_size(crowd):
    poses = find_canonical_poses(*crowd, SIZE, count=3)
    assert poses.members == (6, 4, 3)
    assert [picture[0] for picture in poses.pictures] == ["a", "b", "c"]
    for picture, pose in zip(poses.pictures, poses.at_size(SIZE), strict=True):
        known = crowd[1][crowd[0].index(picture)]
        np.testing.assert_allclose(pose[pose[:, 2] > 0], known[known[:, 2] > 0], atol=0.51)


def test_the_order_of_the_rows_does_not_matter(crowd):
    names, keypoints = crowd
    order = np.random.default_rng(4).permutation(len(names))
    first = find_canonical_poses(names, keypoints, SIZE, count=3)
    second = find_canonical_poses([names[row] for row in order], keypoints[order], SIZE, count=3)
    assert first.pictures == second.pictures
    np.testing.assert_array_equal(first.joints, second.joints)


def test_a_missing_joint_does_not_decide_and_is_not_chosen(crowd):
    names, keypoints = crowd
    keypoints[:2, INDEX["Rwri"]] = -1, -1, 0
    poses = find_canonical_poses(names, keypoints, SIZE, count=3)
    assert sum(poses.members) == 13
    assert poses.joints[:, INDEX["Rwri"], 2].all()
    # A cluster whose members mostly lack it may lack it.
    alone = find_canonical_poses(["a", "b", "c"], figures(3, wrist=False), SIZE, count=1)
    assert not alone.joints[0, INDEX["Rwri"], 2]


def test_unusable_poses_are_left_out(crowd):
    names, keypoints = crowd
    without_hip, folded = figures(1, 5.0), figures(1, 5.0)
    without_hip[0, INDEX["Rhip"]] = -1, -1, 0
    folded[0, [INDEX["Rsho"], INDEX["Lsho"]], :2] = folded[0, [INDEX["Rhip"], INDEX["Lhip"]], :2]
    poses = find_canonical_poses(
        [*names, "x.jpg", "y.jpg"], np.concatenate([keypoints, without_hip, folded]), SIZE, count=3
    )
    assert sum(poses.members) == len(names)


def test_too_few_different_poses(crowd):
    names, keypoints = crowd
    with pytest.raises(DataError, match="14 canonical poses are wanted, but only 13 pictures"):
        find_canonical_poses(names, keypoints, SIZE, count=14)
    with pytest.raises(DataError, match="or too many are alike"):
        find_canonical_poses(names, keypoints[[0] * len(names)], SIZE, count=2)


def test_a_file_is_read_as_written(tmp_path, crowd):
    written = find_canonical_poses(*crowd, SIZE, count=3)
    write_canonical_poses(tmp_path / "poses.json", written)
    read = read_canonical_poses(tmp_path / "poses.json")
    assert (read.pictures, read.members) == (written.pictures, written.members)
    np.testing.assert_array_equal(read.joints, written.joints)


@pytest.mark.parametrize(
    "change, reason",
    [
        (lambda poses: [], "1 to 99 poses"),
        (lambda poses: poses * 13, "1 to 99 poses"),
        (lambda poses: [{"y": poses[0]["y"]}], "'x'"),
        (lambda poses: [poses[0] | {"x": [0.5]}], "18 joints"),
        (lambda poses: [poses[0] | {"y": [1.0] * 18}], "nose is at 1.0"),
        (lambda poses: [poses[0] | {"y": [None] * 18, "x": [None] * 18}], "lacks a shoulder"),
        (lambda poses: [poses[0] | {"y": [None] * 18}], "shares from 0"),
        (lambda poses: ["pose"], "indices"),
        (lambda poses: 3, "1 to 99 poses"),
    ],
)
def test_other_contents_are_refused(tmp_path, change, reason):
    poses = json.loads(SHIPPED.read_text())["poses"]
    path = tmp_path / "poses.json"
    path.write_text(json.dumps({"poses": change(poses)}))
    with pytest.raises(DataError, match=f"holds no canonical poses .*{reason}"):
        read_canonical_poses(path)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[" * 100_000, b"[]", b"{}", b" " * 2**21, b'{"poses": null}'])
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "poses.json"
    path.write_bytes(content)
    with pytest.raises(DataError, match="holds no canonical poses"):
        read_canonical_poses(path)


def test_a_missing_file(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read_canonical_poses(tmp_path / "none.json")
