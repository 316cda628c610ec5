"""`python -m pgig canonical-poses`, `reid-features` and the fusion of `reid`; `normalise` has tests of its own."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pgig.cli.normalise import canonical_poses, normalise, reid_features
from pgig.cli.tables import reid
from pgig.errors import DataError, OptionsError, StorageError, WeightsError
from pgig.metrics.reid_features import read_features, write_features
from pgig.pose.canonical import SHIPPED, read_canonical_poses
from pgig.pose.files import read_annotations, write_annotations
from tests.pretrained.plain_trunks import plain_taps, random_weights, write_flax

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def work(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("command", [canonical_poses, normalise, reid_features, reid])
def test_help_answers(command, capsys):
    with pytest.raises(SystemExit) as left:
        command(["--help"])
    assert left.value.code == 0 and " ".join(command.__doc__.split()) in " ".join(capsys.readouterr().out.split())


def test_the_poses_of_the_demo_set(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(ROOT)
    words = ["--dataset", "demo", "--output", str(tmp_path / "poses.json")]
    canonical_poses(words)
    assert (tmp_path / "poses.json").read_bytes() == SHIPPED.read_bytes()
    assert " 8: " in capsys.readouterr().out
    canonical_poses([*words, "--count", "2", "--seed", "1"])
    assert len(read_canonical_poses(tmp_path / "poses.json")) == 2


def test_distractors_give_no_poses(work):
    table = read_annotations(ROOT / "data" / "demo-annotation-train.csv")
    names = [("-1_" if row % 2 else "0000_") + name for row, name in enumerate(table.names)]
    write_annotations("train.csv", names, table.keypoints)
    words = ["--dataset", "demo", "--annotations_file_train", "train.csv", "--output", "poses.json"]
    with pytest.raises(DataError, match="only 0 pictures"):
        canonical_poses(words)
    with pytest.raises(DataError, match="outside the picture of 64 x 32 pixels"):
        table = str(ROOT / "data" / "demo-annotation-train.csv")
        canonical_poses(["--annotations_file_train", table, "--image_size", "64,32"])
    with pytest.raises(OptionsError, match="--count 0 must be from 1 to 99"):
        canonical_poses([*words, "--count", "0"])
    assert not Path("poses.json").exists()
    Path("file").touch()
    with pytest.raises(StorageError, match="cannot be written"):
        canonical_poses([*words[:-1], "file/poses.json"])


def test_features_of_alexnet(work, capsys):
    weights, heads = random_weights("alex")
    write_flax(work / "alexnet.ckpt", "alex", weights, heads)
    pixels = np.random.default_rng(0).integers(0, 256, (3, 62, 40, 3)).astype(np.uint8)
    Path("pictures").mkdir()
    for name, picture in zip("cab", pixels, strict=True):
        Image.fromarray(picture).save(f"pictures/{name}.png")
    words = ["pictures", "--network", "alexnet", "--weights", "alexnet.ckpt", "--image_size", "62,40"]
    reid_features([*words, "--output", "features.npz", "--batch_size", "2"])
    assert "this is no re-identification network" in capsys.readouterr().out
    names, features = read_features("features.npz")
    assert names == ["a.png", "b.png", "c.png"]
    taps = plain_taps(pixels[[1, 2, 0]] / 127.5 - 1, "alex", weights)
    expected = np.concatenate([tap.mean((1, 2)) for tap in taps], axis=1)
    np.testing.assert_allclose(features, expected, rtol=1e-4, atol=1e-4 * expected.max())

    # Resized to the size that AlexNet is given by default.
    reid_features([*words[:-2], "--output", "resized.npz", "--feature_cache", ""])
    assert np.abs(read_features("resized.npz")[1] - features).max() > 1e-3


def test_mistakes_about_networks(work, monkeypatch):
    Path("pictures").mkdir()
    words = ["pictures", "--output", "features.npz"]
    with pytest.raises(OptionsError, match="--network resnet50 needs --weights FILE, a trained"):
        reid_features(words)
    with pytest.raises(DataError, match="pictures holds no pictures"):
        reid_features([*words, "--weights", "none.pth"])
    with pytest.raises(OptionsError, match="--batch_size must be 1 or more"):
        reid_features([*words, "--weights", "none.pth", "--batch_size", "0"])
    Image.new("RGB", (64, 128)).save("pictures/a.png")
    with pytest.raises(WeightsError, match="none.pth"):
        reid_features([*words, "--weights", "none.pth"])
    with pytest.raises(WeightsError, match="none.ckpt"):
        reid_features([*words, "--network", "alexnet", "--weights", "none.ckpt"])
    assert not Path("features.npz").exists()
    # Before the weights are read, and before the features are computed.
    Path("file").touch()
    for output, sentence in ("pictures", "pictures is a folder"), ("file/features.npz", "cannot be written"):
        with pytest.raises(StorageError, match=sentence):
            reid_features(["pictures", "--weights", "none.pth", "--output", output])


@pytest.fixture
def rendered(work):
    """Files of features of six persons, each in a query and a gallery picture in three poses. The features of query and
    gallery agree in the mean of the poses only: each pose has much noise, which the last one takes away.
    """
    random = np.random.default_rng(0)
    people = np.eye(6, 12) + 1
    for name, camera in (("query", 1), ("gallery", 2)):
        noise = random.normal(0, 0.3, (2, 6, 12))
        poses = people + np.concatenate([noise, -noise.sum(axis=0, keepdims=True)])
        lengths = np.linalg.norm(poses, axis=-1, keepdims=True)
        # Any length: they are normalised when they are read.
        poses = poses / lengths * random.uniform(1, 9, lengths.shape)
        for form in ("{:04}_c{}s1", "c{1}_{0:03}_45"):
            names = [f"{form.format(person, camera)}_to_{pose}.png" for pose in (1, 2, 3) for person in range(6)]
            write_features(f"{name}-{form[0] == 'c'}.npz", names, poses.reshape(-1, 12))
    names = [f"{person:04}_c{camera}s1.jpg" for camera in (1, 2) for person in range(6)]
    write_features("original.npz", names, np.tile(np.eye(6, 12), (2, 1)))


def rank1(text):
    return float(text.split("rank1 = ")[1].split()[0])


def test_fused_features_are_scored(rendered, capsys):
    reid(["query-False.npz", "gallery-False.npz", "--fuse", "avg"])
    out = capsys.readouterr().out
    assert "query-False.npz: 6 pictures, 3 features each, fused by avg" in out and "euclidean distance" in out
    averaged = rank1(out)
    reid(["query-False.npz", "gallery-False.npz"])
    out = capsys.readouterr().out
    assert "18 queries, 18 gallery pictures, cosine distance" in out and rank1(out) < averaged
    reid(["query-False.npz", "gallery-False.npz", "--fuse", "concat", "--original", "original.npz", "original.npz"])
    out = capsys.readouterr().out
    assert "4 features each, fused by concat" in out and rank1(out) >= averaged


def test_the_protocol_of_viper(rendered, capsys):
    words = ["query-True.npz", "gallery-True.npz", "--viper"]
    reid(["query-False.npz", "gallery-False.npz", "--fuse", "max"])
    market = rank1(capsys.readouterr().out)
    reid([*words, "--fuse", "max"])
    out = capsys.readouterr().out
    assert "VIPeR     rank1 = " in out and rank1(out) == market
    reid([*words, "--metric", "cosine"])
    assert "18 queries" in capsys.readouterr().out
    with pytest.raises(DataError, match="says no person"):
        reid(["query-False.npz", "gallery-False.npz", "--viper"])


def test_mistakes_about_fusion(rendered):
    files = ["query-False.npz", "gallery-False.npz"]
    with pytest.raises(OptionsError, match="--original has an effect with --fuse alone"):
        reid([*files, "--original", "original.npz", "original.npz"])
    with pytest.raises(OptionsError, match="--multi belongs to Market-1501"):
        reid([*files, "--viper", "--multi", "original.npz"])
    with pytest.raises(DataError, match="original.npz: the name '0000_c1s1.jpg' says no pose"):
        reid(["original.npz", "gallery-False.npz", "--fuse", "max"])
    names, features = read_features("gallery-False.npz")
    # Without the second pose, and with other poses, of which there are as many.
    write_features("two.npz", names[:6] + names[12:], np.delete(features, slice(6, 12), axis=0))
    write_features("other.npz", [name.replace("_to_2", "_to_7") for name in names], features)
    for how in ("avg", "max", "concat"):
        for other, poses in ("two", "1, 3"), ("other", "1, 3, 7"):
            with pytest.raises(DataError, match=f"have the poses 1, 2, 3, but those of another {poses}: render all"):
                reid(["query-False.npz", f"{other}.npz", "--fuse", how])
    with pytest.raises(DataError, match="but those of another 1, 3: render all"):
        reid([*files, "--fuse", "max", "--multi", "two.npz"])
    write_features("short.npz", names, features[:, 1:])
    with pytest.raises(DataError, match="give features of the same network"):
        reid(["query-False.npz", "short.npz", "--fuse", "concat"])
    write_features("broken.npz", names, features * np.nan)
    for more in ([], ["--fuse", "max"]):
        with pytest.raises(DataError, match="gallery features of .* not finite"):
            reid(["query-False.npz", "broken.npz", *more])
