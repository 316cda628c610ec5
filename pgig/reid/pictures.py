"""The pictures of a folder as a labelled training set, in a new order and newly moved in every epoch.

What becomes of the pictures follows from (seed, epoch) alone, so that a run that was stopped goes on as if it had not
been.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from PIL import Image

from pgig.data.images import decode, list_images, read_bytes, read_head
from pgig.errors import DataError
from pgig.metrics.reid_features import parse_names
from pgig.utils.random import generator
from pgig.utils.words import counted

# Degrees, and shares of height and width: those of Fan et al.
_ROTATION, _SHIFT = 20.0, 0.2


@dataclass(frozen=True, eq=False)
class Labelled:
    """Pictures with the numbers of their persons.

    Attributes:
        files: list of N paths.
        labels: (N,) int32, from 0.
        people: how many persons there are.
        mark: text that changes with the names and sizes of the files.
    """

    files: list
    labels: np.ndarray
    people: int
    mark: str


def labelled(folder):
    """The pictures of a folder whose names say, as in Market-1501, whom they show.

    Pictures of nobody, whose names begin with -1 or 0000, are left out; that is said.

    Returns:
        `Labelled`; persons are numbered in the order of their names' numbers.

    Raises:
        DataError: a name is of another form, a picture cannot be read, or there are fewer than two persons.
    """
    names = list_images(folder)
    if not names:
        what = "holds no pictures" if Path(folder).is_dir() else "is no folder"
        raise DataError(f"{folder} {what}: give a folder of pictures with names as 0002_c1s1_000451_03.jpg.")
    identities, _ = parse_names(names)
    kept = np.flatnonzero(identities > 0)
    people, labels = np.unique(identities[kept], return_inverse=True)
    if len(people) < 2:
        shown = counted(len(people), "person", "people")
        raise DataError(f"{folder} shows {shown}, but at least two are needed to tell them apart.")
    if len(kept) < len(names):
        print(f"{counted(len(names) - len(kept), 'picture')} of nobody (0000 or -1) left out.")
    files = [os.path.join(folder, names[row]) for row in kept]
    digest = hashlib.sha256()
    for file in files:
        read_head(file)
        digest.update(f"{os.path.basename(file)}/{os.stat(file).st_size}\n".encode())
    mark = f"{len(files)} of {len(people)} people, {digest.hexdigest()[:12]}"
    return Labelled(files, labels.astype(np.int32), len(people), mark)


class Epoch(keras.utils.PyDataset):
    """The batches of one epoch: every picture at most once; what does not fill a batch waits for another epoch.

    Args:
        data: `Labelled`.
        size: (height, width) to which pictures are resized (bilinear).
        batch_size: pictures in a batch.
        seed: of the run.
        number: of the epoch, from 0.
        moved: whether pictures are moved at random, see `move`.

    Attributes:
        problem: the `DataError` that ended the epoch early, or None. Back ends hide it in errors of their own.
    """

    def __init__(self, data, size, batch_size, seed, number, moved):
        super().__init__()
        self._data, self._size, self._batch_size = data, size, batch_size
        self._seed, self._number, self._moved = seed, number, moved
        self._order = generator(seed, "order", number).permutation(len(data.files))
        self.problem = None

    def __len__(self):
        return len(self._order) // self._batch_size

    def __getitem__(self, index):
        """Pixels (B, H, W, 3) uint8 and labels (B,) int32 of a batch."""
        rows = self._order[index * self._batch_size :][: self._batch_size]
        try:
            pixels = np.stack([self._pixels(row) for row in rows])
        except DataError as error:
            self.problem = error
            raise
        return pixels, self._data.labels[rows]

    def _pixels(self, row):
        pixels = read_resized(self._data.files[row], self._size)
        return move(pixels, generator(self._seed, "moved", self._number, row)) if self._moved else pixels


def read_resized(path, size):
    """Pixels (H, W, 3) uint8 of a picture in that size, bilinear and smoothed where it shrinks (Pillow).

    Fan et al. took the nearest pixel, and PN-GAN's test OpenCV's bilinear values, which are not smoothed.

    Raises:
        DataError: it cannot be read.
    """
    pixels = decode(read_bytes(path), None, str(path))
    return np.array(Image.fromarray(pixels).resize(size[::-1], Image.Resampling.BILINEAR))


def move(pixels, random):
    """Turn a picture by up to 20 degrees and shift it by up to a fifth of its height and width, as Fan et al.

    They moved pictures whose colours were scaled already, and not by this interpolation.

    Args:
        pixels: (H, W, 3) uint8.
        random: numpy generator.

    Returns:
        (H, W, 3) uint8, bilinear; beyond its edge the picture goes on with the colours of the edge.
    """
    height, width = pixels.shape[:2]
    angle = np.deg2rad(random.uniform(-_ROTATION, _ROTATION))
    down, right = random.uniform(-_SHIFT, _SHIFT, 2) * (height, width)
    # So much that no corner comes to lie outside.
    margin = max(height, width) // 2 + 1
    padded = Image.fromarray(np.pad(pixels, ((margin, margin), (margin, margin), (0, 0)), "edge"))
    cos, sin = np.cos(angle), np.sin(angle)
    y, x = height / 2, width / 2
    # Where a pixel of the result (x, y) is taken from.
    from_x = (cos, sin, margin + x + right - cos * x - sin * y)
    from_y = (-sin, cos, margin + y + down + sin * x - cos * y)
    moved = padded.transform((width, height), Image.Transform.AFFINE, (*from_x, *from_y), Image.Resampling.BILINEAR)
    return np.array(moved)
