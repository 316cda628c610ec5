"""A tiny data set in the original's layout, and a way to run the programs inside the test process."""

import fcntl
import gc
import os
import re
import resource
import shutil
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pgig.cli import main as programs
from pgig.cli.options import parse
from pgig.data.pairs import make_pairs, write_pairs
from pgig.pose.files import write_annotations
from pgig.weights.networks import save_networks

# PyTorch's threads spin while they wait: on busy cores that takes many times as long as the work itself.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# The smallest network of the plainest kind, and the shortest run of it.
NETWORK = ("--dataset", "market", "--width", "0.0625", "--warp_skip", "none")
RUN = (
    *("--batch_size", "2", "--iterations_per_epoch", "2", "--number_of_epochs", "1", "--use_validation", "0"),
    *("--checkpoints_dir", "run", "--output_dir", "out"),
)

# A standing figure in units of the picture's height and width: y, x of the 18 joints.
_FIGURE = np.array(
    [
        *((0.10, 0.50), (0.20, 0.50), (0.20, 0.35), (0.33, 0.30), (0.45, 0.27)),
        *((0.20, 0.65), (0.33, 0.70), (0.45, 0.73), (0.50, 0.42), (0.70, 0.40)),
        *((0.90, 0.40), (0.50, 0.58), (0.70, 0.60), (0.90, 0.60)),
        *((0.09, 0.46), (0.09, 0.54), (0.10, 0.42), (0.10, 0.58)),
    ]
)


_peak = 0


def pytest_collection_finish():
    """What is imported by now stays: looking for garbage need not go through it each time."""
    gc.collect()
    gc.freeze()


def pytest_runtest_logfinish():
    """Let go of the networks of finished tests, of which gigabytes would pile up.

    TensorFlow remembers every gradient of our own for good, and through it the graph it is part of and all that this
    graph reads and trains. The rest lies in cycles of references, for which Python looks too rarely.
    """
    global _peak
    if tensorflow := sys.modules.get("tensorflow.python.framework.ops"):
        gradients = tensorflow.gradient_registry._registry
        for name in [name for name in gradients if name.startswith("CustomGradient-")]:
            del gradients[name]
    now = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if now > _peak + 100_000:
        gc.collect()
        _peak = now


@pytest.fixture
def no_packages(monkeypatch):
    """No installed package ships a weight file."""
    monkeypatch.setattr("pgig.pretrained.catalogue._in_distribution", lambda record: None)


def make_dataset(root, name, size, people=(2, 1), pictures=3, seed=0):
    """Write noise pictures with figures somewhere in them, annotations and pairs: data/<name>-... under `root`.

    Args:
        root: working directory of the programs.
        name: value of `--dataset`.
        size: (height, width) in pixels.
        people: how many for training and for testing.
        pictures: of each.
        seed: of pictures and poses.
    """
    random = np.random.default_rng(seed)
    number = 0
    for split, count in zip(("train", "test"), people, strict=True):
        folder = root / "data" / f"{name}-dataset" / split
        folder.mkdir(parents=True)
        names = []
        for _ in range(count):
            number += 1
            names += [f"{number:04d}_c{k}.jpg" for k in range(pictures)]
        for picture in names:
            pixels = random.integers(0, 256, (*size, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / picture, quality=60)
        places = _FIGURE * random.uniform(0.85, 1, (len(names), 1, 2)) * size
        poses = np.concatenate([np.trunc(places), np.ones((len(names), 18, 1))], -1).astype(np.float32)
        write_annotations(root / "data" / f"{name}-annotation-{split}.csv", names, poses)
        write_pairs(root / "data" / f"{name}-pairs-{split}.csv", make_pairs(names, poses))


@contextmanager
def file_size_limit(size):
    """No file may grow beyond so many bytes: for a program, a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def files(folder="."):
    """Every file of a folder with its content."""
    return {path: path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


def match(pattern, text):
    """Whether the text holds the pattern; shown when it does not."""
    assert re.search(pattern, text), text
    return True


@dataclass
class Result:
    """What a program said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def sentence(self):
        """The one sentence of an error; fails when there is anything else of an error."""
        *_, last = self.err.strip().splitlines()
        assert self.code == 2, self.err
        assert last.startswith("error: ") and last.endswith((".", "?")), self.err
        assert self.err.count("error: ") == 1 and "Traceback" not in self.err + self.out
        return last.removeprefix("error: ")


@pytest.fixture
def program(capsys):
    """`program("train", *words)` runs `train.py` with these words and returns a `Result`."""

    def run(name, *words):
        capsys.readouterr()
        code = 0
        try:
            programs.guarded(lambda: getattr(programs, name)([str(word) for word in words]))
        except SystemExit as end:
            code = end.code or 0
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return run


@pytest.fixture(scope="session")
def _tiny(tmp_path_factory):
    root = tmp_path_factory.mktemp("tiny")
    make_dataset(root, "market", (128, 64))
    return root


def work_in_copy(source, folder, monkeypatch):
    """Make `folder` a copy of `source` and the working directory; returns it."""
    shutil.copytree(source, folder)
    monkeypatch.chdir(folder)
    return folder


def train_in_copy(source, folder, *words):
    """Train NETWORK for RUN in a copy of `source`; returns the copy."""
    with pytest.MonkeyPatch.context() as patch:
        work_in_copy(source, folder, patch)
        programs.train([*NETWORK, *RUN, *words])
    return folder


@pytest.fixture
def tiny(_tiny, tmp_path, monkeypatch):
    """A working directory with a small data set `market`: 6 pictures for training, 3 for testing."""
    return work_in_copy(_tiny, tmp_path / "work", monkeypatch)


def final_state(folder):
    """(name of the newest state of a run in a folder, {key: array} of it)."""
    newest = max((Path(folder) / "run" / "state").glob("step-*"))
    with np.load(newest / "arrays.npz") as arrays:
        return newest.name, {key: arrays[key] for key in arrays.files}


@pytest.fixture(scope="session")
def once(tmp_path_factory):
    """`once(name, make)` -> folder that `make(folder)` has made, once for all processes of a test run.

    Tests only read it, or work in a copy.
    """
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent

    def get(name, make):
        folder, done = root / name, root / f"{name}.done"
        with open(root / f"{name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)
                make(folder)
                done.touch()
        return folder

    return get


@pytest.fixture(scope="session")
def _trained_folder(once, _tiny):
    return once("trained", lambda folder: train_in_copy(_tiny, folder))


@pytest.fixture
def trained_folder(_trained_folder, tmp_path, monkeypatch):
    """A working directory like `tiny`, with the run of NETWORK and RUN in it."""
    return work_in_copy(_trained_folder, tmp_path / "trained", monkeypatch)


@pytest.fixture(scope="session")
def weights(tmp_path_factory):
    """{network: weight file} of untrained networks of NETWORK."""
    options = parse([*NETWORK])
    method = options.method.load()(options.shared, options.config, options.data.image_size)
    folder = tmp_path_factory.mktemp("networks")
    paths = {network: folder / f"{network}.h5" for network in method.networks}
    for network, path in paths.items():
        save_networks(method, network, path, options)
    return paths
