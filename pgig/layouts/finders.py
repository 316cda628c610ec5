"""The pairs of a folder of generated pictures, for each layout that programs of the field leave."""

import functools
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

from pgig.errors import DataError
from pgig.layouts.pair_table import whose
from pgig.layouts.partners import ByName, partners
from pgig.layouts.pictures import Part, find_pictures, natural, stem
from pgig.layouts.triptych import names_of
from pgig.utils.words import counted

# Panels of a file, the place of the target among them and that of the generated picture. The source is the first.
_TRIPTYCH, _STRIP5, _STRIP3, _STRIP6 = (3, 1, 2), (5, 2, 4), (3, 1, 2), (6, 5, 4)
_STRIP = re.compile(r"(.+?)___(.+)_vis\.(?:jpg|jpeg|png)", re.IGNORECASE | re.DOTALL)
# The last `_2_` separates the names, since the first name may hold one too.
_SINGLE = re.compile(r"(.+)_2_(.+?)_vis\.(?:jpg|jpeg|png)", re.IGNORECASE | re.DOTALL)
# What GFLA's demo writes beside them: source, target, and all three in a row.
SINGLE_EXTRA = re.compile(r".+_2_.+_(?:ref|gt|all)\.(?:jpg|jpeg|png)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Pair:
    """Where the pictures of a pair are; `source` and `mask` (a path) may be None, `source_name` may be empty."""

    source_name: str
    target_name: str
    target: Part
    generated: Part
    source: Part | None = None
    mask: Path | None = None


def kinds_of(name):
    """Layouts whose pattern of names a file name fits."""
    try:
        names_of(name)
        kinds = {"triptych"}
    except DataError:
        kinds = set()
    return kinds | {kind for kind, pattern in (("strip", _STRIP), ("single", _SINGLE)) if pattern.fullmatch(name)}


def _listed(folder, notes):
    paths, others = find_pictures(folder)
    if others:
        passed_over = counted(others, "file that is no picture", "files that are no pictures")
        notes.append(f"Passed over in {folder}: {passed_over}.")
    return paths


def _triptychs(folder, reference, notes):
    return _rows(_listed(folder, notes), names_of, _TRIPTYCH, reference)


def _strips(form, folder, reference, notes):
    return _rows(_listed(folder, notes), strip_names, form, reference)


def _rows(paths, names, form, reference):
    """Pairs of files of panels."""
    panels, target_panel, generated_panel = form
    find = ByName(reference) if reference else None
    pairs = []
    for path in paths:
        source, target = names(path.name)
        real = Part(path, target_panel, panels) if find is None else Part(find(target, path.name))
        pairs.append(Pair(source, target, real, Part(path, generated_panel, panels), Part(path, 0, panels)))
    if find is not None:
        find.complain(len(paths))
    return pairs


def strip_names(name):
    """Names of the two pictures of a pair, from `<from>___<to>_vis.jpg` or `.png`.

    Raises:
        DataError: the name is not of this form.
    """
    match = _STRIP.fullmatch(name)
    # A second separator, also one that overlaps the first, leaves open where the names end.
    if match is None or name.find("___", name.find("___") + 1) != -1:
        raise DataError(
            f"{name!r} does not name a pair: strips are called <from>___<to>_vis.jpg, with three underscores once; "
            "move other pictures out of the folder."
        )
    return match.groups()


def single_names(name):
    """Names without extension of the two pictures of a pair, from `<from>_2_<to>_vis.jpg` or `.png`.

    Raises:
        DataError: the name is not of this form.
    """
    match = _SINGLE.fullmatch(name)
    if match is None:
        raise DataError(
            f"{name!r} does not name a pair: generated pictures are called <from>_2_<to>_vis.jpg or .png; move other "
            "pictures out of the folder."
        )
    return match.groups()


def _singles(folder, reference, notes):
    if reference is None:
        raise DataError(
            f"The pictures in {folder} are generated ones alone: give the folder of the real ones with --reference."
        )
    paths = _listed(folder, notes)
    kept = [path for path in paths if not SINGLE_EXTRA.fullmatch(path.name)]
    if len(kept) < len(paths):
        notes.append(f"Passed over, named _ref, _gt or _all: {counted(len(paths) - len(kept), 'picture')}.")
    find, pairs = ByName(reference), []
    for path in kept:
        names = single_names(path.name)
        source, target = (find.get(name) for name in names)
        target = target or find(names[1], path.name)
        pairs.append(
            Pair(
                _file_name(names[0], source),
                _file_name(names[1], target),
                Part(target),
                Part(path),
                Part(source) if source else None,
            )
        )
    find.complain(len(kept))
    if not pairs:
        raise DataError(f"The folder {folder} holds no picture <from>_2_<to>_vis.jpg: give another folder.")
    return pairs


def _file_name(name, path):
    """The name with its extension, where a picture of just that name was found."""
    return path.name if path and stem(path.name) == stem(name) else name


def _pg2(folder, reference, notes):
    """PG2 pairs by position in the listings; that is safe where names are equal or all of another kind.

    Numbers tell no names: those of the pictures of test.py are in `pairs.csv`.
    """
    target_folder = reference or folder / "x_target"
    stages = [name for name in ("G2", "G1", "G") if (folder / name).is_dir()]
    if not stages:
        raise DataError(
            f"{folder} has no folder G, G1 or G2 of generated pictures beside x_target: give another folder."
        )
    if len(stages) > 1:
        notes.append(f"Of the stages {', '.join(sorted(stages))} the last one was scored: {stages[0]}.")
    targets, generated = _listed(target_folder, notes), _listed(folder / stages[0], notes)
    generated = partners(targets, generated, notes)
    sources = [None] * len(targets)
    if (folder / "x").is_dir():
        sources = partners(targets, _listed(folder / "x", notes), notes)
    pairs = [
        Pair(source.name if source else "", target.name, Part(target), Part(path), Part(source) if source else None)
        for target, path, source in zip(targets, generated, sources, strict=True)
    ]
    return sorted(whose(pairs, folder), key=lambda pair: natural(pair.generated.path.name))


def _plain_pairs(folder, reference, notes):
    generated = folder / "generated" if (folder / "generated").is_dir() else folder
    if reference is None:
        reference = folder / "reference"
        if not reference.is_dir():
            raise DataError(
                f"{folder} holds generated pictures alone: give the folder of the real ones of the same names with "
                "--reference."
            )
    paths, find = _listed(generated, notes), ByName(reference)
    pairs = []
    for path in paths:
        target = find(path.name, path.name)
        pairs.append(Pair("", target.name if target else "", Part(target), Part(path)))
    find.complain(len(paths))
    if find.unused():
        notes.append(f"Not scored, without a generated partner: {counted(find.unused(), 'picture')} of {reference}.")
    return pairs


FINDERS = {
    "triptych": _triptychs,
    "strip": functools.partial(_strips, _STRIP5),
    "strip3": functools.partial(_strips, _STRIP3),
    "strip6": functools.partial(_strips, _STRIP6),
    "single": _singles,
    "pg2": _pg2,
    "pairs": _plain_pairs,
}


def table_pairs(folder, table, reference):
    """Pairs as a table lists them; a path may start in several folders, and the first that holds it counts."""
    reals = ([Path(reference)] if reference else []) + [table.path.parent, folder]
    pairs, missing = [], []
    for row in table.rows:
        generated = _resolve(row.generated, (folder, table.path.parent))
        target = _resolve(row.target, reals)
        source = _resolve(row.source, reals) if row.source else None
        missing += [name for name, found in ((row.generated, generated), (row.target, target)) if found is None]
        pairs.append(Pair(row.source, row.target, Part(target), Part(generated), Part(source) if source else None))
    if missing:
        looked = ", ".join(str(place) for place in dict.fromkeys([*reals, folder]))
        raise DataError(
            f"{len(missing)} pictures that {table.path} lists do not exist, the first is {missing[0]!r} (looked for in "
            f"{looked}): correct the table, or give --reference."
        )
    return pairs


def _resolve(name, folders):
    return next((folder / name for folder in folders if os.path.isfile(folder / name)), None)


def chosen(pairs, table, folder, notes):
    """The pairs that a pair list names, in its order and under its names."""
    known = {(stem(pair.source_name), stem(pair.target_name)): pair for pair in pairs}
    if len(known) < len(pairs):
        raise DataError(
            f"Names of pairs in {folder} differ only in their extensions, so that {table.path} cannot tell them apart: "
            "keep one of each."
        )
    if not all(source for source, _ in known):
        raise DataError(
            f"{table.path} lists pairs by source and target, but the names in {folder} do not tell the sources: give a "
            "table with a column `generated`."
        )
    keys = [(stem(row.source), stem(row.target)) for row in table.rows]
    missing = [row for row, key in zip(table.rows, keys, strict=True) if key not in known]
    if missing:
        raise DataError(
            f"{len(missing)} of the {len(keys)} pairs in {table.path} have no picture in {folder}, the first is "
            f"{missing[0].source}, {missing[0].target}: generate them, or shorten the list."
        )
    if len(known) > len(keys):
        notes.append(f"Not scored, not being in {table.path}: {counted(len(known) - len(keys), 'pair')} of {folder}.")
    return [
        replace(known[key], source_name=row.source, target_name=row.target)
        for row, key in zip(table.rows, keys, strict=True)
    ]
