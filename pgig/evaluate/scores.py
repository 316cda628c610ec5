"""Scoring a stream of picture pairs by a protocol: feed batches, then ask for the table and the means."""

import csv
import importlib.metadata
import io
import json

import numpy as np

from pgig.data.pairs import pairs_hash
from pgig.errors import DataError
from pgig.evaluate.batch import PairBatch
from pgig.evaluate.networks import Networks
from pgig.evaluate.protocols import POSE_GAN
from pgig.utils.files import write_text

_PACKAGES = ("pgig", "numpy", "scipy", "pillow", "keras")

# Below this many pictures a Fréchet distance says little: its covariance has 2,048 dimensions.
_FEW_PICTURES = 5000


class Scorer:
    """Accumulates scores of pairs; how they are cut into batches changes nothing.

    What a metric lacks (a weight file, joints, masks, real pictures) is found out before the first batch is
    scored; such a metric is left out, and a note says why.

    Args:
        protocol: a `Protocol`.
        networks: `Networks`; None: no metric that looks through a network is computed, and no note says so.
        real: `RealPictures` for set metrics, or None.
        from_jpeg: (target, generated): whether these pictures have been through the JPEG files of the program that
            made them, so that a protocol that asks for such files need not send them through others.
        notes: sentences that the result repeats, for instance about how the pictures were found.
    """

    def __init__(self, protocol=POSE_GAN, networks=None, real=None, from_jpeg=(False, False), notes=()):
        self.protocol = protocol
        self.names = []
        self._size = None
        self._networks, self._real, self._from_jpeg = networks or Networks(), real, from_jpeg
        self._quiet = networks is None
        self._metrics, self._notes = None, list(notes)
        self._columns, self._features = {}, {}

    def add(self, names, target_pixels, generated_pixels, target_keypoints=None, target_masks=None):
        """Score a batch of pairs.

        Args:
            names: B pairs (source name, target name).
            target_pixels, generated_pixels: (B, H, W, 3) uint8.
            target_keypoints: (B, 18, 3) y, x, visible: where the body masks are drawn; or None.
            target_masks: (B, H, W) uint8 mask pictures, or None.

        Raises:
            DataError: pictures of a size that the protocol does not know.
        """
        batch = PairBatch(np.asarray(target_pixels), np.asarray(generated_pixels), target_keypoints, target_masks)
        self.protocol.require_size(batch.size)
        self._size = batch.size
        batch = batch.prepared(self.protocol.prepare)
        if self.protocol.jpeg:
            batch = batch.through_jpeg(*(not done for done in self._from_jpeg))
        if self._metrics is None:
            self._choose(batch)
        self.names += [(str(source), str(target)) for source, target in names]

        for metric in self._metrics:
            if metric.kind != "set":
                for column, values in metric.score_batch(batch, self._networks).items():
                    self._columns[column].append(values)
        for source, metric in self._sources().items():
            self._features[source].append(metric.features(batch, self._networks))

    def pair_scores(self):
        """Dictionary of column -> (N,) float64, in the order of `names`."""
        return {name: np.concatenate(parts or [np.zeros(0)]) for name, parts in self._columns.items()}

    def result(self):
        """Means, and all that is needed to say what they are means of; ready for JSON.

        A score that is undefined for a pair (SSIM of a picture of one single value, PSNR of equal pictures) is
        left out of its mean, and the number of such pairs is stated.

        Returns:
            dict: `protocol`, `protocol_settings`, `size` (height, width), `pairs` (their number), `pairs_sha256`,
            `pair_list` (see `Protocol.name_of_list`), a value per metric of the protocol (float, [mean, standard
            deviation] for an inception score, None for what could not be computed), `metrics` (key -> title, better,
            kind, columns), `undefined` (key -> pairs left out), `reference_set`, `notes` (sentences), `versions`.

        Raises:
            DataError: no pair was added.
        """
        if not self.names:
            raise DataError("There is nothing to score: the list of test pairs is empty.")
        self._networks.cache.save()
        columns, notes = self.pair_scores(), list(self._notes)
        values, undefined = dict.fromkeys(metric.key for metric in self.protocol.metrics), {}
        for metric in self._metrics:
            if metric.kind == "set":
                values[metric.key] = self._set_value(metric, notes)
            else:
                values[metric.key], undefined[metric.key] = _mean(metric, columns)
        used_real = self._real and any(metric.needs_real for metric in self._metrics)
        return {
            "protocol": self.protocol.name,
            "protocol_settings": self.protocol.settings(),
            "size": list(self._size),
            "pairs": len(self.names),
            "pairs_sha256": pairs_hash(self.names),
            "pair_list": self.protocol.name_of_list(self.names),
            **values,
            "metrics": {metric.key: _describe(metric) for metric in self.protocol.metrics},
            "undefined": undefined,
            "reference_set": self._real.describe() if used_real else None,
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

    def _choose(self, batch):
        """Find out which metrics of the protocol can be computed."""
        lacking = {}
        self._metrics = []
        for metric in self.protocol.metrics:
            reason = self._what_lacks(metric, batch)
            if reason is None:
                self._metrics.append(metric)
            elif not (self._quiet and metric.network):
                lacking.setdefault(reason, []).append(metric.title)
        self._notes += [f"Not computed: {', '.join(titles)}. {reason}" for reason, titles in lacking.items()]
        self._columns = {column: [] for m in self._metrics if m.kind != "set" for column in m.columns}
        self._features = {source: [] for source in self._sources()}

    def _what_lacks(self, metric, batch):
        """None, or the sentence why a metric cannot be computed."""
        if (metric.mask == "body" or metric.needs_joints) and batch.keypoints is None:
            return "The joints of the target pictures are not known: give their annotation table."
        if metric.mask == "file" and batch.masks is None:
            return "There are no mask pictures beside the targets."
        if metric.network:
            missing = self._networks.what_is_missing(metric.network)
            if self._quiet or missing:
                return missing or "Networks are not asked for."
        if metric.needs_real and self._real is None:
            return "The real pictures to compare with, usually the training pictures, are not given."
        return None

    def _sources(self):
        """Set metrics of different features: (network, preparation, mask) -> one metric that gives them."""
        return {(m.network, m.prepare, m.mask): m for m in self._metrics if m.kind == "set"}

    def _set_value(self, metric, notes):
        """Value of a set metric; None, and a note that says why, when there are too few pictures."""
        features = np.concatenate(self._features[metric.network, metric.prepare, metric.mask])
        try:
            real = None
            if metric.needs_real:
                real = self._real.rows(self._networks, metric.network, metric.prepare)
                counts = len(metric.kept(features)), len(metric.kept(real))
                if min(counts) < _FEW_PICTURES:
                    notes.append(
                        f"{metric.title} compares {counts[0]} generated with {counts[1]} real pictures: below some "
                        "thousands its value depends on their number, so compare it only at equal numbers."
                    )
            return metric.value(features, real, self._networks.network(metric.network))
        except DataError as error:
            notes.append(str(error))
            return None


def _mean(metric, columns):
    """Score of a pair or ratio metric (None when no pair has one), and the number of pairs left out."""
    if metric.kind == "ratio":
        correct, total = (columns[column].sum() for column in metric.columns)
        return (float(correct / total) if total else None), int((columns[metric.columns[1]] == 0).sum())
    values = metric.kept(columns[metric.key])
    defined = values[np.isfinite(values)]
    return (float(defined.mean()) if len(defined) else None), len(values) - len(defined)


def _describe(metric):
    return {
        "title": metric.title,
        "better": metric.better,
        "kind": metric.kind,
        "columns": list(metric.columns) if metric.kind != "set" else [],
    }


def score_pictures(batches, protocol=POSE_GAN, networks=None):
    """Score all batches.

    Args:
        batches: iterable of (names, target_pixels, generated_pixels, target_keypoints), see `Scorer.add`.
        protocol, networks: see `Scorer`.

    Returns:
        the result, and a dictionary of the scores of each pair.
    """
    scorer = Scorer(protocol, networks)
    for batch in batches:
        scorer.add(*batch)
    return scorer.result(), scorer.pair_scores()


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
    scores = [result.get("inception_score"), result.get("masked_inception_score")]
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
