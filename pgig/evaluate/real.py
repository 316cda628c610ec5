"""The real pictures that set metrics compare with: in this field the training pictures, not the test targets."""

import hashlib
from pathlib import Path

import numpy as np

from pgig.data.images import decode, list_images, read_bytes
from pgig.errors import DataError
from pgig.evaluate.prepare import STEPS
from pgig.evaluate.resize import resize_pil_bicubic
from pgig.utils.files import sha256
from pgig.utils.progress import progress_bar
from pgig.utils.words import counted

_BATCH = 32


class RealPictures:
    """All pictures of a folder, in the order of their names, decoded when they are needed.

    Args:
        folder: the folder.
        size: (height, width) of the generated pictures, which each must have after the steps.
        protocol: `Protocol`, which says what happens to the pictures: its `real_steps`, and, if they then have
            another size, its `real_resize`.

    Raises:
        DataError: the folder holds fewer than two pictures.
    """

    def __init__(self, folder, size, protocol):
        self.folder, self.size, self._protocol = Path(folder), tuple(size), protocol
        self.names = list_images(folder)
        if len(self.names) < 2:
            raise DataError(
                f"The reference set {folder} holds {counted(len(self.names), 'picture')}, but a set score needs the "
                "training pictures, two at least: give their folder."
            )
        self._rows = {}

    def describe(self):
        """What scores.json says of the set: folder, number of pictures, SHA-256 of all names and files."""
        digest = hashlib.sha256()
        for name in self.names:
            digest.update(f"{name} {sha256(self.folder / name)}\n".encode())
        return {"folder": str(self.folder), "pictures": len(self.names), "sha256": digest.hexdigest()}

    def rows(self, networks, network, prepare=()):
        """(N, D) features of all pictures, prepared by the protocol and then by the steps of the metric.

        Raises:
            DataError: a picture is damaged or has another size.
        """
        key = (network, prepare)
        if key not in self._rows:
            parts = []
            for start in progress_bar(range(0, len(self.names), _BATCH), f"Real pictures, {network}", "batch"):
                paths = [self.folder / name for name in self.names[start : start + _BATCH]]
                pixels = np.stack([self._picture(path) for path in paths])
                for step in prepare:
                    pixels = STEPS[step].pixels(pixels)
                parts.append(networks.rows(network, pixels))
            self._rows[key] = np.concatenate(parts)
        return self._rows[key]

    def _picture(self, path):
        """(H, W, 3) uint8, as the protocol wants it."""
        pixels = decode(read_bytes(path), None, str(path))[None]
        for step in self._protocol.real_steps:
            pixels = STEPS[step].pixels(pixels)
        found = pixels.shape[1:3]
        # No program enlarged its real pictures; 256x256 ones made 256x176 by a resize would be thin people.
        larger = found[0] > self.size[0] and found[1] > self.size[1]
        if larger and self._protocol.real_resize:
            pixels = resize_pil_bicubic(pixels, self.size)
            for step in self._protocol.real_resize[1:]:
                pixels = STEPS[step].pixels(pixels)
        elif found != self.size:
            raise DataError(
                f"{path} is {found[0]}x{found[1]} pixels (height x width), but the generated pictures are "
                f"{self.size[0]}x{self.size[1]}: give real pictures of that size"
                f"{', or larger both ways' if self._protocol.real_resize else ''}."
            )
        return pixels[0]
