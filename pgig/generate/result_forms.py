"""Layouts of result files with one picture file for each pair: its name, its panels, and how they are read back.

A layout has the default format first in `formats`, the name that `pgig.layouts.listing` knows it by in `evaluated_as`,
and in `panels` what each panel of a file shows.
"""

from abc import ABC, abstractmethod

import numpy as np

from pgig.errors import DataError
from pgig.generate.pixels import write_picture
from pgig.generate.strips import pair_name
from pgig.layouts.finders import SINGLE_EXTRA, single_names, strip_names
from pgig.layouts.pictures import stem
from pgig.layouts.triptych import list_named, names_of, read_panels, triptych_name, write_triptych
from pgig.pose.draw import draw_skeleton
from pgig.report.report import Linked, report
from pgig.utils.words import counted

_PIXELS = ("source_pixels", "target_pixels", "generated_pixels")
_ROW = ("source_name", "target_name", *_PIXELS, "source_keypoints", "target_keypoints")


class PairFiles(ABC):
    """One picture file for each pair.

    Args:
        folder: `pathlib.Path` of the folder of the pictures.
        format: "png" or "jpg", one of `formats`.
    """

    formats = ("jpg", "png")
    evaluated_as = None
    panels = ()
    passed_over = None

    def __init__(self, folder, format):
        self.folder, self.format = folder, format
        self._found = {}

    @abstractmethod
    def name(self, source_name, target_name):
        """File name of the picture of a pair; raises `DataError` if the pair could not be told from it."""

    @staticmethod
    @abstractmethod
    def names(file_name):
        """(source name, target name) of a file; raises `DataError` if the name is not that of a pair."""

    def write(self, batch):
        """Write the pictures of a batch, see `ResultFiles.write`."""
        for row in zip(*(batch[key] for key in _ROW), strict=True):
            self.write_pair(*row)

    @abstractmethod
    def write_pair(self, source_name, target_name, source, target, generated, source_pose, target_pose):
        """Write the picture of a pair: names, (H, W, 3) uint8 each, (18, 3) each."""

    def write_index(self, pairs, title):  # noqa: B027
        """Names of files tell the pairs: a list of them is not needed."""

    def find(self):
        """The pairs whose pictures lie in the folder, see `ResultFiles.find`."""
        found = list_named(self.folder, self.names, f".{self.format}", self.passed_over)
        self._found = {(source, target): path for source, target, path in found}
        return list(self._found)

    def told(self, name):
        """What a file name tells of the name of a picture."""
        return name

    def read(self, pair, size):
        """What the picture of a pair shows, see `ResultFiles.read`."""
        path = self._found.get(tuple(map(self.told, pair))) or self.folder / self.name(*pair)
        panels = read_panels(path, size, len(self.panels))
        return {key: panel for key, panel in zip(self.panels, panels, strict=True) if key}

    def as_written(self, batch):
        """The pictures of a batch, where they lost something by being written, see `ResultFiles.as_written`."""
        if self.format == "png":
            return {}
        size = batch["generated_pixels"].shape[1:3]
        rows = [self.read(pair, size) for pair in zip(batch["source_name"], batch["target_name"], strict=True)]
        return {key: np.stack([row[key] for row in rows]) for key in rows[0]}


class Triptychs(PairFiles):
    """`<from>_<to>.png`: source | target | generated (pose-gan)."""

    formats = ("png",)
    evaluated_as = "triptych"
    panels = _PIXELS
    names = staticmethod(names_of)

    def name(self, source_name, target_name):
        return triptych_name(source_name, target_name)

    def write_pair(self, source_name, target_name, source, target, generated, source_pose, target_pose):
        write_triptych(self.folder, source_name, target_name, source, target, generated)


class Strips(PairFiles):
    """`<from>___<to>_vis.jpg`: source | its pose | target | its pose | generated, and `index.html` (PATN)."""

    evaluated_as = "strip"
    panels = ("source_pixels", None, "target_pixels", None, "generated_pixels")
    names = staticmethod(strip_names)

    def name(self, source_name, target_name):
        return pair_name(source_name, target_name, self.format)

    def write_pair(self, source_name, target_name, source, target, generated, source_pose, target_pose):
        drawn = [draw_skeleton(pose, generated.shape[:2])[0] for pose in (source_pose, target_pose)]
        strip = np.concatenate([source, drawn[0], target, drawn[1], generated], axis=1)
        write_picture(self.folder / self.name(source_name, target_name), strip)

    def write_index(self, pairs, title):
        files = [(self.name(*pair), f"{pair[0]} → {pair[1]}") for pair in pairs]
        caption = "source | its pose | target | its pose | generated"
        report(self.folder / "index.html", title, images=[Linked(counted(len(files), "pair"), files)], subtitle=caption)


class Singles(PairFiles):
    """`<from>_2_<to>_vis.jpg`, names without extension: generated (GFLA)."""

    evaluated_as = "single"
    panels = ("generated_pixels",)
    passed_over = SINGLE_EXTRA
    names = staticmethod(single_names)

    def name(self, source_name, target_name):
        triptych_name(source_name, target_name)
        stems = stem(source_name), stem(target_name)
        name = f"{stems[0]}_2_{stems[1]}_vis.{self.format}"
        if single_names(name) != stems:
            raise DataError(
                f"{source_name} and {target_name} cannot be told apart in {name}, where the target's name may not "
                "hold _2_ nor begin with 2_: give --result_layout strip5 or triptych."
            )
        return name

    def told(self, name):
        return stem(name)

    def write_pair(self, source_name, target_name, source, target, generated, source_pose, target_pose):
        write_picture(self.folder / self.name(source_name, target_name), generated)


class SinglesWithReal(Singles):
    """The same, and beside it `_ref` (source), `_gt` (target), `_all` (source | generated | target) (GFLA's demo)."""

    def write_pair(self, source_name, target_name, source, target, generated, source_pose, target_pose):
        super().write_pair(source_name, target_name, source, target, generated, source_pose, target_pose)
        base = self.name(source_name, target_name).removesuffix(f"_vis.{self.format}")
        extras = {"ref": (source,), "gt": (target,), "all": (source, generated, target)}
        for mark, panels in extras.items():
            write_picture(self.folder / f"{base}_{mark}.{self.format}", np.concatenate(panels, axis=1))
