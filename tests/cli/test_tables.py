"""`pgig pckh`, `reid` and `apr`, on files written here in the formats of the programs that they come from."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from pgig.metrics.apr import ATTRIBUTES, IDENTITIES
from pgig.pose.files import write_annotations
from pgig.pretrained import resnet50_attributes
from tests.weights.writing import plain_tensor, table, zip_file

COUNT = 6
NAMES = [f"{i + 1:04d}_c2s1_000000_00.jpg" for i in range(COUNT)]


@pytest.fixture
def random():
    return np.random.default_rng(0)


def test_pckh(tmp_path, monkeypatch, program, random):
    monkeypatch.chdir(tmp_path)
    joints = np.ones((COUNT, 18, 3), np.float32)
    joints[..., :2] = random.integers(0, (128, 64), (COUNT, 18, 2))
    write_annotations("joints.csv", NAMES, joints)
    write_annotations("found.csv", [f"0001_c1.jpg___{name}_vis.jpg" for name in NAMES], joints)
    result = program("pckh", "joints.csv", "found.csv")
    assert result.code == 0 and "PCKh = 1.0000 (108 of 108 joints)" in result.out, result.err
    assert "none.csv" in program("pckh", "none.csv", "found.csv").sentence


def test_reid(tmp_path, monkeypatch, program, random):
    monkeypatch.chdir(tmp_path)
    people = random.normal(size=(COUNT, 16)).astype(np.float32)
    for name, camera, noise in (("query", 1, 9), ("multi", 1, 0), ("gallery", 2, 0.1)):
        names = np.array([f"{i + 1:04d}_c{camera}s1_000000_00.jpg" for i in range(COUNT)])
        np.savez(f"{name}.npz", names=names, features=people + random.normal(0, noise, people.shape))
    result = program("reid", "query.npz", "gallery.npz")
    assert result.code == 0 and "rank1 = 1.0000" not in result.out, result.err
    result = program("reid", "query.npz", "gallery.npz", "--multi", "multi.npz")
    assert result.code == 0 and result.out.count("rank1 = 1.0000") == 2, result.err
    assert "nothing.npz" in program("reid", "nothing.npz", "gallery.npz").sentence


def test_apr(tmp_path, monkeypatch, program, random):
    monkeypatch.chdir(tmp_path)
    # A network of the same kind and few weights.
    monkeypatch.setattr(resnet50_attributes, "_BLOCKS", (1, 1, 1, 1))
    monkeypatch.setattr(resnet50_attributes, "_WIDTH", 4)
    arrays = {}
    for layer in resnet50_attributes.build(ATTRIBUTES, IDENTITIES).layers:
        for variable in layer.weights:
            array = random.uniform(0.1, 0.2, variable.shape).astype(np.float32)
            array = array.transpose(3, 2, 0, 1) if array.ndim == 4 else array.T
            name = f"{layer.name.replace('-', '.')}.{resnet50_attributes._PARTS[variable.name]}"
            arrays[name] = np.ascontiguousarray(array)
    tensors = {name: plain_tensor(str(key), array) for key, (name, array) in enumerate(arrays.items())}
    storages = {str(key): array for key, array in enumerate(arrays.values())}
    Path("net.pth").write_bytes(zip_file(table(tensors), storages))

    people = [name[:4] for name in NAMES]
    values = {name: np.ones((1, COUNT)) for name in ATTRIBUTES} | {"image_index": np.array(people, object)[None]}
    savemat("attributes.mat", {"market_attribute": {"test": values}})
    Path("identities.json").write_text(json.dumps({person: i for i, person in enumerate(people)}))
    for folder in ("real", "generated"):
        Path(folder).mkdir()
        for name in NAMES:
            pixels = random.integers(0, 256, (64, 32, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(f"{folder}/{Path(name).stem}.png")

    words = ["--generated", "generated", "--reference", "real", "--weights", "net.pth"]
    words += ["--identities", "identities.json"]
    result = program("apr", *words, "--attributes", "attributes.mat")
    assert result.code == 0, result.err
    printed, mean = (float(part.split(" = ")[1].split()[0]) for part in result.out.strip().split(", "))
    assert printed == pytest.approx(mean / COUNT, abs=1e-4) and mean > 0
    assert "none.mat" in program("apr", *words, "--attributes", "none.mat").sentence
