import numpy as np
import pytest

from pgig.errors import DataError
from pgig.metrics.fusion import fuse, group_poses, squared_distances, with_original
from pgig.metrics.reid_features import normalise, parse_viper_names, read_features, write_features


@pytest.fixture
def features():
    """Three pictures in two poses, four numbers each."""
    return np.random.default_rng(0).normal(size=(3, 2, 4))


def test_mean_maximum_and_side_by_side(features):
    first, second = features[:, 0], features[:, 1]
    np.testing.assert_allclose(fuse(features, "avg"), (first + second) / 2, rtol=1e-15)
    np.testing.assert_array_equal(fuse(features, "max"), np.where(first > second, first, second))
    np.testing.assert_array_equal(fuse(features, "concat"), np.hstack([first, second]))
    with pytest.raises(DataError, match="by 'sum': give one of avg, max, concat"):
        fuse(features, "sum")


def test_poses_are_gathered_by_their_numbers(features):
    names = [f"gen/{name}_c1_to_{pose}.png" for pose in (10, 9) for name in ("0002", "0001", "0007")]
    grouped, rows, poses = group_poses(names, np.concatenate([features[:, 1], features[:, 0]]))
    assert grouped == ["0002_c1", "0001_c1", "0007_c1"] and poses == [9, 10]
    np.testing.assert_array_equal(rows, features)


def test_no_pictures():
    names, rows, poses = group_poses([], np.zeros((0, 4), np.float32))
    assert names == poses == [] and fuse(rows, "max").shape == (0, 4)


@pytest.mark.parametrize(
    "names, sentence",
    [
        (["a_to_1.png", "a.png"], "Q.npz: the name 'a.png' says no pose; <name>_to_<k>.png is expected"),
        (["a_to_1.png", "a_to_01.png"], "Q.npz: pose 01 of a is there twice"),
        (["a_to_1.png", "a_to_2.png", "b_to_2.png"], "Q.npz: b has the poses 2, but a has 1, 2: render all"),
    ],
)
def test_pictures_that_do_not_fit_together_are_refused(names, sentence):
    with pytest.raises(DataError, match=sentence):
        group_poses(names, np.zeros((len(names), 4)), "Q.npz")


def test_the_picture_itself_is_the_ninth_feature(features):
    own = np.random.default_rng(1).normal(size=(4, 4))
    rows = with_original(["a", "b", "c"], features, ["x.jpg", "c.jpg", "b.jpg", "a.jpg"], own)
    np.testing.assert_allclose(rows[:, 0], normalise(own[[3, 2, 1]]), rtol=1e-15)
    np.testing.assert_allclose(rows[:, 1:], normalise(features), rtol=1e-15)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=-1), 1, rtol=1e-12)
    with pytest.raises(DataError, match="no feature of the picture b itself .2 are missing"):
        with_original(["a", "b", "c"], features, ["a.jpg"], own[:1])
    with pytest.raises(DataError, match="themselves have 3 numbers and those of their poses 4"):
        with_original(["a", "b", "c"], features, ["a.jpg"], own[:1, :3])


def test_distances_are_squared_with_a_row_a_gallery_picture(features):
    gallery, query = features[:, 0], features[:2, 1].astype(np.float32)
    expected = ((gallery[:, None] - query) ** 2).sum(-1)
    np.testing.assert_allclose(squared_distances(gallery, query), expected, rtol=1e-12)
    with pytest.raises(DataError, match="query features have 2 numbers a picture and the gallery features 4"):
        squared_distances(gallery, query[:, :2])


def test_persons_of_viper():
    assert parse_viper_names(["001_45.bmp", "c1_002_90", "cam_b/c2_873_0.png"]).tolist() == [1, 2, 873]
    with pytest.raises(DataError, match="'0002_c1s1.jpg' says no person"):
        parse_viper_names(["0002_c1s1.jpg"])


def test_features_are_read_as_written(tmp_path, features):
    write_features(tmp_path / "f.npz", ["a", "bcd"], features[:2, 0])
    names, rows = read_features(tmp_path / "f.npz")
    assert names == ["a", "bcd"]
    np.testing.assert_array_equal(rows, features[:2, 0])
