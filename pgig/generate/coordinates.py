"""Annotation tables for folders of pictures (pose-gan: compute_coordinates.py), with either pose estimator.

A row is in pixels of the picture as it is stored, as the data sets read it: a JPEG's EXIF orientation is not applied.
"""

from dataclasses import dataclass, field
from pathlib import Path

from pgig.data.check import SHOWN
from pgig.data.images import decode, is_image, list_images, read_bytes
from pgig.data.photos import is_turned
from pgig.errors import DataError, OptionsError, StorageError
from pgig.estimate.people import THRESHOLD, find_detector, find_people, load_estimator_by_name
from pgig.estimate.table import GrowingTable, fault_of_name
from pgig.pose.check import is_valid
from pgig.pose.files import read_annotations
from pgig.pose.joints import MISSING, NAMES
from pgig.pretrained.catalogue import what_is_missing
from pgig.utils.locks import alone_in
from pgig.utils.progress import progress_bar
from pgig.utils.words import counted, first_few

_NOBODY = [[MISSING, MISSING, 0]] * len(NAMES)


@dataclass
class Outcome:
    """What became of the pictures of a folder.

    Attributes:
        new: how many rows were added.
        nobody: names of the pictures without any joint.
        incomplete: names of those whose pose lacks a shoulder or a hip.
        turned: names of new ones that are stored lying on their side, and were looked at so.
        unread: {name: sentence} of the pictures that got no row.
    """

    new: int = 0
    nobody: list = field(default_factory=list)
    incomplete: list = field(default_factory=list)
    turned: list = field(default_factory=list)
    unread: dict = field(default_factory=dict)


def run(options, estimator="auto", threshold=THRESHOLD, box=None, several=False, mix=False, images=None, table=None):
    """Write the annotation tables of a data set, or of one folder.

    Args:
        options: `pgig.cli.options.Options`; its `data` says where pictures and tables are.
        estimator: one of `pgig.estimate.people.ESTIMATORS`. "auto" takes the file of --pose_estimator where it is.
        threshold, box, several, mix: as for `annotate`; `several` is whether to look for a detector.
        images: a folder or a picture instead of the data set, or None.
        table: its annotation table, or None for one beside the folder.

    Raises:
        PgigError: one sentence for whatever the user can mend.
    """
    if not 0 <= threshold < 1:
        raise OptionsError(f"--threshold {threshold} must be from 0 to below 1: scores are.")
    jobs = _jobs(options.data, images, table)
    network = _network(options, estimator)
    detector = find_detector() if several else None
    if several and detector is None:
        raise OptionsError(f"--several needs a detector of people. {what_is_missing('person-ssdlite')}")
    for pictures, path in jobs:
        print(f"{path}: {counted(len(pictures), 'picture')}, estimator {network.name}")
        outcome = annotate(pictures, path, network, threshold, box, detector, mix)
        for sentence in sentences(outcome):
            print(sentence)


def annotate(pictures, path, estimator, threshold=THRESHOLD, box=None, detector=None, mix=False, show=True):
    """Write the annotation table of some pictures; started again, it goes on after the last whole row.

    Args:
        pictures: list of paths of pictures (JPEG, PNG or BMP) with different file names.
        path: the table.
        estimator: of `pgig.estimate.people.load_estimator_by_name`.
        threshold, box, detector: as for `pgig.estimate.people.find_people`; of several people the largest is taken.
        mix: whether to append to a table that was made with something else.
        show: whether to show a progress bar.

    Returns:
        `Outcome` over all of the pictures, whenever their rows were written.

    Raises:
        DataError: the table is damaged or was made with something else, or no picture can be read.
        StorageError: the table cannot be written, or another program is writing it.
    """
    made_with = {
        "estimator": estimator.fingerprint,
        "threshold": threshold,
        "box": box,
        "detector": detector and detector.fingerprint,
    }
    outcome, path = Outcome(), Path(path)
    with alone_in(path.parent, lambda: _refuse(path)):
        table = GrowingTable(path, made_with, mix)
        missing = [picture for picture in map(Path, pictures) if picture.name not in table.names]
        # A table that lacks nothing may be anybody's.
        if missing:
            with table:
                _extend(table, missing, outcome, (estimator, box, detector, threshold), len(pictures), show)
    if outcome.unread and len(outcome.unread) == len(pictures):
        raise DataError(f"None of the pictures got a row. {next(iter(outcome.unread.values()))}")

    names, rows = {Path(picture).name for picture in pictures}, read_annotations(path)
    for name, keypoints in zip(rows.names, rows.keypoints, strict=True):
        if name in names and not is_valid(keypoints):
            (outcome.incomplete if keypoints[:, 2].any() else outcome.nobody).append(name)
    return outcome


def sentences(outcome):
    """An `Outcome` in words: list of sentences, the first of them about the rows."""
    said = [f"{counted(outcome.new, 'row was', 'rows were')} added."]
    if outcome.nobody:
        said.append(f"Without any joint, all -1: {_several(outcome.nobody)}.")
    if outcome.incomplete:
        said.append(f"Without both shoulders and both hips, not usable in pairs: {_several(outcome.incomplete)}.")
    if outcome.turned:
        said.append(
            f"Stored lying, as their EXIF orientation says: {_several(outcome.turned)}. Data sets read them as stored: "
            "save them upright and remove their rows."
        )
    if outcome.unread:
        first = next(iter(outcome.unread.values()))
        said.append(f"Not read, and without a row: {_several(list(outcome.unread))}. {first}")
    return said


def _several(names):
    return f"{len(names)} ({first_few(names, SHOWN)})"


def _network(options, name):
    """The estimator; the original's where its file lies in its place."""
    given = options.shared.pose_estimator
    if "pose_estimator" in options.given:
        return load_estimator_by_name(name, given)
    if name != "movenet" and Path(given).is_file():
        return load_estimator_by_name("openpose", given)
    return load_estimator_by_name(name)


def _jobs(data, images, table):
    """list of (paths of pictures, path of their table)."""
    if images is not None:
        images = Path(images)
        pictures = [images] if images.is_file() and is_image(images.name) else _pictures(images)
        return [(pictures, table or images.parent / f"{images.stem}-annotation.csv")]
    if table is not None:
        raise OptionsError("--annotations_file needs --images_dir: name the folder of the pictures too.")
    jobs = [
        (_pictures(folder), path)
        for folder, path in (
            (data.images_dir_train, data.annotations_file_train),
            (data.images_dir_test, data.annotations_file_test),
        )
        if Path(folder).is_dir()
    ]
    if not jobs:
        raise DataError(
            f"Neither {data.images_dir_train} nor {data.images_dir_test} is a folder: put the pictures there, choose "
            "the data set with --dataset, or give a folder with --images_dir."
        )
    return jobs


def _pictures(folder):
    names = list_images(folder)
    if not names:
        what = "holds no pictures" if Path(folder).is_dir() else "is no folder"
        raise DataError(f"{folder} {what}: give a folder of JPEG, PNG or BMP pictures.")
    return [Path(folder, name) for name in names]


def _extend(table, pictures, outcome, finding, total, show):
    """Look at pictures and add their rows; `table` and `outcome` are changed.

    Args:
        table: `GrowingTable`, entered.
        pictures: paths without a row.
        outcome: `Outcome`.
        finding: what `find_people` takes after the pixels.
        total: number of pictures with those that have a row.
        show: whether to show a progress bar.
    """
    for picture in progress_bar(pictures, table.path.name, "pictures", total, total - len(pictures), show):
        try:
            fault = fault_of_name(picture.name)
            if fault:
                raise DataError(f"{picture} is left out, {fault}.")
            people = find_people(decode(read_bytes(picture), None, str(picture)), *finding)
        except DataError as error:
            outcome.unread[picture.name] = str(error)
            continue
        table.append(picture.name, people[0].keypoints if people else _NOBODY)
        outcome.new += 1
        if is_turned(picture):
            outcome.turned.append(picture.name)


def _refuse(path):
    raise StorageError(f"Another program is at work in {path.parent}: wait for it, or give a table in another folder.")
