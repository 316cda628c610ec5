"""`python -m pgig virtual-market` with the smallest networks of a method of factors, and random weights."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from keras import ops
from PIL import Image

from pgig.cli.options import parse
from pgig.cli.train_reid import train_reid
from pgig.cli.virtual_market import virtual_market
from pgig.errors import DataError, OptionsError, StorageError
from pgig.generate.factors import draw_noise
from pgig.generate.virtual_market import picture_name, real_poses
from pgig.metrics.reid_features import parse_names
from pgig.pose.check import is_valid
from pgig.pose.files import read_annotations, write_annotations
from pgig.train.step import build_method
from pgig.weights.networks import save_networks
from tests.conftest import files
from tests.generate import factored_weights
from tests.generate.factored_weights import INFO

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def method():
    """The method with random weights, and its `Options`."""
    options, method = factored_weights.build()
    return method, options


@pytest.fixture(scope="module")
def networks(method, tmp_path_factory):
    """{name: weight file} of it."""
    return factored_weights.save(*method, tmp_path_factory.mktemp("networks"))


@pytest.fixture
def words(networks, tmp_path, monkeypatch):
    """Flags, in a working directory that holds nothing but an annotation table of twelve poses."""
    monkeypatch.chdir(tmp_path)
    table = read_annotations(ROOT / "data" / "demo-annotation-train.csv")
    write_annotations("train.csv", table.names[:12], table.keypoints[:12])
    return ["--annotations_file_train", "train.csv", *factored_weights.flags(networks, "generator")]


@pytest.fixture
def judged(words, networks):
    return [*words, "--discriminator_checkpoint", str(networks["discriminator"])]


def pictures(folder):
    return {path.name: np.array(Image.open(path)) for path in sorted(Path(folder).glob("*.png"))}


def test_a_person_is_one_foreground_in_many_places_and_poses(judged, method, capsys):
    virtual_market([*judged, "-o", "vm", "--ids", "2", "--images", "3", "--seed", "5", "--names", "published"])
    assert "2 of 2 people are to be made, 3 pictures of each" in capsys.readouterr().out
    made = pictures("vm/G")
    assert len(made) == 6 and Path("vm/index.html").read_text().count("<figure") == 2
    method, _ = method
    noise = {
        factor.name: ops.convert_to_tensor(draw_noise(method, factor, 5, 1, 3))
        for factor in method.factors
        if factor.name != "pose"
    }
    codes = method.mapped(noise)
    poses = real_poses(parse(judged).data)
    images, logits = [], []
    for row, (name, pixels) in enumerate([one for one in made.items() if one[0].startswith("0001_")]):
        begin, logit = name.removesuffix(".png").rsplit("_", 1)
        assert begin == f"0001_c1s1_{row:06d}_{3 + row:05d}"
        # The first foreground, a background of its own, and one of the real poses, whichever was drawn.
        rows = {"fg": [0] * len(poses), "bg": [row] * len(poses)}
        own = {factor: ops.take(code, rows[factor], axis=0) for factor, code in codes.items()}
        painted = ops.convert_to_numpy(method.render(own, ops.convert_to_tensor(poses)))
        distance = abs(np.clip((painted + 1) * 127.5, 0, 255) - pixels).max(axis=(1, 2, 3))
        assert distance.min() < 1.01
        images.append(painted[distance.argmin()])
        logits.append(float(logit))
    expected = ops.convert_to_numpy(method.realness(ops.convert_to_tensor(np.stack(images))))
    np.testing.assert_allclose(logits, expected, rtol=1e-3, atol=1e-5)


@pytest.mark.slow
def test_stopped_and_started_again_it_makes_the_same(judged, capsys):
    best = ["--images", "2", "--generate", "4"]
    virtual_market([*judged, "-o", "whole", "--ids", "2", *best])
    virtual_market([*judged, "-o", "parts", "--ids", "1", *best, "--test_batch_size", "1"])
    # As a killed run leaves it.
    Path("parts/bounding_box_train/.writing-0002.png").write_text("half a picture")
    name = next(Path("whole/bounding_box_train").glob("0002_*"))
    shutil.copy(name, "parts/bounding_box_train")
    capsys.readouterr()
    virtual_market([*judged, "-o", "parts", "--ids", "2", *best, "--test_batch_size", "3"])
    assert "1 of 2 people are to be made" in capsys.readouterr().out
    made = {path.relative_to("parts"): content for path, content in files("parts").items()}
    assert made == {path.relative_to("whole"): content for path, content in files("whole").items()}

    virtual_market([*judged, "-o", "all", "--ids", "2", "--images", "4", "--names", "published"])
    every = pictures("all/G")
    logits = {name: float(name.removesuffix(".png").rsplit("_", 1)[1]) for name in every}
    kept = []
    for person in ("0000_", "0001_"):
        kept += sorted(sorted((name for name in every if name.startswith(person)), key=lambda name: -logits[name])[:2])
    for name, pixels in zip(kept, pictures("whole/bounding_box_train").values(), strict=True):
        np.testing.assert_array_equal(every[name], pixels)


def test_a_network_can_be_trained_on_it(words):
    virtual_market([*words, "-o", "vm", "--ids", "3", "--images", "2"])
    names = sorted(pictures("vm/bounding_box_train"))
    assert names[:3] == ["0001_c1s1_000000_00.png", "0001_c1s1_000001_00.png", "0002_c1s1_000002_00.png"]
    assert parse_names(names)[0].tolist() == [1, 1, 2, 2, 3, 3]
    lines = Path("vm/train.txt").read_text().splitlines()
    assert lines == [f"dataset/bounding_box_train/{name} {row // 2}" for row, name in enumerate(names)]
    small = ["--network", "small", "--image_size", "32,16", "--batch_size", "3", "--epochs", "1"]
    train_reid(["vm/bounding_box_train", "--output", "reid.h5", *small])
    assert Path("reid.h5").exists()


@pytest.mark.slow
def test_sampled_poses_and_methods_without_background(words, networks, tmp_path):
    more = ["--ids", "1", "--images", "2", "--pose", "sampled"]
    with pytest.raises(OptionsError, match="--pose_checkpoint"):
        virtual_market([*words, "-o", "sampled", *more])
    virtual_market([*words, "-o", "sampled", *more, "--pose_checkpoint", str(networks["pose"])])
    assert len(pictures("sampled/bounding_box_train")) == 2

    options = parse(["--method", INFO.name, "--stage", INFO.whole, *INFO.tiny[1]])
    save_networks(build_method(options), "generator", "plain.h5", options)
    virtual_market([*words, "--generator_checkpoint", "plain.h5", "-o", "plain", "--ids", "1", "--images", "2"])
    assert len(pictures("plain/bounding_box_train")) == 2


def test_names():
    assert picture_name("published", 12, 3, 32, -1.25) == "0012_c1s1_000003_00387_-1.250000.png"
    assert picture_name("published", 12, 3, 32) == "0012_c1s1_000003_00387.png"
    assert picture_name("market", 12, 3, 32, 0.5) == "0013_c1s1_000387_00.png"


def test_real_poses_are_those_of_people_in_the_training_pictures(words):
    data, table = parse(words).data, read_annotations("train.csv")
    usable = is_valid(table.keypoints)
    assert 2 < usable.sum() < 12
    np.testing.assert_array_equal(real_poses(data), table.keypoints[usable])
    first = np.flatnonzero(usable)[0]
    names = [*table.names]
    names[first] = f"-1_{names[first]}"
    write_annotations("train.csv", names, table.keypoints)
    np.testing.assert_array_equal(real_poses(data), table.keypoints[usable][1:])
    write_annotations("train.csv", table.names[:1], table.keypoints[:1] * 0)
    with pytest.raises(DataError, match="train.csv holds no pose with both shoulders and hips"):
        real_poses(data)


@pytest.mark.slow
def test_mistakes(words, judged):
    for more, sentence in (
        (["--ids", "0"], "--ids 0 must be 1 or more"),
        (["--generate", "0"], "--generate 0 must be 1 or more"),
        (["--images", "4", "--generate", "3"], "--generate 3 of which --images 4 are kept"),
        (["--images", "4", "--generate", "5"], "name its file with --discriminator_checkpoint"),
        (["--stage", INFO.stages[0]], "leave --stage out"),
    ):
        with pytest.raises(OptionsError, match=sentence):
            virtual_market([*words, "-o", "vm", *more])
    with pytest.raises(OptionsError, match="--method pose-gan does not take pictures apart"):
        virtual_market(["--dataset", "demo", "-o", "vm"])
    with pytest.raises(OptionsError, match="needs trained weights"):
        virtual_market([*words[:-2], "-o", "vm"])
    with pytest.raises(DataError, match="none.csv"):
        virtual_market([*words, "-o", "vm", "--annotations_file_train", "none.csv"])
    assert not Path("vm").exists()
    with pytest.raises(StorageError, match="24000000000 pictures take up to .* GB, .* make fewer --ids"):
        virtual_market([*words, "-o", "vm", "--ids", "1000000000"])
    small = ["-o", "vm", "--ids", "1", "--images", "1"]
    virtual_market([*words, *small])
    for other in ([*words, *small, "--seed", "1"], [*judged, *small]):
        with pytest.raises(DataError, match="vm/bounding_box_train holds pictures that were not made by this program"):
            virtual_market(other)
