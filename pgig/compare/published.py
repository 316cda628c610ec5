"""Figures that papers printed, and beside which of our protocols they may stand.

`published.csv` holds them, digits as printed. Each line has its source and a status: R, read in the text of the source;
S, read in a summary of the paper; Q, commonly quoted, not checked against the paper. Figures of one method with
different statuses are on lines of their own.

A figure is offered only where our protocol measures the same quantity on the same data set: protocols differ by more
than methods do (PATN's pictures have an SSIM of 0.77 by its own scripts, and of 0.67 by later ones).
"""

import csv
import importlib.resources
from dataclasses import dataclass
from functools import cache

STATUSES = {
    "R": "read in the source",
    "S": "read in a summary of the paper",
    "Q": "as commonly quoted, not checked against the paper",
}

# Names of data sets on the command line and in the literature -> column `dataset`.
DATASETS = {
    "market": "market",
    "market1501": "market",
    "fasion": "fashion",
    "fasion-resize": "fashion",
    "fashion": "fashion",
    "deepfashion": "fashion",
}


@dataclass(frozen=True)
class Table:
    """A table of the literature.

    Attributes:
        beside: data set -> {name of a protocol of ours: size (height, width) that the pictures must have, or None
            where the protocol knows one size only}.
        note: sentence that must stand with it.
    """

    beside: dict
    note: str


_WINDOW = "The papers do not say with which of its scripts' two windows (SSIM, SSIM-256) they computed SSIM."

_OWN_PAIRS = "PG2 and DPIG were scored on pairs of their own, by which of their scripts is not said."

TABLES = {
    "pg2": Table({"market": {"pg2": None}, "fashion": {"pg2": None}}, _OWN_PAIRS),
    "dpig": Table({"market": {"dpig": None}, "fashion": {"dpig": None}}, _OWN_PAIRS),
    "patn": Table(
        {"market": {"pose-gan": None, "patn-market": None}, "fashion": {"patn-fashion": None}},
        "PG2, DPIG and VUNet's own paper used pair lists of their own, PG2 and DPIG also other windows of SSIM; "
        "Def-GAN's paper used the pairs of pose-gan, the others those of PATN, whose scripts read JPEG files.",
    ),
    # The figures of Def-GAN's own paper: pictures of 256x256, where PATN's scripts pad 256x176 with white.
    "def-gan": Table(
        {"fashion": {"patn-fashion": None, "pose-gan": None}},
        "Def-GAN's paper scored DeepFashion at 256x256, neither cut nor padded, on the later of pose-gan's two pair "
        "lists.",
    ),
    "gfla": Table(
        {"market": {"gfla": None, "dptn": None, "pidm": None, "cfld": None}, "fashion": {"gfla": None}},
        _WINDOW,
    ),
    # The protocol pidm squeezes its pictures to this size itself.
    "256x176": Table({"fashion": {"pidm": None, "cfld": (256, 176)}}, _WINDOW),
    "512x352": Table({"fashion": {"cfld": (512, 352)}}, _WINDOW),
}


@dataclass(frozen=True)
class Figure:
    """One printed number.

    Attributes:
        text: digits as printed.
        status: key of `STATUSES`.
        source: where it was read.
    """

    text: str
    status: str
    source: str

    @property
    def value(self):
        """The number."""
        return float(self.text)


@dataclass(frozen=True)
class Row:
    """The figures of one method.

    Attributes:
        method: name, with venue and year.
        figures: metric key -> `Figure`.
        note: the note of its table.
    """

    method: str
    figures: dict
    note: str


def rows(protocol, dataset, size=None):
    """The published figures that may be printed beside scores of a protocol on a data set.

    Args:
        protocol: name of a protocol.
        dataset: name of the data set, as `--dataset` knows it, or None.
        size: (height, width) of the scored pictures, or None where it is not known: figures that hold for one size
            only are left out then.

    Returns:
        list of `Row`, in the order of publication; empty for the demo set, own data and protocols under which
        nobody published.
    """
    dataset = DATASETS.get(dataset)
    found = {}
    for line in _lines():
        table = TABLES[line["table"]]
        beside = table.beside.get(dataset, {}) if line["dataset"] == dataset else {}
        if protocol in beside and beside[protocol] in (None, size):
            figures = {
                key: Figure(line[key], line["status"], line["source"]) for key in _metrics(line) if line[key]
            }
            row = found.setdefault(line["method"], Row(line["method"], {}, table.note))
            row.figures.update(figures)
    return list(found.values())


def _metrics(line):
    return [key for key in line if key not in ("table", "dataset", "method", "status", "source")]


@cache
def _lines():
    """The lines of the data file as dictionaries."""
    text = importlib.resources.files("pgig.compare").joinpath("published.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))
