"""Scoring a stream of picture pairs: feed batches, then ask for the table and the means."""

import csv
import importlib.metadata
import io
import json
from dataclasses import asdict

import numpy as np

from pgig.data.pairs import pairs_hash
from pgig.errors import DataError
from pgig.evaluate.inception_score import inception_score
from pgig.evaluate.l1 import l1
from pgig.evaluate.masks import ma_mask
from pgig.evaluate.protocols import POSE_GAN
from pgig.evaluate.ssim import ssim
from pgig.utils.files import write_text

# Scores that every pair has, in the order of the columns of scores.csv.
PAIR_SCORES = ("ssim", "masked_ssim", "l1")

_PACKAGES = ("pgig", "numpy", "scipy", "pillow")


class Scorer:
    """Accumulates scores of pairs; how they are cut into batches changes nothing.

    Args:
        protocol: a `Protocol`.
        inception: None, or a function from (N, H, W, 3) uint8 pictures to (N, C) class probabilities, such as
            `InceptionGraph`: then inception scores are computed too.
        note: sentence kept in the result, for instance why there are no inception scores.
    """

    def __init__(self, protocol=POSE_GAN, inception=None, note=None):
        self.protocol = protocol
        self.names = []
        self._inception = inception
        self._notes = [note] if note else []
        self._columns = {name: [] for name in PAIR_SCORES}
        self._probabilities, self._masked_probabilities = [], []

    def add(self, names, target_pixels, generated_pixels, target_keypoints):
        """Score a batch of pairs.

        Args:
            names: B pairs (source name, target name).
            target_pixels, generated_pixels: (B, H, W, 3) uint8.
            target_keypoints: (B, 18, 3) y, x, visible: where the mask of the masked scores is drawn.
        """
        target_pixels, generated_pixels = np.asarray(target_pixels), np.asarray(generated_pixels)
        protocol, size = self.protocol, target_pixels.shape[1:3]
        mask = ma_mask(target_keypoints, size, protocol.mask_radius)
        self.names += [(str(source), str(target)) for source, target in names]
        self._columns["ssim"].append(ssim(target_pixels, generated_pixels, variant=protocol.ssim))
        self._columns["masked_ssim"].append(ssim(target_pixels, generated_pixels, mask, protocol.ssim))
        self._columns["l1"].append(l1(target_pixels, generated_pixels, protocol.l1_span))
        if self._inception is not None:
            masked = generated_pixels * mask[..., None]
            self._probabilities.append(self._inception(generated_pixels))
            self._masked_probabilities.append(self._inception(masked))

    def pair_scores(self):
        """Dictionary of score name -> (N,) float64, in the order of `names`."""
        return {name: np.concatenate(parts or [np.zeros(0)]) for name, parts in self._columns.items()}

    def result(self):
        """Means, and all that is needed to say what they are means of; ready for JSON.

        A score that is undefined for a pair (SSIM of a picture of one single value) is left out of its mean,
        and the number of such pairs is stated.

        Returns:
            dict: `protocol`, `protocol_settings`, `pairs` (their number), `pairs_sha256`, `ssim`,
                `masked_ssim`, `l1`
            (floats, None if undefined for all pairs), `inception_score`, `masked_inception_score` ([mean,
            standard deviation] or None), `undefined` (score -> pairs left out), `notes` (sentences),
            `versions`.

        Raises:
            DataError: no pair was added.
        """
        if not self.names:
            raise DataError("There is nothing to score: the list of test pairs is empty.")
        columns = self.pair_scores()
        defined = {name: column[np.isfinite(column)] for name, column in columns.items()}
        notes = list(self._notes)
        return {
            "protocol": self.protocol.name,
            "protocol_settings": asdict(self.protocol),
            "pairs": len(self.names),
            "pairs_sha256": pairs_hash(self.names),
            **{name: float(column.mean()) if len(column) else None for name, column in defined.items()},
            "inception_score": self._inception_score(self._probabilities, notes),
            "masked_inception_score": self._inception_score(self._masked_probabilities, notes),
            "undefined": {name: len(self.names) - len(column) for name, column in defined.items()},
            "notes": list(dict.fromkeys(notes)),
            "versions": {package: _version(package) for package in _PACKAGES},
        }

    def write(self, folder, name="scores", **more):
        """Write `<name>.json` (the result and `more`) and `<name>.csv` (one row per pair) into `folder`.

        Returns:
            the dictionary that was written.
        """
        result = self.result() | more
        write_text(f"{folder}/{name}.json", json.dumps(result, indent=2) + "\n")
        write_text(f"{folder}/{name}.csv", pair_table(self.names, self.pair_scores()))
        return result

    def _inception_score(self, probabilities, notes):
        """[mean, standard deviation], or None with a note that says why."""
        if not probabilities:
            return None
        try:
            return list(inception_score(np.concatenate(probabilities), self.protocol.inception_splits))
        except DataError as error:
            notes.append(str(error))
            return None


def score_pictures(batches, protocol=POSE_GAN, inception=None):
    """Score all batches.

    Args:
        batches: iterable of (names, target_pixels, generated_pixels, target_keypoints), see `Scorer.add`.
        protocol, inception: see `Scorer`.

    Returns:
        the result, and a dictionary of the scores of each pair.
    """
    scorer = Scorer(protocol, inception)
    for batch in batches:
        scorer.add(*batch)
    return scorer.result(), scorer.pair_scores()


def mean_picture(batches):
    """The mean of many pictures, the plainest guess at a picture: a baseline that any method must beat.

    Args:
        batches: iterable of (B, H, W, 3) uint8, for instance the targets of the training pairs.

    Returns:
        (H, W, 3) uint8, rounded.

    Raises:
        DataError: there is no picture.
    """
    total, count = 0, 0
    for pixels in batches:
        total = total + np.asarray(pixels).sum(axis=0, dtype=np.int64)
        count += len(pixels)
    if not count:
        raise DataError("The mean picture of nothing was asked for: the list of training pairs is empty.")
    return np.rint(total / count).astype(np.uint8)


def pair_table(names, columns):
    """Text of a comma-separated table: from, to and one column per score; undefined scores are empty.

    Args:
        names: N pairs (source name, target name).
        columns: dictionary of score name -> (N,) float64.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["from", "to", *columns])
    for pair, *values in zip(names, *columns.values(), strict=True):
        writer.writerow([*pair, *(repr(float(value)) if np.isfinite(value) else "" for value in values)])
    return text.getvalue()


def summary_line(result):
    """The last line that pose-gan's test.py prints; a score that was not computed is `None`."""
    scores = [result["inception_score"], result["masked_inception_score"]]
    inception, masked = (tuple(score) if score else None for score in scores)
    return (
        f"Inception score = {inception}, masked = {masked}; SSIM score = {result['ssim']}, "
        f"masked = {result['masked_ssim']}; l1 score = {result['l1']}"
    )


def _version(package):
    """Version of an installed package; None when it runs from a checkout without being installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
