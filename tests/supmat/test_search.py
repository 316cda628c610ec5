import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]


def test_nearest_is_the_smallest_mean_squared_difference(script):
    random = np.random.default_rng(0)
    features = random.normal(size=(7, 12)).astype("float32")
    queries = np.stack([features[5] + 0.5, features[2]])
    batches = [("abc", features[:3]), ("defg", features[3:])]
    (first, near), (second, exact) = script("search").nearest(queries, batches)
    assert (first, second) == ("f", "c")
    assert near == pytest.approx(0.25, rel=1e-5) and exact == 0


def test_the_first_of_equals_wins(script):
    same = np.ones((2, 3), "float32")
    assert script("search").nearest(same[:1], [("ab", same), ("cd", same)]) == [("a", 0.0)]


def test_pictures_are_resized_to_unit_range(script, tmp_path):
    Image.new("RGB", (64, 128), (0, 255, 51)).save(tmp_path / "a.png")
    images = script("search").read_images([tmp_path / "a.png"])
    assert images.shape == (1, 224, 224, 3) and images.dtype == np.float32
    np.testing.assert_allclose(images[0, 100, 100], [-1, 1, -0.6], atol=1e-6)


def test_an_empty_folder_is_one_sentence(tmp_path):
    done = subprocess.run(
        [sys.executable, ROOT / "sup-mat" / "search.py", tmp_path, tmp_path / "none"],
        env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
    )
    assert done.returncode == 2
    assert "none holds no pictures" in done.stderr and done.stderr.count("\n") == 1
