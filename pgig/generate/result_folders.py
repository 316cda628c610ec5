"""The test folders of PG2 and DPIG (`charliememory/Disentangled-Person-Image-Generation:tester.py`).

Pictures `00000.png`, `00001.png`, ... in the order of the pairs: `x` (source), `x_target`, `G` (generated), and in grey
`pose`, `pose_target` (discs around the joints of both, white on black), `mask`, `mask_target` (bodies, 255 on 0). The
original keeps no record of who is who; here `pairs.csv` says it. It is written last: without it, a test was stopped.
"""

import csv
import io
import re

import numpy as np

from pgig.errors import DataError
from pgig.layouts.pair_table import FOLDER_PAIRS, read_folder_pairs
from pgig.layouts.pictures import read_mask
from pgig.layouts.triptych import read_panels
from pgig.train.pictures import write_png
from pgig.utils.files import storage_errors, write_text

_FOLDERS = {"source_pixels": "x", "target_pixels": "x_target", "generated_pixels": "G"}
_GREY = {"source": ("pose", "mask"), "target": ("pose_target", "mask_target")}
_NUMBER = re.compile(r"\d{5,}\.png")


class NumberedFolders:
    """Folders of numbered pictures.

    Args:
        folder: `pathlib.Path` of what holds them.
        format: "png".
    """

    formats = ("png",)
    evaluated_as = "pg2"
    panels = tuple(_FOLDERS)

    def __init__(self, folder, format):
        self.folder, self.format = folder, format
        self._numbers = {}

    def name(self, source_name, target_name):
        """File name of the pictures of a pair, in each of the folders: pairs are numbered as they come."""
        return f"{self._numbers.setdefault((source_name, target_name), len(self._numbers)):05d}.png"

    def write(self, batch):
        """Write the pictures of a batch, see `ResultFiles.write`."""
        # Pictures and an older list would not belong together.
        index = self.folder / FOLDER_PAIRS
        with storage_errors(index):
            index.unlink(missing_ok=True)
        names = [self.name(*map(str, pair)) for pair in zip(batch["source_name"], batch["target_name"], strict=True)]
        pictures = {folder: batch[key] for key, folder in _FOLDERS.items()}
        for side, folders in _GREY.items():
            drawn = _drawn(batch[f"{side}_keypoints"], batch["generated_pixels"].shape[1:3])
            pictures |= dict(zip(folders, drawn, strict=True))
        for folder, rows in pictures.items():
            for name, pixels in zip(names, rows, strict=True):
                write_png(self.folder / folder / name, pixels)

    def write_index(self, pairs, title):
        """Write `pairs.csv`, and take away what an earlier test of more pairs left."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("from", "to", "generated"))
        names = {self.name(*pair): pair for pair in pairs}
        writer.writerows((*pair, f"G/{name}") for name, pair in names.items())
        write_text(self.folder / FOLDER_PAIRS, text.getvalue())
        for folder in (*_FOLDERS.values(), *sum(_GREY.values(), ())):
            with storage_errors(self.folder / folder / "..."):
                for path in (self.folder / folder).iterdir():
                    if _NUMBER.fullmatch(path.name) and path.name not in names:
                        path.unlink()

    def find(self):
        """The pairs whose pictures lie in the folder, see `ResultFiles.find`."""
        found = read_folder_pairs(self.folder)
        if found is None:
            raise DataError(
                f"There is no {self.folder / FOLDER_PAIRS}, which says whose the numbered pictures are: run test.py "
                "without --load_generated_images first."
            )
        self._numbers = {pair: number for number, pair in enumerate(found.values())}
        for number, path in enumerate(found):
            if path != self.folder / "G" / f"{number:05d}.png":
                raise DataError(
                    f"{self.folder / FOLDER_PAIRS} gives pair {number} the picture {path}, but test.py numbers its "
                    f"pictures, G/{number:05d}.png: run it without --load_generated_images."
                )
        return list(self._numbers)

    def told(self, name):
        """What the files tell of the name of a picture: all of it."""
        return name

    def read(self, pair, size):
        """What the pictures of a pair show, see `ResultFiles.read`; with `target_masks` (H, W) uint8."""
        name = self.name(*pair)
        read = {key: read_panels(self.folder / folder / name, size, 1)[0] for key, folder in _FOLDERS.items()}
        return read | {"target_masks": self._mask(name, size)}

    def as_written(self, batch):
        """The masks (B, H, W) uint8 of the targets of a batch; the pictures lose nothing."""
        size = batch["generated_pixels"].shape[1:3]
        pairs = zip(batch["source_name"], batch["target_name"], strict=True)
        return {"target_masks": np.stack([self._mask(self.name(*map(str, pair)), size) for pair in pairs])}

    def _mask(self, name, size):
        return read_mask(self.folder / "mask_target" / name, size)


def _drawn(keypoints, size):
    """Discs and bodies of poses (B, 18, 3), each (B, H, W) of 0 and 255 in uint8."""
    # Here, so that mistakes do not wait for Keras.
    from keras import ops

    from pgig.pose.body_masks import disc_mask
    from pgig.pose.discs import disc_maps

    # The records of Market-1501 hold masks of this radius (under the name `r6`), those of DeepFashion of 4 pixels.
    radius = 7 if size[0] <= 128 else 4
    drawn = ops.max(disc_maps(keypoints, size), axis=-1) > 0, disc_mask(keypoints, size, radius)[..., 0] > 0
    return [ops.convert_to_numpy(ops.cast(picture, "uint8")) * np.uint8(255) for picture in drawn]
