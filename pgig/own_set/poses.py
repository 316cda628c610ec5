"""The joints of photos, estimated once: the long part of making a data set, whose results outlive a killed program.

A line of JSON per photo goes to a file as soon as it is known. Photos are known by the hash of their files, so that
they may be renamed, and the data set may be made anew with other people, sizes or photos.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pgig.data.photos import read_photo
from pgig.errors import DataError
from pgig.estimate.people import THRESHOLD, find_people
from pgig.pose.joints import MISSING, NAMES
from pgig.utils.files import require_folder, storage_errors
from pgig.utils.progress import progress_bar

# Decimals that are kept of joints in pixels and of scores.
_DECIMALS = 2

_NOBODY = np.float32([[MISSING, MISSING, 0]] * len(NAMES))


@dataclass(frozen=True, eq=False)
class Found:
    """Who is in a photo.

    Attributes:
        size: (height, width) of the upright photo in pixels.
        people: how many were found.
        keypoints: (18, 3) float32 y, x, visible of the largest person, in pixels of the photo.
        scores: (18,) float32 of the estimator, 0 to 1.
    """

    size: tuple
    people: int
    keypoints: np.ndarray
    scores: np.ndarray


class PoseStore:
    """{hash of a photo's file: `Found`}, kept in a file that grows line by line.

    Args:
        folder: where the file lies; it is made when it is missing.
        made_with: {name: plain value} of what decides on the joints; each has a file of its own.

    Raises:
        StorageError: the folder cannot be written.
    """

    def __init__(self, folder, made_with):
        text = json.dumps(made_with, sort_keys=True)
        require_folder(folder)
        self.path = Path(folder) / f"{hashlib.sha256(text.encode()).hexdigest()[:12]}.jsonl"
        lines = _lines(self.path)
        # A line that a killed program left unfinished is one that says nothing.
        self._known = dict(filter(None, map(_parsed, lines)))
        if not lines:
            self._write(text + "\n")
        elif lines[-1]:
            self._write("\n")

    def __contains__(self, digest):
        return digest in self._known

    def __getitem__(self, digest):
        return self._known[digest]

    def add(self, digest, found):
        """Keep what was found.

        Raises:
            StorageError: the disk is full.
        """
        fields = {
            "photo": digest,
            "size": list(found.size),
            "people": found.people,
            "keypoints": np.round(found.keypoints.astype(float), _DECIMALS).tolist(),
            "scores": np.round(found.scores.astype(float), _DECIMALS).tolist(),
        }
        line = json.dumps(fields)
        self._write(line + "\n")
        # As it would come back from the file: a second run gives the same data set.
        self._known.update([_parsed(line)])

    def _write(self, text):
        with storage_errors(self.path), open(self.path, "a", encoding="utf-8") as file:
            file.write(text)


def estimate(photos, store, networks, show=True):
    """Find the people in all photos that a store does not know.

    Args:
        photos: list of `pgig.own_set.photos.Photo`.
        store: `PoseStore`, which is filled.
        networks: (estimator, detector or None), see `pgig.estimate.people.find_people`.
        show: whether to show a progress bar.

    Returns:
        {`Photo.shown`: sentence} of the photos that cannot be read.

    Raises:
        StorageError: the disk is full.
    """
    estimator, detector = networks
    unread, missing = {}, [photo for photo in photos if photo.digest not in store]
    known = len(photos) - len(missing)
    if not missing:
        return unread
    for photo in progress_bar(missing, "Estimating poses", "photo", len(photos), known, show):
        try:
            pixels = read_photo(photo.path)
        except DataError as error:
            unread[photo.shown] = str(error)
            continue
        people = find_people(pixels, estimator, detector=detector)
        keypoints, scores = (people[0].keypoints, people[0].scores) if people else (_NOBODY, np.zeros(len(NAMES)))
        store.add(photo.digest, Found(pixels.shape[:2], len(people), keypoints, scores))
    return unread


def made_with(networks):
    """What decides on the joints that `estimate` finds, for a `PoseStore`."""
    estimator, detector = networks
    fingerprint = detector.fingerprint if detector else None
    return {"estimator": estimator.fingerprint, "detector": fingerprint, "threshold": THRESHOLD}


def _lines(path):
    """Lines of a file; [] when it is missing or empty, and the last is empty when the file ends with a line break."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}): remove it to estimate poses anew.") from None
    return text.split("\n") if text else []


def _parsed(line):
    """(hash, `Found`) of a line, or None."""
    try:
        fields = json.loads(line)
        digest, size, people = fields["photo"], fields["size"], fields["people"]
        keypoints, scores = np.array(fields["keypoints"], np.float32), np.array(fields["scores"], np.float32)
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
        return None
    shapes = keypoints.shape == (len(NAMES), 3) and scores.shape == (len(NAMES),)
    counts = isinstance(size, list) and len(size) == 2 and all(type(number) is int for number in (*size, people))
    if not (isinstance(digest, str) and shapes and counts and min(size) > 0 <= people):
        return None
    if not (np.isfinite(keypoints).all() and np.isfinite(scores).all()):
        return None
    return digest, Found(tuple(size), people, keypoints, scores)
