"""What a run leaves behind to be read and looked at: stats.jsonl, TensorBoard events, config.json, environment.json."""

import importlib.metadata
import json
import platform
import shutil
import sys
from pathlib import Path

import keras

from pgig.train.events import EventFile
from pgig.utils.files import write_text

PACKAGES = ("keras", "tensorflow", "tensorflow-cpu", "jax", "torch", "numpy", "pgig")


class Recorder:
    """Writes the records of a run into `folder`.

    Args:
        folder: `--output_dir`.
        first_epoch: records of this and later epochs, left by a run that was cut off, are dropped.
    """

    def __init__(self, folder, first_epoch):
        self.stats_path = Path(folder) / "stats.jsonl"
        self.entries = [entry for entry in _read_lines(self.stats_path) if entry["epoch"] < first_epoch]
        self._write()
        events = Path(folder) / "tensorboard"
        if not self.entries:
            shutil.rmtree(events, ignore_errors=True)
        self.events = EventFile(events, self.entries[-1]["step"] + 1 if self.entries else 0)

    def add(self, entry):
        """Append the record of an epoch.

        Args:
            entry: dictionary with `epoch`, `step`, one table of terms per player, perhaps `validation`, `seconds`.
        """
        self.entries.append(entry)
        self._write()
        tables = {key: value for key, value in entry.items() if isinstance(value, dict)}
        scalars = {f"{player}/{term}": value for player, terms in tables.items() for term, value in terms.items()}
        self.events.scalars(scalars, entry["step"])

    def picture(self, name, pixels, step):
        """Add a picture (H, W, 3) uint8 to the TensorBoard events."""
        self.events.picture(name, pixels, step)

    def curves(self):
        """Series for plots: {title: {label: (epochs, values)}}, one plot for each player and for the validation."""
        plots = {}
        for entry in self.entries:
            for player, terms in entry.items():
                if isinstance(terms, dict):
                    for term, value in terms.items():
                        epochs, values = plots.setdefault(player, {}).setdefault(term, ([], []))
                        epochs.append(entry["epoch"])
                        values.append(value)
        return plots

    def _write(self):
        """Write all lines anew, as a whole: they are few, and none is ever half there."""
        write_text(self.stats_path, "".join(json.dumps(entry) + "\n" for entry in self.entries))


def write_environment(folder, options):
    """Write config.json (the resolved options) and environment.json (versions, machine, command)."""
    folder = Path(folder)
    write_text(folder / "config.json", json.dumps(options.flat(), indent=1) + "\n")
    write_text(folder / "environment.json", json.dumps(environment(), indent=1) + "\n")


def environment():
    """Versions, machine and command line as plain values."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "backend": keras.backend.backend(),
        "versions": versions,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "command": sys.argv,
    }


def _read_lines(path):
    """Records of a file, up to the first line that is none."""
    entries = []
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            entry["epoch"], entry["step"]
            entries.append(entry)
    except (OSError, ValueError, KeyError, TypeError):
        return entries
    return entries
