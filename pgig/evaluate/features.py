"""Features of pictures, computed once for all metrics that share them, and kept by what the pictures contain.

A row is known by the SHA-256 of the pixels that went into the network, and lies in a folder that is named after
the network and the hash of its weights: a regenerated picture, or another weight file, never meets an old row.
"""

import hashlib
import io
import json
import time
import zipfile
from pathlib import Path

import numpy as np

from pgig.errors import NumericsError
from pgig.utils.files import atomic_path, write_text

# Rows that wait in memory before they are written, and seconds that they wait: what a killed program loses.
_CHUNK, _SECONDS = 2048, 60.0

_KEY_BYTES = 32


class FeatureCache:
    """Remembers the rows that networks gave for pictures.

    Args:
        folder: where rows are kept between programs; None: in memory only. Several programs may share it: every
            file is named by the hash of its content, and files are only ever added.
    """

    def __init__(self, folder=None):
        self.folder = None if folder is None else Path(folder)
        self._tables, self._waiting = {}, {}
        self._saved = time.monotonic()

    def rows(self, network, *arrays):
        """What a network gives for pictures; only those that it has not seen are computed.

        Args:
            network: function of the arrays that gives one row per picture, with the attribute `fingerprint`, a
                text that changes when the network's results do.
            arrays: arrays of the same length N, for instance pictures (N, H, W, 3) uint8.

        Returns:
            (N, ...) array.

        Raises:
            NumericsError: a row holds values that are not finite.
        """
        keys = _keys(arrays)
        table = self._table(network)
        fresh = list({key: i for i, key in enumerate(keys) if key not in table}.values())
        if fresh or not keys:
            new = np.asarray(network(*(array[fresh] for array in arrays)))
            if not np.isfinite(new).all():
                raise NumericsError(
                    f"The network {network.fingerprint} gave values that are not finite numbers: its weight file "
                    "is not the one it should be; `python -m pgig weights --check` compares the hashes."
                )
            if not keys:
                return new
            added = {keys[i]: row for i, row in zip(fresh, new, strict=True)}
            table.update(added)
            self._keep(network, added)
        return np.stack([table[key] for key in keys])

    def save(self):
        """Write the rows that wait."""
        for fingerprint, waiting in self._waiting.items():
            if waiting:
                _write(self.folder / fingerprint, waiting)
        self._waiting, self._saved = {}, time.monotonic()

    def _table(self, network):
        if network.fingerprint not in self._tables:
            folder = None if self.folder is None else self.folder / network.fingerprint
            self._tables[network.fingerprint] = {} if folder is None else _read(folder)
        return self._tables[network.fingerprint]

    def _keep(self, network, added):
        if self.folder is None:
            return
        self._waiting.setdefault(network.fingerprint, {}).update(added)
        rows = sum(map(len, self._waiting.values()))
        if rows >= _CHUNK or time.monotonic() - self._saved > _SECONDS:
            self.save()


def _keys(arrays):
    """One hash per row over all arrays: their shapes, types and bytes."""
    heads = [f"{array.shape[1:]} {array.dtype}".encode() for array in arrays]
    keys = []
    for rows in zip(*(np.ascontiguousarray(array) for array in arrays), strict=True):
        digest = hashlib.sha256()
        for head, row in zip(heads, rows, strict=True):
            digest.update(head)
            digest.update(row.data)
        keys.append(digest.digest())
    return keys


def _write(folder, rows):
    """One file of keys and rows, named by its hash, and the manifest that says what the folder holds."""
    file = io.BytesIO()
    keys = np.frombuffer(b"".join(rows), np.uint8).reshape(-1, _KEY_BYTES)
    np.savez(file, keys=keys, rows=np.stack(list(rows.values())))
    data = file.getvalue()
    with atomic_path(folder / f"{hashlib.sha256(data).hexdigest()}.npz") as temporary:
        temporary.write_bytes(data)
    first = next(iter(rows.values()))
    manifest = {
        "network": folder.name,
        "row_shape": list(first.shape),
        "row_type": str(first.dtype),
        "files": "each is named by the SHA-256 of its content",
        "keys": "SHA-256 of shape, type and bytes of the arrays that went into the network",
    }
    write_text(folder / "manifest.json", json.dumps(manifest, indent=2) + "\n")


def _read(folder):
    """All rows of a folder; a file that is unreadable or not what its name says is passed over: its rows are computed
    again.
    """
    table = {}
    for path in sorted(folder.glob("*.npz")):
        try:
            data = path.read_bytes()
            if hashlib.sha256(data).hexdigest() != path.stem:
                continue
            with np.load(io.BytesIO(data), allow_pickle=False) as stored:
                keys, rows = stored["keys"], stored["rows"]
            table.update(zip(map(bytes, keys), rows, strict=True))
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            continue
    return table
