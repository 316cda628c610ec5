"""The report page of a training run: its curves, its newest sample grids, the options that were given."""

import re
from pathlib import Path

import numpy as np
from PIL import Image

from pgig.report.report import Figure, Gallery, Table, report

_GRIDS_SHOWN = 4


def write_report(folder, options, recorder):
    """Write `report.html` into the folder of a run.

    Args:
        folder: `--output_dir`.
        options: `pgig.cli.options.Options`.
        recorder: `pgig.train.record.Recorder`.
    """
    figures = [
        Figure(f"Losses: {name}", curves, y_label="mean of the epoch") for name, curves in recorder.curves().items()
    ]
    rows = tuple((f"--{name}", str(value)) for name, value in options.flat().items() if name in options.given)
    table = Table("Options given", ("flag", "value"), rows, "All options, the defaults too: config.json.")
    galleries = [
        Gallery(
            "Sample grids",
            tuple((f"before epoch {number}", np.asarray(Image.open(path))) for number, path in _grids(folder)),
            "source | target pose | target | generated",
        )
    ]
    last = recorder.entries[-1] if recorder.entries else None
    subtitle = f"{last['epoch'] + 1} epochs, {last['pairs_per_second']} pairs/s" if last else "not yet an epoch"
    title = f"{options.method.title} on {options.data.name}"
    report(Path(folder) / "report.html", title, tables=[table], figures=figures, images=galleries, subtitle=subtitle)


def _grids(folder):
    """The newest sample grids, newest first: (epoch, path)."""
    named = ((re.fullmatch(r"epoch_(\d+)\.png", path.name), path) for path in Path(folder).iterdir())
    return sorted(((int(match[1]), path) for match, path in named if match), reverse=True)[:_GRIDS_SHOWN]
