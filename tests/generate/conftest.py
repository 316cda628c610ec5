"""A tiny generator with random weights, and a walk made of pictures of the demo set."""

import shutil
from pathlib import Path

import pytest

from pgig.cli.options import parse
from pgig.pose.check import is_valid
from pgig.pose.files import read_annotations, write_annotations
from pgig.weights.networks import save_networks

ROOT = Path(__file__).resolve().parents[2]
NETWORK = ("--dataset", "demo", "--width", "0.0625", "--warp_skip", "mask")


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory):
    """Weight file of a generator of NETWORK."""
    options = parse([*NETWORK])
    method = options.method.load()(options.shared, options.config, options.data.image_size)
    path = tmp_path_factory.mktemp("weights") / "generator.h5"
    save_networks(method, "generator", path, options)
    return path


@pytest.fixture
def flags(checkpoint):
    """Flags of every program that generates."""
    return [*NETWORK, "--generator_checkpoint", str(checkpoint)]


@pytest.fixture
def work(tmp_path, monkeypatch):
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def walk(work):
    """In the working directory: a photo, six frames of another person, and their keypoints.

    The first frame lacks a hip; the third one lacks the nose, which the second one has.
    """
    table = read_annotations(ROOT / "data" / "demo-annotation-test.csv")
    poses = dict(zip(table.names, table.keypoints, strict=True))
    whole = [name for name in sorted(table.names) if is_valid(poses[name]) and poses[name][0, 2]]
    photo = whole[0]
    frames = [name for name in whole if name[:4] != photo[:4]][:6]
    (work / "frames").mkdir()
    for name in frames:
        shutil.copy(ROOT / "data" / "demo-dataset" / "test" / name, work / "frames")
    shutil.copy(ROOT / "data" / "demo-dataset" / "test" / photo, work / "photo.jpg")
    keypoints = [poses[name].copy() for name in frames]
    keypoints[0][8] = keypoints[2][0] = -1, -1, 0
    names = [*(f"frames/{name}" for name in frames), "photo.jpg"]
    write_annotations("keypoints.csv", names, [*keypoints, poses[photo]])
    return frames
