"""Writes the files of a data set: pictures, tables, pair lists, its page and its configuration; all or nothing."""

import contextlib
from pathlib import Path

from PIL import Image

from pgig.config import Shared
from pgig.data.check import SHOWN
from pgig.data.pairs import write_pairs
from pgig.data.photos import read_photo
from pgig.data.split_writer import split_files
from pgig.errors import DataError
from pgig.own_set.page import THUMBNAILS, by_reason, write_page, write_thumbnail
from pgig.own_set.request import SPLITS
from pgig.own_set.split import some_pairs
from pgig.pose.files import write_annotations
from pgig.utils.files import atomic_folder, sweep, write_text
from pgig.utils.progress import progress_bar
from pgig.utils.toml import toml_text
from pgig.utils.words import counted, first_few

# Pairs that a list holds at most: more take long to read, and no run comes to the end of them.
_MOST_PAIRS = {"train": 500_000, "test": Shared.images_for_test}


def write(request, decided, left_out, splits, show=True):
    """Write a data set, but not its records.

    Args:
        request: `pgig.own_set.request.Request`.
        decided: `pgig.own_set.pictures.Sorted`.
        left_out: {path within the folder of photos: clause} of photos without a pose.
        splits: {"train" or "test": list of `pgig.own_set.pictures.Picture`}.
        show: whether to show a progress bar.

    Returns:
        list of sentences.

    Raises:
        DataError: a photo has changed since its pose was estimated.
        StorageError: the disk is full.
    """
    folder = request.folder_made
    sweep(folder.parent, folder.name)
    pairs, sentences = _pairs(splits)
    if request.by_pictures:
        sentences.append("The same people are trained on and tested on: scores say nothing about other people.")
    sentences += _about_left_out(decided, left_out)

    with contextlib.ExitStack() as undo:
        with atomic_folder(folder) as staged:
            _write_pictures(staged, decided, splits, show)
            title = f"{request.name}: {counted(len(decided.pictures), 'picture')}"
            in_pairs = {name for listed in pairs.values() for pair in listed for name in pair}
            write_page(staged, title, sentences, left_out, decided, _by_person(splits, in_pairs))
            for split, pictures in splits.items():
                files = split_files(request.paths, split)
                undo.callback(Path(files.annotations_file).unlink, missing_ok=True)
                names, keypoints = zip(*((picture.photo.name, picture.keypoints) for picture in pictures), strict=True)
                write_annotations(files.annotations_file, names, keypoints)
                undo.callback(Path(files.pairs_file).unlink, missing_ok=True)
                write_pairs(files.pairs_file, pairs[split])
            undo.callback(request.config_file.unlink, missing_ok=True)
            write_text(request.config_file, _config_text(request, pairs))
        undo.pop_all()
    return [*sentences, f"Look at it: {folder / 'index.html'}"]


def _pairs(splits):
    """{split: pairs of names}, and a sentence for each split."""
    pairs, sentences = {}, []
    for split, pictures in splits.items():
        listed, count = some_pairs([picture.photo.name for picture in pictures], _MOST_PAIRS[split])
        people = len({picture.photo.person for picture in pictures})
        drawn = f", drawn from {count}" if count > len(listed) else ""
        sentences.append(
            f"For {SPLITS[split]}: {counted(len(pictures), 'picture')} of {counted(people, 'person', 'people')}, "
            f"{counted(len(listed), 'pair')}{drawn}."
        )
        pairs[split] = listed
    return pairs, sentences


def _about_left_out(decided, left_out):
    sentences = []
    if decided.nobody:
        shown = [photo.shown for photo in decided.nobody]
        sentences.append(f"No pose found, left out: {len(shown)} ({first_few(shown, SHOWN)}).")
    if decided.unusable:
        shown = [photo.shown for photo, _ in decided.unusable]
        sentences.append(f"A shoulder or a hip is missing, left out: {len(shown)} ({first_few(shown, SHOWN)}).")
    reasons = by_reason(left_out)
    for why, shown in list(reasons.items())[:SHOWN]:
        sentences.append(f"Left out: {len(shown)} ({first_few(shown, SHOWN)}): {why.rstrip('.')}.")
    more = sum(map(len, list(reasons.values())[SHOWN:]))
    return sentences + ([f"Left out: {more} more, which the page lists."] if more else [])


def _write_pictures(folder, decided, splits, show):
    """Pictures of the data set, and thumbnails of these and of what is left out for its pose."""
    for name in (*splits, THUMBNAILS):
        (folder / name).mkdir()
    split_of = {picture: split for split, pictures in splits.items() for picture in pictures}
    for picture in progress_bar(decided.pictures, "Cutting out", "picture", show=show):
        pixels = read_photo(picture.photo.path)
        if pixels.shape[:2] != picture.found.size:
            raise DataError(f"{picture.photo.path} has changed since its pose was estimated: start again.")
        pixels = picture.frame.crop(pixels)
        Image.fromarray(pixels).save(folder / split_of[picture] / picture.photo.name, "PNG")
        write_thumbnail(folder, picture.photo, pixels, picture.keypoints)
    for photo, keypoints in decided.others:
        write_thumbnail(folder, photo, read_photo(photo.path), keypoints)


def _by_person(splits, in_pairs):
    """{heading: list of `Picture`}."""
    groups = {}
    for split, pictures in splits.items():
        for picture in pictures:
            alone = "" if picture.photo.name in in_pairs else ", in no pair"
            groups.setdefault((picture.photo.person, f"{SPLITS[split]}{alone}"), []).append(picture)
    return {
        f"{person}: {counted(len(pictures), 'picture')} for {use}": pictures
        for (person, use), pictures in sorted(groups.items(), key=lambda item: item[0])
    }


def _config_text(request, pairs):
    output = f"output/{request.name}"
    settings = request.settings | {
        "output_dir": output,
        "checkpoints_dir": output,
        "generated_images_dir": f"{output}/generated",
    }
    if len(pairs["train"]) < Shared.batch_size:
        settings["batch_size"] = len(pairs["train"])
    return (
        f"# The data set {request.name} for `train.py`, `test.py` ...: --config {request.config_file}\n"
        f"{toml_text(settings)}"
    )
