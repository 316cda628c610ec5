"""What can stand in a protocol: each metric with its settings, as a record that knows how to score a batch.

A pair metric gives a number for each pair, and its score is their mean; a ratio metric counts hits and tries, and
its score is the quotient of the sums; a set metric compares all generated pictures at once.
"""

from dataclasses import asdict, dataclass

import numpy as np

from pgig.metrics import l1 as differences
from pgig.metrics.detection_score import detections
from pgig.metrics.fid import frechet_distance
from pgig.metrics.inception_score import inception_score
from pgig.metrics.masks import apply_mask
from pgig.metrics.pckh import pckh_counts
from pgig.metrics.pose_accuracy import pose_accuracy
from pgig.metrics.psnr import psnr
from pgig.metrics.ssim import VARIANTS, ssim

BATCH_OF_64 = 64


@dataclass(frozen=True, kw_only=True)
class Metric:
    """What all metrics state.

    Attributes:
        key: name in scores.json.
        title: name in tables.
        better: "higher" or "lower".
        prepare: names of the steps that the pictures go through before, see `pgig.evaluate.prepare`.
        mask: None, "body" (drawn around the joints of the target) or "file" (mask pictures).
        drop_remainder: score only the first pictures, a multiple of this, as programs did that lost their last
            incomplete batch; of fewer pictures than one batch they lost none. 0: all.
    """

    key: str
    title: str
    better: str = "higher"
    prepare: tuple = ()
    mask: str | None = None
    drop_remainder: int = 0

    kind = "pair"
    network = None
    needs_joints = False
    needs_real = False

    @property
    def columns(self):
        """Names of the columns of scores.csv."""
        return (self.key,)

    def details(self):
        """Settings that stand behind the names of others, for scores.json."""
        return {}

    def kept(self, values):
        """The rows that count, see `drop_remainder`."""
        batch = min(self.drop_remainder, len(values))
        return values[: len(values) // batch * batch] if batch else values


class PairMetric(Metric):
    """A metric whose `measure(batch, networks)` gives (B,) float64."""

    def score_batch(self, batch, networks):
        """{column: (B,) float64} of a `PairBatch`."""
        return {self.key: np.asarray(self.measure(batch.prepared(self.prepare), networks), np.float64)}


class RatioMetric(Metric):
    """A metric whose `count(batch, networks)` gives hits and tries, two (B,) arrays of integers."""

    kind = "ratio"

    @property
    def columns(self):
        return (f"{self.key}_correct", f"{self.key}_total")

    def score_batch(self, batch, networks):
        """{column: (B,) float64} of a `PairBatch`."""
        counts = self.count(batch.prepared(self.prepare), networks)
        return {column: np.asarray(c, np.float64) for column, c in zip(self.columns, counts, strict=True)}


@dataclass(frozen=True, kw_only=True)
class SetMetric(Metric):
    """A metric of the features of all generated pictures: `value(features, real, network)`."""

    network: str
    kind = "set"

    def features(self, batch, networks):
        """(B, D) features of the generated pictures of a `PairBatch`."""
        batch = batch.prepared(self.prepare)
        mask = batch.mask(self.mask)
        generated = batch.generated if mask is None else apply_mask(batch.generated, mask)
        return networks.rows(self.network, generated)


@dataclass(frozen=True, kw_only=True)
class Ssim(PairMetric):
    """`pgig.metrics.ssim`; `average` is "picture", or "mask" for the mean over the pixels of the mask alone."""

    variant: str
    average: str = "picture"

    def details(self):
        return {"variant_settings": asdict(VARIANTS[self.variant])}

    def measure(self, batch, networks):
        mask = batch.mask(self.mask)
        scores = ssim(batch.reference, batch.generated, mask, VARIANTS[self.variant], average=self.average)
        # Two black pictures are equal; of a target without joints that says nothing.
        return scores if self.mask != "body" else np.where(mask.any(axis=(1, 2)), scores, np.nan)


@dataclass(frozen=True, kw_only=True)
class Difference(PairMetric):
    """One of the functions of `pgig.metrics.l1` with its settings."""

    function: str
    span: float | None = None
    better: str = "lower"

    def measure(self, batch, networks):
        settings = {} if self.span is None else {"span": self.span}
        pictures = _masked(batch, self.mask)
        return getattr(differences, self.function)(*pictures, **settings)


@dataclass(frozen=True, kw_only=True)
class Psnr(PairMetric):
    """`pgig.metrics.psnr`."""

    rule: str = "bytes"

    def measure(self, batch, networks):
        return psnr(*_masked(batch, self.mask), self.rule)


@dataclass(frozen=True, kw_only=True)
class Distance(PairMetric):
    """A distance of two pictures through a network, of the LPIPS family."""

    network: str
    better: str = "lower"

    def measure(self, batch, networks):
        mask = batch.mask(self.mask)
        arrays = (batch.reference, batch.generated) + (() if mask is None else (mask > 0,))
        return networks.rows(self.network, *arrays)


@dataclass(frozen=True, kw_only=True)
class DetectionScore(PairMetric):
    """Confidence of a person detector: of the generated pictures, or of the real targets."""

    network: str
    of: str = "generated"
    threshold: float = 0.01

    def measure(self, batch, networks):
        return detections(networks.rows(self.network, getattr(batch, self.of)), self.threshold)


@dataclass(frozen=True, kw_only=True)
class Pckh(RatioMetric):
    """`pgig.metrics.pckh` of joints that a network finds in the generated picture, against the annotation."""

    network: str
    threshold: float = 0.2
    needs_joints = True

    def count(self, batch, networks):
        found = _found(networks, self.network, batch.generated, self.threshold)
        return pckh_counts(batch.keypoints, found)


@dataclass(frozen=True, kw_only=True)
class PoseAccuracy(RatioMetric):
    """`pgig.metrics.pose_accuracy`: a network's joints in the generated picture against its joints in the real one."""

    network: str
    fraction: float = 0.05
    threshold: float = 0.3

    def count(self, batch, networks):
        real, found = (networks.rows(self.network, pixels) for pixels in (batch.reference, batch.generated))
        return pose_accuracy(real, found, batch.size[0], self.fraction, self.threshold)


@dataclass(frozen=True, kw_only=True)
class InceptionScore(SetMetric):
    """`pgig.metrics.inception_score`, in the order of the pairs."""

    splits: int = 10

    def value(self, features, real, network):
        return list(inception_score(network.probabilities(features), self.splits))


@dataclass(frozen=True, kw_only=True)
class Frechet(SetMetric):
    """`pgig.metrics.fid` against all real pictures of the reference set."""

    better: str = "lower"
    needs_real = True

    def value(self, features, real, network):
        return float(frechet_distance(self.kept(real), self.kept(features)))


def _masked(batch, kind):
    """Both pictures, set to 0 outside a body mask or dimmed by a mask picture (truncated to bytes)."""
    mask = batch.mask(kind)
    if mask is None:
        return batch.reference, batch.generated
    return tuple(apply_mask(pixels, mask) for pixels in (batch.reference, batch.generated))


def _found(networks, name, pixels, threshold):
    """(B, 18, 3) y, x, visible: the joints whose score is above a threshold."""
    joints = np.array(networks.rows(name, pixels))
    joints[..., 2] = joints[..., 2] > threshold
    return joints
