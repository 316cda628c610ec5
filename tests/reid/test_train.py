"""`python -m pgig train-reid` and the features of what it trained, on a few pictures of people of one colour each."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image

from pgig.cli.normalise import reid_features
from pgig.cli.tables import reid
from pgig.cli.train_reid import train_reid
from pgig.errors import DataError, NumericsError, OptionsError, StorageError, WeightsError
from pgig.metrics.reid_features import read_features
from pgig.pretrained import resnet50_attributes
from pgig.reid import files
from pgig.reid.networks import build
from pgig.reid.pictures import Epoch, labelled, move
from pgig.weights import keras_h5

SMALL = ("train", "--network", "small", "--image_size", "32,16", "--batch_size", "4", "--learning_rate", "0.02")


def write_people(folder, first, people, seed):
    """Four pictures of each person: noise about a colour of their own; cameras 1 to 4."""
    random = np.random.default_rng(seed)
    Path(folder).mkdir()
    for person in range(first, first + people):
        colour = random.uniform(60, 190, 3)
        for camera in range(1, 5):
            pixels = (colour + random.normal(0, 40, (40, 20, 3))).clip(0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(f"{folder}/{person:04}_c{camera}s1_000{camera}_00.png")


@pytest.fixture
def work(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_people("train", 1, 4, seed=0)
    return tmp_path


def tensors(path):
    return {name: array for name, array in keras_h5.read(path)[0]}


def mean_precision(weights, capsys):
    reid_features(["test", "--weights", weights, "--output", "f.npz", "--feature_cache", ""])
    capsys.readouterr()
    reid(["f.npz", "f.npz"])
    return float(capsys.readouterr().out.split("mAP = ")[1].split()[0])


def test_a_trained_network_knows_people_whom_it_has_not_seen(work, capsys):
    write_people("test", 11, 6, seed=1)
    train_reid([*SMALL, "--output", "untrained.h5", "--epochs", "0"])
    train_reid([*SMALL, "--output", "trained.h5", "--epochs", "12"])
    out = capsys.readouterr().out
    assert "16 pictures of 4 people; 0 of 12 epochs are done" in out and "Epoch 11: loss = 0." in out
    before, after = mean_precision("untrained.h5", capsys), mean_precision("trained.h5", capsys)
    assert after > 0.8 and after > before
    names, features = read_features("f.npz")
    assert len(names) == 24 and features.shape == (24, 128)
    # The size it was trained with is the one that its features are computed with.
    reid_features(["test", "--weights", "trained.h5", "--output", "same.npz", "--network", "small", "--image_size",
                   "32,16", "--feature_cache", ""])  # fmt: skip
    np.testing.assert_array_equal(read_features("same.npz")[1], features)


def test_a_run_of_two_parts_ends_as_one(work, capsys):
    train_reid([*SMALL, "--output", "whole.h5", "--epochs", "2"])
    train_reid([*SMALL, "--output", "parts.h5", "--epochs", "1"])
    first = tensors("parts.h5")
    train_reid([*SMALL, "--output", "parts.h5", "--epochs", "2"])
    assert "1 of 2 epochs are done" in capsys.readouterr().out
    assert Path("parts.h5").read_bytes() == Path("whole.h5").read_bytes()
    assert all((array != first[name]).any() for name, array in tensors("whole.h5").items())
    Path("parts.h5").unlink()
    train_reid([*SMALL, "--output", "parts.h5", "--epochs", "2"])
    assert "2 of 2 epochs are done" in capsys.readouterr().out
    assert Path("parts.h5").read_bytes() == Path("whole.h5").read_bytes()
    with pytest.raises(OptionsError, match="holds 2 epochs already"):
        train_reid([*SMALL, "--output", "parts.h5", "--epochs", "1"])


@pytest.mark.slow
def test_other_arguments_and_pictures_begin_anew(work, capsys):
    train_reid([*SMALL, "--output", "a.h5", "--epochs", "0"])
    train_reid([*SMALL, "--output", "b.h5", "--epochs", "0", "--seed", "1"])
    assert (tensors("a.h5")["conv0/kernel"] != tensors("b.h5")["conv0/kernel"]).any()
    train_reid([*SMALL, "--output", "a.h5", "--epochs", "1"])
    write_people("more", 5, 1, seed=2)
    for path in Path("more").iterdir():
        path.rename(Path("train") / path.name)
    capsys.readouterr()
    train_reid([*SMALL, "--output", "a.h5", "--epochs", "1"])
    assert "20 pictures of 5 people; 0 of 1" in capsys.readouterr().out and tensors("a.h5")["people/bias"].shape == (5,)
    # A trunk is handed on, people are not.
    train_reid([*SMALL, "--output", "c.h5", "--epochs", "0", "--weights", "a.h5"])
    handed, given = tensors("c.h5"), tensors("a.h5")
    np.testing.assert_array_equal(handed["norm3/moving_mean"], given["norm3/moving_mean"])
    assert (handed["people/kernel"] != given["people/kernel"]).any()


def test_the_order_and_the_moves_follow_from_seed_and_epoch(work):
    data = labelled("train")
    assert data.people == 4 and data.labels.tolist() == [0] * 4 + [1] * 4 + [2] * 4 + [3] * 4

    def batches(seed, number, moved=True):
        return [batch for batch in Epoch(data, (40, 20), 5, seed, number, moved)]

    first = batches(0, 0)
    assert len(first) == 3 and first[0][0].shape == (5, 40, 20, 3)
    for (pixels, labels), (again, same) in zip(first, batches(0, 0), strict=True):
        np.testing.assert_array_equal(pixels, again)
        np.testing.assert_array_equal(labels, same)
    for other in batches(0, 1), batches(1, 0):
        assert any((labels != them).any() for (_, labels), (_, them) in zip(first, other, strict=True))
    still = batches(0, 0, moved=False)
    originals = {np.array(Image.open(file)).tobytes() for file in data.files}
    assert all(picture.tobytes() in originals for pixels, _ in still for picture in pixels)
    assert not any(picture.tobytes() in originals for pixels, _ in first for picture in pixels)


class Fixed:
    """A source of chosen numbers instead of random ones."""

    def __init__(self, angle, down, right):
        self._numbers = iter((angle, np.array([down, right])))

    def uniform(self, low, high, size=None):
        return next(self._numbers)


def test_pictures_are_turned_and_shifted():
    picture = np.random.default_rng(0).integers(0, 256, (20, 10, 3)).astype(np.uint8)
    np.testing.assert_array_equal(move(picture, Fixed(0, 0, 0)), picture)
    # By 0.1 of the height, 0.2 of the width; beyond the edge its colours go on.
    rows, columns = np.minimum(np.arange(20) + 2, 19), np.maximum(np.arange(10) - 2, 0)
    np.testing.assert_array_equal(move(picture, Fixed(0, 0.1, -0.2)), picture[rows][:, columns])
    square = picture[5:15]
    turned = move(square, Fixed(180, 0, 0)).astype(int)
    np.testing.assert_allclose(turned, square[::-1, ::-1], atol=1)
    grey = np.full((8, 40, 3), 77, np.uint8)
    assert (move(grey, Fixed(20, 0.2, 0.2)) == 77).all() and (move(grey[:, :2], Fixed(-20, -0.2, 0.2)) == 77).all()


@pytest.mark.slow
def test_resnet50_of_state_files_and_of_ours(work, monkeypatch):
    torch = pytest.importorskip("torch")
    from tests.pretrained import plain_resnet50 as plain

    plain.shrink(monkeypatch, resnet50_attributes)
    torch.manual_seed(0)
    torch.save(plain.trunk_state(""), "imagenet.pth")
    words = ["train", "--image_size", "32,32", "--batch_size", "8"]
    train_reid([*words, "--output", "begun.h5", "--weights", "imagenet.pth", "--epochs", "0"])
    reid = ["train", "--image_size", "32,32", "--feature_cache", "", "--output"]
    reid_features([*reid, "torch.npz", "--weights", "imagenet.pth"])
    reid_features([*reid, "ours.npz", "--weights", "begun.h5"])
    ours = read_features("ours.npz")[1]
    np.testing.assert_array_equal(ours, read_features("torch.npz")[1])
    train_reid([*words, "--output", "trained.h5", "--weights", "imagenet.pth", "--epochs", "1"])
    reid_features([*reid, "trained.npz", "--weights", "trained.h5", "--network", "resnet50"])
    trained = read_features("trained.npz")[1]
    assert np.isfinite(trained).all() and np.abs(trained - ours).max() > 1e-3


def test_mistakes(work, monkeypatch):
    words = [*SMALL, "--output", "out.h5"]
    for more, sentence in (
        (["--batch_size", "1"], "must be 2 or more"),
        (["--batch_size", "17"], "holds 16 pictures of people: lower --batch_size 17"),
        (["--epochs", "-1"], "--epochs -1 must be 0 or more"),
        (["--learning_rate", "nan"], "must be above 0"),
        (["--image_size", "8,8"], "--image_size 8,8 is too small for small: give 16"),
        (["--output", "out.npz"], "must end in .h5"),
    ):
        with pytest.raises(OptionsError, match=sentence):
            train_reid([*words, *more])
    Path("folder.h5").mkdir()
    with pytest.raises(StorageError, match="folder.h5 is a folder"):
        train_reid([*words, "--output", "folder.h5"])
    with pytest.raises(NumericsError, match="loss is not finite in epoch 0: .* smaller --learning_rate"):
        train_reid([*words, "--learning_rate", "1e38"])
    with pytest.raises(DataError, match="nowhere is no folder"):
        train_reid(["nowhere", *words[1:]])
    for person in (2, 3, 4):
        for path in Path("train").glob(f"{person:04}_*"):
            path.rename(path.with_name(path.name.replace(f"{person:04}", "0000" if person == 2 else "-1")))
    with pytest.raises(DataError, match="train shows 1 person"):
        train_reid(words)
    Image.new("RGB", (20, 40)).save("train/somebody.png")
    with pytest.raises(DataError, match="'somebody.png' says no person and camera"):
        train_reid(words)
    assert not Path("out.h5").exists()


def test_a_picture_that_proves_damaged_when_it_is_read(work):
    path = Path("train/0001_c1s1_0001_00.png")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 255
    path.write_bytes(data)
    with pytest.raises(DataError, match="0001_c1s1_0001_00.png is a damaged picture"):
        train_reid([*SMALL, "--output", "out.h5", "--epochs", "2"])


def test_other_weight_files(work):
    train_reid([*SMALL, "--output", "small.h5", "--epochs", "0"])
    features = ["train", "--output", "f.npz", "--feature_cache", "", "--weights"]
    with pytest.raises(OptionsError, match="small.h5 holds the network small: leave --network resnet50 out"):
        reid_features([*features, "small.h5", "--network", "resnet50"])
    with pytest.raises(OptionsError, match="with --scaling imagenet: leave --scaling half out"):
        reid_features([*features, "small.h5", "--scaling", "half"])
    with pytest.raises(WeightsError, match="holds the network small: give --network small"):
        train_reid(["train", "--output", "out.h5", "--weights", "small.h5"])
    Path("text.h5").write_text("no weights")
    keras_h5.write("other.h5", [("a", "b", np.zeros(1))], {"networks": ["generator"], "options": {}})
    for name in ("text.h5", "none.h5", "other.h5"):
        for command in (lambda name: reid_features([*features, name]),
                        lambda name: train_reid([*SMALL, "--output", "out.h5", "--weights", name])):  # fmt: skip
            with pytest.raises(WeightsError, match=name):
                command(name)
    assert not Path("f.npz").exists() and not Path("out.h5").exists()


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"people": 10**9}, "impossible network"),
        ({"people": True}, "impossible network"),
        ({"people": 5}, "does not hold the 5 people"),
        ({"network": "huge"}, "impossible network"),
        ({"network": ["small"]}, "impossible network"),
        ({"network": "resnet50"}, "does not fit this re-identification network"),
        ({"size": [32]}, "impossible network"),
        ({"size": [32, 10**9]}, "impossible network"),
        ({"scaling": None}, "impossible network"),
        (None, "impossible network"),
    ],
)
def test_what_a_file_says_of_itself_is_not_believed(tmp_path, change, sentence):
    config = {"network": "small", "people": 4, "scaling": "imagenet", "size": [32, 16]}
    files.save(tmp_path / "small.h5", build("small", 4)[1], config)
    files.load(tmp_path / "small.h5")
    with h5py.File(tmp_path / "small.h5", "r+") as file:
        file.attrs[keras_h5.OUR_ATTRIBUTE] = np.bytes_(json.dumps({"reid": change and config | change}))
    with pytest.raises(WeightsError, match=sentence):
        files.load(tmp_path / "small.h5")
