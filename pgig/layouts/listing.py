"""Folders of generated pictures as the programs of the field leave them, read as pairs of pictures.

triptych  `<from>_<to>.png`: source | target | generated (this package, pose-gan)
strip     `<from>___<to>_vis.jpg`: source | pose | target | pose | generated (PATN, Human-Pose-Transfer)
strip3    the same names, source | target | generated (kevinleewy/Human-Pose-Transfer)
strip6    the same names, source | pose | mask | first stage | generated | target (there, with `-v`)
single    `<from>_2_<to>_vis.jpg`: generated; the target lies in a folder of real pictures (GFLA, DPTN, PIDM)
pg2       folders `x_target`, `G` or `G1` and `G2`, perhaps `x`, `mask_target` and `mask`; `pairs.csv` may say whose
          they are (this package, PG2, DPIG)
pairs     generated and real pictures of equal names in two folders, or a comma file that says who belongs to whom
"""

import os
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from pgig.errors import DataError
from pgig.layouts.finders import FINDERS, SINGLE_EXTRA, chosen, kinds_of, table_pairs
from pgig.layouts.pair_table import read_table
from pgig.layouts.partners import ByName, partners
from pgig.layouts.pictures import Part, check_parts, find_pictures, read_mask, read_parts

LAYOUTS = tuple(FINDERS)


@dataclass(frozen=True)
class PairPictures:
    """The pictures of a pair: (H, W, 3) uint8, `mask` (H, W) uint8; `source` and `mask` may be None."""

    target: np.ndarray
    generated: np.ndarray
    source: np.ndarray | None
    mask: np.ndarray | None


@dataclass(frozen=True)
class Pairs:
    """The pairs of a folder, all of whose files were looked at.

    Attributes:
        layout: one of `LAYOUTS`.
        pairs: list of `Pair`.
        size: (height, width) of every picture.
        has_source: whether `read` gives source pictures.
        from_jpeg: (target, generated): whether all generated pictures come from JPEG files, and all targets from the
            same files. A target in a JPEG file of its own has not been through the program's.
        notes: sentences about what was passed over or assumed.
    """

    layout: str
    pairs: list
    size: tuple
    has_source: bool
    from_jpeg: tuple
    notes: list = field(default_factory=list)

    def __len__(self):
        return len(self.pairs)

    @property
    def names(self):
        """[(source name, target name)]; a source name is empty where the layout does not tell it."""
        return [(pair.source_name, pair.target_name) for pair in self.pairs]

    def read(self, number):
        """`PairPictures` of a pair.

        Raises:
            DataError: a file is damaged.
        """
        pair = self.pairs[number]
        source = pair.source if self.has_source else None
        target, generated, source = read_parts([pair.target, pair.generated, source], self.size)
        mask = None if pair.mask is None else read_mask(pair.mask, self.size)
        return PairPictures(target, generated, source, mask)


def list_pairs(folder, layout="auto", reference=None, pairs_file=None, masks=None):
    """Find the pairs of a folder of generated pictures, and look at every file.

    Args:
        folder: the folder.
        layout: one of `LAYOUTS`, or "auto": told from the names in the folder.
        reference: folder of the real target pictures; needed for "single" and for "pairs" without a table, in
            the place of the panel for "triptych" and the strips.
        pairs_file: comma file. With a column `generated` it lists the pictures (`from,to,generated` or
            `real_target,generated`, layout "pairs"); with `from,to` alone it says which pairs of the folder count,
            and in which order.
        masks: folder of mask pictures named as the targets; None: of "pg2" the folder `mask_target`, or where there
            is none `mask`; else none. PG2 and DPIG themselves took `mask`, which is that of the source picture.

    Returns:
        `Pairs`, in natural order of the names of the generated files, or in that of the comma file.

    Raises:
        DataError: whatever is wrong with folder, names, files or sizes, in one sentence.
    """
    folder = Path(folder)
    if not os.path.isdir(folder):
        raise DataError(f"There is no folder {folder} of generated pictures: give the path of one.")
    notes = []
    table = read_table(pairs_file) if pairs_file else None
    if table is not None and table.lists_pictures:
        layout = _agreed(layout, "pairs", pairs_file)
        pairs = table_pairs(folder, table, reference)
    else:
        layout = _detect(folder, reference) if layout == "auto" else layout
        pairs = FINDERS[layout](folder, Path(reference) if reference else None, notes)
        _require_distinct(pairs)
        pairs = pairs if table is None else chosen(pairs, table, folder, notes)
    if layout == "pg2" and masks is None:
        masks = next((folder / name for name in ("mask_target", "mask") if (folder / name).is_dir()), None)
    if masks is not None:
        pairs = _with_masks(pairs, Path(masks), by_position=layout == "pg2", notes=notes)
    return _checked(layout, pairs, notes)


def _checked(layout, pairs, notes):
    same = [pair for pair in pairs if pair.target == pair.generated]
    if same:
        raise DataError(
            f"{same[0].generated.path} is the generated and the real picture of a pair: give the real pictures in "
            "--reference."
        )
    has_source = all(pair.source is not None for pair in pairs)
    parts = [part for pair in pairs for part in (pair.target, pair.generated)]
    parts += [pair.source for pair in pairs if has_source]
    parts += [Part(pair.mask) for pair in pairs if pair.mask is not None]
    size, formats = check_parts(parts)

    jpeg = sum(formats[pair.generated.path] == "JPEG" for pair in pairs)
    if 0 < jpeg < len(pairs):
        notes.append(
            f"{jpeg} of {len(pairs)} generated pictures are JPEG files, the others not: scores of both differ."
        )
    from_jpeg = jpeg == len(pairs)
    shared = from_jpeg and all(pair.target.path == pair.generated.path for pair in pairs)
    return Pairs(layout, pairs, size, has_source, (shared, from_jpeg), notes)


def _agreed(layout, found, why):
    if layout not in ("auto", found):
        raise DataError(
            f"{why} lists generated pictures, which is the layout {found}, but the layout {layout} was asked for: "
            "give one of both."
        )
    return found


def _require_distinct(pairs):
    first = {}
    for pair in pairs:
        name = pair.generated.path
        other = first.setdefault((pair.source_name, pair.target_name), name)
        if other != name:
            raise DataError(f"{other} and {name} are pictures of the same pair: keep one of both.")


def _detect(folder, reference):
    """The one layout that a folder's names allow."""
    if (folder / "x_target").is_dir():
        return "pg2"
    if (folder / "generated").is_dir():
        return "pairs"
    every = [path.name for path in find_pictures(folder)[0]]
    names = [name for name in every if not SINGLE_EXTRA.fullmatch(name)] or every
    kinds = {name: kinds_of(name) for name in names}
    common = set.intersection(*kinds.values())
    if len(common) == 1:
        return common.pop()
    if len(common) > 1:
        raise DataError(
            f"The names in {folder}, for instance {names[0]!r}, may be of the layouts {' or '.join(sorted(common))}: "
            "say which with --layout."
        )
    plain = [name for name in names if not kinds[name]]
    if len(plain) == len(names):
        if reference:
            return "pairs"
        raise DataError(
            f"The names in {folder}, for instance {names[0]!r}, are of no known layout: give the folder "
            "of the real pictures of the same names with --reference, or a table with --pairs."
        )
    examples = {" or ".join(sorted(kind)) or "none": name for name, kind in kinds.items()}
    listed = ", ".join(f"{name!r} ({kind})" for kind, name in sorted(examples.items()))
    raise DataError(
        f"The pictures in {folder} are of different layouts, {listed}: keep those of one, or say which with --layout."
    )


def _with_masks(pairs, folder, by_position, notes):
    """The pairs with the mask pictures of their targets."""
    if by_position:
        masks = partners([pair.target.path for pair in pairs], find_pictures(folder)[0], notes)
    else:
        find = ByName(folder)
        masks = [find(Path(pair.target_name).name, pair.target_name) for pair in pairs]
        find.complain(len(pairs))
    return [replace(pair, mask=mask) for pair, mask in zip(pairs, masks, strict=True)]
