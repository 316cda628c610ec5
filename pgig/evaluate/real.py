"""The real pictures that set metrics compare with: in this field the training pictures, not the test targets."""

import hashlib
from pathlib import Path

import numpy as np

from pgig.data.images import decode, list_images, read_bytes
from pgig.errors import DataError
from pgig.evaluate.prepare import STEPS
from pgig.utils.progress import progress_bar

_BATCH = 32


class RealPictures:
    """All pictures of a folder, in the order of their names, decoded when they are needed.

    Args:
        folder: the folder.
        size: (height, width) that each must have.

    Raises:
        DataError: the folder holds fewer than two pictures.
    """

    def __init__(self, folder, size):
        self.folder, self.size = Path(folder), size
        self.names = list_images(folder)
        if len(self.names) < 2:
            raise DataError(
                f"The reference set {folder} holds {len(self.names)} pictures, but a set score needs the training "
                "pictures, two at least: give their folder."
            )
        self._rows = {}

    def describe(self):
        """What scores.json says of the set: folder, number of pictures, SHA-256 of the sorted names."""
        text = "".join(f"{name}\n" for name in self.names)
        digest = hashlib.sha256(text.encode()).hexdigest()
        return {"folder": str(self.folder), "pictures": len(self.names), "names_sha256": digest}

    def rows(self, networks, network, prepare=()):
        """(N, D) features of all pictures after the steps of a protocol.

        Raises:
            DataError: a picture is damaged or has another size.
        """
        key = (network, prepare)
        if key not in self._rows:
            parts = []
            for start in progress_bar(range(0, len(self.names), _BATCH), f"Real pictures, {network}", "batch"):
                paths = [self.folder / name for name in self.names[start : start + _BATCH]]
                pixels = np.stack([decode(read_bytes(path), self.size, str(path)) for path in paths])
                for step in prepare:
                    pixels = STEPS[step].pixels(pixels)
                parts.append(networks.rows(network, pixels))
            self._rows[key] = np.concatenate(parts)
        return self._rows[key]
