"""A small data set of random pictures in the original's layout, and the paths to it."""

import numpy as np
import pytest
from PIL import Image

from pgig.config import DataPaths
from pgig.data.pairs import make_pairs, write_pairs
from pgig.pose.files import write_annotations

SIZE = (32, 16)


def random_poses(rng, count):
    """`count` poses with every joint inside a picture of SIZE: (count, 18, 3)."""
    points = rng.integers(0, SIZE, (count, 18, 2))
    return np.concatenate([points, np.ones((count, 18, 1))], -1).astype(np.float32)


def write_picture(path, rng):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(rng.integers(0, 256, (*SIZE, 3), dtype=np.uint8)).save(path)


@pytest.fixture
def paths(tmp_path):
    """Three people with three pictures each for training, one with three for testing. One is a PNG."""
    rng = np.random.default_rng(0)
    for split, people in (("train", "123"), ("test", "4")):
        names = [f"{person}_{k}.jpg" for person in people for k in range(3)]
        names = ["1_0.png" if name == "1_0.jpg" else name for name in names]
        for name in names:
            write_picture(tmp_path / split / name, rng)
            write_picture(tmp_path / f"{split}-bg" / f"{name[:-4]}_BG.jpg", rng)
        poses = random_poses(rng, len(names))
        write_annotations(tmp_path / f"annotation-{split}.csv", names, poses)
        write_pairs(tmp_path / f"pairs-{split}.csv", make_pairs(names, poses))
    files = {}
    for split in ("train", "test"):
        files[f"images_dir_{split}"] = str(tmp_path / split)
        files[f"bg_images_dir_{split}"] = str(tmp_path / f"{split}-bg")
        files[f"annotations_file_{split}"] = str(tmp_path / f"annotation-{split}.csv")
        files[f"pairs_file_{split}"] = str(tmp_path / f"pairs-{split}.csv")
    return DataPaths(name="tiny", image_size=SIZE, records_dir=str(tmp_path / "records"), **files)
