"""The pictures of test pairs as programs of the field leave them: written by test.py, and read back to be scored.

triptych    `<from>_<to>.png`: source | target | generated (pose-gan)
strip5      `<from>___<to>_vis.jpg`: source | its pose | target | its pose | generated, and `index.html` (PATN)
single      `<from>_2_<to>_vis.jpg`, names without extension: generated (GFLA)
single_all  the same, and beside it `_ref` (source), `_gt` (target), `_all` (source | generated | target) (GFLA's demo)
folders     `x`, `x_target`, `G`, `pose`, `pose_target`, `mask`, `mask_target`: numbered pictures, and `pairs.csv`
            (PG2, DPIG)
"""

from pathlib import Path

from pgig.errors import DataError, OptionsError
from pgig.generate.result_folders import NumberedFolders
from pgig.generate.result_forms import Singles, SinglesWithReal, Strips, Triptychs

LAYOUTS = {
    "triptych": Triptychs,
    "strip5": Strips,
    "single": Singles,
    "single_all": SinglesWithReal,
    "folders": NumberedFolders,
}


class ResultFiles:
    """Names, places and panels of the pictures of a test.

    Args:
        folder: folder of the pictures.
        layout: key of `LAYOUTS`.
        format: "png" or "jpg" (quality 75); None: what the original wrote, JPEG for strips and single pictures.

    Attributes:
        folder: `pathlib.Path`.
        layout: name of the layout for `pgig.layouts.listing`.
        holds_real: whether the files show source and target too.

    Raises:
        OptionsError: JPEG files of a layout that nobody writes so.
    """

    def __init__(self, folder, layout="triptych", format=None):
        kind = LAYOUTS[layout]
        if format not in (None, *kind.formats):
            raise OptionsError(
                f"--result_layout {layout} has PNG files: leave --result_format out, or give the layout strip5."
            )
        self.folder = Path(folder)
        self._files = kind(self.folder, format or kind.formats[0])
        self.layout = kind.evaluated_as
        self.holds_real = "target_pixels" in kind.panels

    @property
    def from_jpeg(self):
        """{"source_pixels", "target_pixels", "generated_pixels": whether `read` gives them out of a JPEG file}."""
        lossy = self._files.format == "jpg"
        real = dict.fromkeys(("source_pixels", "target_pixels"), lossy and self.holds_real)
        return real | {"generated_pixels": lossy}

    def name(self, source_name, target_name):
        """File name of the picture of a pair.

        Raises:
            DataError: the names of the pair could not be told from it, or it would lie outside the folder.
        """
        return self._files.name(source_name, target_name)

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
        self._files.write(batch)

    def write_index(self, pairs, title):
        """Write the list of the pairs that were written, where the layout has one: `index.html` or `pairs.csv`."""
        self._files.write_index(pairs, title)

    # Reading ---------------------------------------------------------------------------------------------------

    def find(self):
        """The pairs whose pictures lie in the folder.

        Returns:
            list of (source name, target name), not empty, in the order of the pictures' names; single pictures tell
            the names without their extensions.

        Raises:
            DataError: the folder is missing or holds no such picture, or it does not say whose a picture is.
        """
        return self._files.find()

    def whole_names(self, pairs, names):
        """The pairs that `find` found, with the extensions of their pictures in a data set.

        Args:
            pairs: list of (source name, target name).
            names: file names of the data set.
        """
        whole = {self._files.told(name): name for name in names}
        return [tuple(whole.get(name, name) for name in pair) for pair in pairs]

    def read(self, pair, size):
        """What the files of a pair show.

        Args:
            pair: (source name, target name).
            size: (height, width) of one panel.

        Returns:
            dict of `generated_pixels` and, where `holds_real`, `source_pixels` and `target_pixels`: (H, W, 3) uint8;
            where the layout has mask pictures, `target_masks` (H, W) uint8 too.

        Raises:
            DataError: a file is missing or damaged, or has other panels.
        """
        return self._files.read(pair, size)

    def as_written(self, batch):
        """What the files of a batch hold beside what `write` was given: a dict of (B, ...) uint8.

        That is the pictures, where they lost something by being written, and mask pictures.
        """
        return self._files.as_written(batch)
