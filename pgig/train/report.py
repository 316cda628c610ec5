"""The report page of a training run: curves, the newest sample grids and pictures of the inside, options given."""

import re
from pathlib import Path

import numpy as np
from PIL import Image

from pgig.report.report import Figure, Gallery, Table, report
from pgig.utils.words import counted

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
    shown = (
        ("Sample grids", "epoch_", _GRIDS_SHOWN, "source | target pose | target | generated"),
        ("What goes on inside", "visuals_epoch_", 1, "The newest pictures; earlier ones lie beside this page."),
    )
    galleries = [gallery for gallery in (_gallery(folder, *what) for what in shown) if gallery.pictures]
    last = recorder.entries[-1] if recorder.entries else None
    done = last and counted(last["epoch"] + 1, "epoch")
    subtitle = f"{done}, {last['pairs_per_second']} pairs/s" if last else "not yet an epoch"
    title = f"{options.method.title} on {options.data.name}"
    report(Path(folder) / "report.html", title, tables=[table], figures=figures, images=galleries, subtitle=subtitle)


def _gallery(folder, title, prefix, count, note):
    """The newest pictures `<prefix><epoch>.png`, newest first."""
    named = ((re.fullmatch(rf"{prefix}(\d+)\.png", path.name), path) for path in Path(folder).iterdir())
    newest = sorted(((int(match[1]), path) for match, path in named if match), reverse=True)[:count]
    pictures = tuple((f"before epoch {number}", np.asarray(Image.open(path))) for number, path in newest)
    return Gallery(title, pictures, note)
