"""Records: the pictures of a data set in a few TFRecord files that can be read at any place.

One tf.train.Example per picture: its encoded bytes, keypoints, name, identity, checksum, and its background
if it has one. Beside the shards lie `index.npz` (shard and offset of each picture) and `manifest.json` (what
the records were made from, and the size of each file). Pairs are an index over pictures, so no pixel is
stored twice.
"""

import contextlib
import hashlib
import json
import sys
import weakref
import zipfile
from pathlib import Path

import numpy as np

from pgig.data.folders import FolderSource
from pgig.data.images import decode
from pgig.data.pairs import identity
from pgig.data.tfrecord import decode_example, encode_example, frame, read_record
from pgig.errors import DataError
from pgig.utils.files import atomic_folder, storage_errors, sweep, write_text
from pgig.utils.locks import alone_in
from pgig.utils.progress import progress_bar
from pgig.utils.words import counted

FORMAT = 1
SHARD_BYTES = 64 * 2**20

# Names of the features, shared with the tf.data feeder.
ENCODED = "image/encoded"
BACKGROUND = "background/encoded"


class Records:
    """Reads pictures from the records in a folder.

    Args:
        folder: folder that `build` made.

    Raises:
        DataError: the folder is damaged.
    """

    def __init__(self, folder):
        try:
            with np.load(Path(folder) / "index.npz", allow_pickle=False) as index:
                self._shards, self._offsets = index["shard"].tolist(), index["offset"].tolist()
            files = [open(path, "rb", buffering=0) for path in sorted(Path(folder).glob("*.tfrecord"))]
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            raise DataError(
                f"The records in {folder} are damaged: delete that folder, it is made anew."
            ) from None
        # Files stay open as long as this object: another program may replace the folder while this one reads.
        self._files = files
        weakref.finalize(self, _close, files)

    def __len__(self):
        return len(self._offsets)

    def serialized(self, number):
        """Bytes of the tf.train.Example of a picture, their checksum verified."""
        return read_record(self._files[self._shards[number]], self._offsets[number])

    def example(self, number):
        """All features of a picture, a dict of name to list."""
        return decode_example(self.serialized(number))

    def encoded(self, number):
        """Bytes of a picture, a JPEG or PNG file."""
        return self.example(number)[ENCODED][0]

    def encoded_background(self, number):
        """Bytes of its background picture, b"" where there is none."""
        return self.example(number).get(BACKGROUND, [b""])[0]


def open_records(folder, listing, progress=True):
    """Open the records of a data set, making them first if they are missing or made from other inputs.

    Args:
        folder: where they lie.
        listing: `pgig.data.folders.Listing`.
        progress: whether to show a bar while they are made.

    Returns:
        `Records`, in the order of the listing.

    Raises:
        DataError: a picture is damaged or has the wrong size.
        StorageError: they cannot be written.
    """
    if not is_current(folder, listing):
        with _builder_lock(folder):
            if not is_current(folder, listing):
                build(folder, listing, progress)
    return Records(folder)


def is_current(folder, listing):
    """Whether the folder holds complete records of exactly these inputs."""
    try:
        manifest = json.loads((Path(folder) / "manifest.json").read_bytes())
        sizes = {name: (Path(folder) / name).stat().st_size for name in manifest["files"]}
        made_from = (manifest["format"], manifest["fingerprint"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return False
    return sizes == manifest["files"] and made_from == (FORMAT, listing.fingerprint)


def build(folder, listing, progress=True, shard_bytes=SHARD_BYTES):
    """Make the records. They appear under `folder` only when they are complete.

    Args:
        folder: where they shall lie; an older folder is replaced.
        listing: `pgig.data.folders.Listing`.
        progress: whether to show a bar.
        shard_bytes: a shard is closed once it is at least so large.
    """
    if progress:
        note = "once; --use_records 0 reads the folders instead"
        print(f"Making records of {counted(len(listing.names), 'picture')} in {folder} ({note})", file=sys.stderr)
    source = FolderSource(listing)
    with atomic_folder(folder) as temporary:
        with contextlib.closing(_Shards(temporary, shard_bytes)) as shards:
            for number in progress_bar(range(len(listing.names)), "Records", "picture", show=progress):
                shards.append(frame(encode_example(_features(listing, source, number))))
        np.savez(temporary / "index.npz", name=listing.names, shard=shards.shard, offset=shards.offset)
        manifest = {
            "format": FORMAT,
            "fingerprint": listing.fingerprint,
            "pictures": len(listing.names),
            "size": listing.size,
            "files": {path.name: path.stat().st_size for path in sorted(temporary.iterdir())},
        }
        write_text(temporary / "manifest.json", json.dumps(manifest, indent=1))


def _close(files):
    for file in files:
        file.close()


class _Shards:
    """Writes records one after the other, beginning a new file when one is full."""

    def __init__(self, folder, shard_bytes):
        self._folder, self._shard_bytes = folder, shard_bytes
        self._file, self._count = None, 0
        self.shard, self.offset = [], []

    def append(self, record):
        if self._file is None or self._file.tell() >= self._shard_bytes:
            self.close()
            self._file = open(self._folder / f"{self._count:05}.tfrecord", "wb")
            self._count += 1
        self.shard.append(self._count - 1)
        self.offset.append(self._file.tell())
        self._file.write(record)

    def close(self):
        if self._file:
            self._file.close()


def _features(listing, source, number):
    """What is stored of a picture. Each is decoded once, so that training never meets a damaged one."""
    encoded, name = source.encoded(number), listing.names[number]
    decode(encoded, listing.size, listing.files[number])
    coordinates = listing.keypoints[number, :, :2].astype(int)
    features = {
        ENCODED: [encoded],
        "image/keypoints": coordinates.ravel().tolist(),
        "image/name": [name.encode()],
        "image/identity": [identity(name).encode()],
        "image/sha256": [hashlib.sha256(encoded).hexdigest().encode()],
    }
    background = source.encoded_background(number)
    if background:
        decode(background, listing.size, listing.backgrounds[number])
        features[BACKGROUND] = [background]
    return features


@contextlib.contextmanager
def _builder_lock(folder):
    """Let one program at a time make records here, and sweep what a killed one left.

    Without locks two programs may make the same records, each in a folder of its own, and the later rename wins.
    """
    folder = Path(folder)

    def tell():
        print(f"Waiting for another program that makes records in {folder.parent}.", file=sys.stderr)

    with alone_in(folder.parent, tell) as held, storage_errors(folder):
        if held:
            sweep(folder.parent, folder.name)
        yield
