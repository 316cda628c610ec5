"""What is compared, the runs and their metrics, and what is found: scores, differences, and all of them together."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Metric:
    """What a metric of a run is.

    Attributes:
        key: its name in the files.
        title: its name in tables.
        better: "higher", "lower" or None.
        kind: "pair" (mean over pairs), "ratio" (quotient of two sums over pairs) or "set" (of all pictures at once).
        columns: its columns in scores.csv: one, two, or none.
    """

    key: str
    title: str
    better: str | None
    kind: str
    columns: tuple


@dataclass(frozen=True)
class Run:
    """The scores of one run.

    Attributes:
        name: how tables call it.
        folder: where its files lie.
        result: what scores.json holds, a dictionary.
        metrics: key -> `Metric`, in the order of the file.
        values: key -> (score, standard deviation or None); None for the score where it is undefined.
        baselines: name -> {key: (score, deviation)}.
        pairs: tuple of (source name, target name).
        columns: name -> (N,) float64, NaN where undefined.
    """

    name: str
    folder: Path
    result: dict
    metrics: dict
    values: dict
    baselines: dict
    pairs: tuple
    columns: dict

    def is_distance(self, key):
        """Whether a score of a set compares with a reference set: inception scores do not, and have a deviation."""
        value, deviation = self.values.get(key, (None, None))
        return value is not None and deviation is None


def has_one_reference(runs):
    """Whether the runs that state a reference set state the same."""
    stated = {
        str(run.result["reference_set"].get("sha256"))
        for run in runs
        if run.result.get("reference_set")
    }
    return len(stated) < 2


@dataclass(frozen=True)
class Score:
    """One score.

    Attributes:
        value: the score.
        low, high: ends of its interval, or None.
        deviation: standard deviation over the parts of an inception score, or None.
    """

    value: float
    low: float | None = None
    high: float | None = None
    deviation: float | None = None


@dataclass(frozen=True)
class Difference:
    """How much a run differs from the first one, pair by pair.

    Attributes:
        value: score of the run less that of the first, over the pairs that are defined in both.
        low, high: ends of the interval.
        verdict: "better", "worse" ("different" where neither is known), or "undecided" where the interval holds 0.
    """

    value: float
    low: float
    high: float
    verdict: str


@dataclass(frozen=True)
class Comparison:
    """What `compare` found.

    Attributes:
        runs: the runs, `Run`.
        metrics: key -> Metric, of all runs.
        pairs: the pairs that all runs have, in the order of the first.
        rows: for each run the (N,) positions of these pairs in its table.
        same_pairs: whether all runs have the same pairs.
        scores: for each run a dictionary key -> `Score` or None.
        differences: for each run but the first a dictionary key -> `Difference` or None.
        baselines: name -> {key: `Score` or None}, those of the first run.
        samples, seed: draws of the bootstrap, and their seed.
        notes: sentences that must stand with the scores.
    """

    runs: tuple
    metrics: dict
    pairs: tuple
    rows: tuple
    same_pairs: bool
    scores: tuple
    differences: tuple
    baselines: dict
    samples: int
    seed: int
    notes: list = field(default_factory=list)

    def best(self, key):
        """Numbers of the runs with the best score; empty where all are equal, or none is better or worse."""
        found = {number: scores[key].value for number, scores in enumerate(self.scores) if scores[key]}
        if len(set(found.values())) < 2 or self.metrics[key].better is None:
            return set()
        best = (max if self.metrics[key].better == "higher" else min)(found.values())
        return {number for number, value in found.items() if value == best}

    def values(self, run, column):
        """(N,) float64 of a column of the table of a run for the common pairs, NaN where undefined or not there."""
        values = self.runs[run].columns.get(column)
        return np.full(len(self.pairs), np.nan) if values is None else values[self.rows[run]]
