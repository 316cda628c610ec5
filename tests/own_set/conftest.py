"""Folders of photos whose people are dots, which an estimator without weights finds."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.estimate.dots import DotEstimator, figure, photo


@pytest.fixture
def work(tmp_path, monkeypatch):
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def estimator():
    return DotEstimator()


def put(path, person=None, size=(80, 60), seed=0):
    """Write a photo of a person of dots, or of nobody, on a ground that makes each file another one."""
    pixels = photo(*size, person) if person else np.zeros((*size, 3), np.uint8)
    pixels[-1, :8, 1] = np.random.default_rng([seed, *str(path).encode()]).integers(0, 200, 8)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def album(root, people):
    """A sub-folder for each of {person: number of photos}, `0.png` and so on."""
    for person, count in people.items():
        for number in range(count):
            put(Path(root, person, f"{number}.png"), figure(6 + number, 20, step=3))


@pytest.fixture
def photos(work):
    """Three people: two photos of each for pairs, and of the third three."""
    album("photos", {"Anna Maria": 2, "ben": 2, "cleo": 3})
    return Path("photos")
