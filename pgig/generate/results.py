"""The pictures of test pairs as programs of the field leave them: written by test.py, and read back to be scored.

triptych    `<from>_<to>.png`: source | target | generated (pose-gan)
strip5      `<from>___<to>_vis.jpg`: source | its pose | target | its pose | generated, and `index.html` (PATN)
single      `<from>_2_<to>_vis.jpg`, names without extension: generated (GFLA)
single_all  the same, and beside it `_ref` (source), `_gt` (target), `_all` (source | generated | target) (GFLA's demo)
"""

from pathlib import Path

import numpy as np

from pgig.errors import DataError, OptionsError
from pgig.generate.pixels import write_picture
from pgig.generate.strips import pair_name
from pgig.layouts.finders import SINGLE_EXTRA, single_names, strip_names
from pgig.layouts.pictures import stem
from pgig.layouts.triptych import list_named, names_of, read_panels, triptych_name, write_triptych
from pgig.pose.draw import draw_skeleton
from pgig.report.report import Linked, report

# Panels of a file, and which of them is what.
_PANELS = {
    "triptych": (3, {"source_pixels": 0, "target_pixels": 1, "generated_pixels": 2}),
    "strip5": (5, {"source_pixels": 0, "target_pixels": 2, "generated_pixels": 4}),
    "single": (1, {"generated_pixels": 0}),
}
_EVALUATED_AS = {"triptych": "triptych", "strip5": "strip", "single": "single"}


class ResultFiles:
    """Names, places and panels of the pictures of a test.

    Args:
        folder: folder of the pictures.
        layout: "triptych", "strip5", "single" or "single_all".
        format: "png" or "jpg" (quality 75); None: what the original wrote, PNG for triptychs and JPEG for the others.

    Attributes:
        layout: name of the layout for `pgig.layouts.listing`.
        holds_real: whether the files show source and target too.

    Raises:
        OptionsError: triptychs as JPEG, which nobody writes.
    """

    def __init__(self, folder, layout="triptych", format=None):
        if layout == "triptych" and format == "jpg":
            raise OptionsError(
                "--result_layout triptych has PNG files: leave --result_format out, or give the layout strip5."
            )
        self.folder = Path(folder)
        self._extras = layout == "single_all"
        self._kind = "single" if self._extras else layout
        self._found = {}
        self._format = format or ("png" if layout == "triptych" else "jpg")
        self.layout = _EVALUATED_AS[self._kind]
        self.holds_real = self._kind != "single"

    @property
    def from_jpeg(self):
        """{"source_pixels", "target_pixels", "generated_pixels": whether `read` gives them out of a JPEG file}."""
        lossy = self._format == "jpg"
        return dict.fromkeys(_PANELS["triptych"][1], lossy and self.holds_real) | {"generated_pixels": lossy}

    def name(self, source_name, target_name):
        """File name of the picture of a pair.

        Raises:
            DataError: the names of the pair could not be told from it, or it would lie outside the folder.
        """
        if self._kind == "triptych":
            return triptych_name(source_name, target_name)
        if self._kind == "strip5":
            return pair_name(source_name, target_name, self._format)
        triptych_name(source_name, target_name)
        stems = stem(source_name), stem(target_name)
        name = f"{stems[0]}_2_{stems[1]}_vis.{self._format}"
        if single_names(name) != stems:
            raise DataError(
                f"{source_name} and {target_name} cannot be told apart in {name}, where the target's name may not "
                "hold _2_ nor begin with 2_: give --result_layout strip5 or triptych."
            )
        return name

    def require_names(self, pairs):
        """Refuse a list of pairs whose pictures would get no name, or one name twice.

        Raises:
            DataError: so it is.
        """
        first = {}
        for pair in pairs:
            other = first.setdefault(self.name(*pair), pair)
            if other != pair:
                raise DataError(
                    f"The pictures of the pairs {', '.join(other)} and {', '.join(pair)} would both be called "
                    f"{self.name(*pair)}: give --result_layout strip5 or triptych, whose names keep the extensions."
                )

    # Writing ---------------------------------------------------------------------------------------------------

    def write(self, batch):
        """Write the pictures of a batch.

        Args:
            batch: `source_name`, `target_name` (B,), `source_pixels`, `target_pixels`, `generated_pixels`
                (B, H, W, 3) uint8, `source_keypoints`, `target_keypoints` (B, 18, 3).

        Raises:
            StorageError: one cannot be written.
        """
        for source_name, target_name, *row in zip(*(batch[key] for key in _ROW), strict=True):
            if self._kind == "triptych":
                write_triptych(self.folder, source_name, target_name, *row[:3])
            elif self._kind == "strip5":
                self._put(self.name(source_name, target_name), _strip(*row))
            else:
                self._write_single(self.name(source_name, target_name), *row[:3])

    def _write_single(self, name, source, target, generated):
        self._put(name, generated)
        if self._extras:
            extras = {"_ref": (source,), "_gt": (target,), "_all": (source, generated, target)}
            for mark, panels in extras.items():
                extra = f"{name.removesuffix(f'_vis.{self._format}')}{mark}.{self._format}"
                self._put(extra, np.concatenate(panels, axis=1))

    def _put(self, name, pixels):
        write_picture(self.folder / name, pixels)

    def write_index(self, pairs, title):
        """Write `index.html`, which shows the strips of a list of pairs; other layouts have none."""
        if self._kind == "strip5":
            files = [(self.name(*pair), f"{pair[0]} → {pair[1]}") for pair in pairs]
            caption = "source | its pose | target | its pose | generated"
            report(self.folder / "index.html", title, images=[Linked(f"{len(files)} pairs", files)], subtitle=caption)

    # Reading ---------------------------------------------------------------------------------------------------

    def find(self):
        """The pairs whose pictures lie in the folder.

        Returns:
            list of (source name, target name), not empty, sorted by file name; single pictures tell the names without
            their extensions.

        Raises:
            DataError: the folder is missing or holds no such picture, or a picture's name is not that of a pair.
        """
        names = {"triptych": names_of, "strip5": strip_names, "single": single_names}[self._kind]
        passed_over = SINGLE_EXTRA if self._kind == "single" else None
        found = list_named(self.folder, names, f".{self._format}", passed_over)
        self._found = {(source, target): path for source, target, path in found}
        return list(self._found)

    def whole_names(self, pairs, names):
        """The pairs that `find` found, with the extensions of their pictures in a data set.

        Args:
            pairs: list of (source name, target name).
            names: file names of the data set.
        """
        if self._kind != "single":
            return pairs
        whole = {stem(name): name for name in names}
        return [tuple(whole.get(name, name) for name in pair) for pair in pairs]

    def read(self, pair, size):
        """What the picture of a pair shows.

        Args:
            pair: (source name, target name).
            size: (height, width) of one panel.

        Returns:
            dict of `generated_pixels` and, where `holds_real`, `source_pixels` and `target_pixels`: (H, W, 3) uint8.

        Raises:
            DataError: the file is missing or damaged, or has other panels.
        """
        count, places = _PANELS[self._kind]
        told = pair if self._kind != "single" else tuple(map(stem, pair))
        panels = read_panels(self._found.get(told) or self.folder / self.name(*pair), size, count)
        return {key: panels[place] for key, place in places.items()}

    def as_written(self, batch):
        """The pictures of a batch that `write` wrote, where they lost something by it: a dict of (B, H, W, 3) uint8."""
        if self._format == "png":
            return {}
        size = batch["generated_pixels"].shape[1:3]
        rows = [self.read(pair, size) for pair in zip(batch["source_name"], batch["target_name"], strict=True)]
        return {key: np.stack([row[key] for row in rows]) for key in rows[0]}


_ROW = (
    *("source_name", "target_name", "source_pixels", "target_pixels", "generated_pixels"),
    *("source_keypoints", "target_keypoints"),
)


def _strip(source, target, generated, source_pose, target_pose):
    """The five panels of PATN: (H, 5 W, 3) uint8."""
    size = generated.shape[:2]
    drawn = [draw_skeleton(pose, size)[0] for pose in (source_pose, target_pose)]
    return np.concatenate([source, drawn[0], target, drawn[1], generated], axis=1)
