"""What is wrong with a data set? Said in sentences, before any training."""

from dataclasses import dataclass, replace

import numpy as np

from pgig.data.dataset import ImageSet
from pgig.data.folders import (
    FolderSource,
    find_pictures,
    list_dataset,
    misplaced,
    outside_sentence,
    placed,
    refuse_misplaced_joints,
)
from pgig.data.images import decode, read_bytes
from pgig.data.pairs import person, read_pairs
from pgig.errors import DataError
from pgig.pose.check import is_valid, outside
from pgig.pose.files import read_annotations
from pgig.utils.progress import progress_bar
from pgig.utils.words import counted, first_few

# Of a long list of like findings that many are shown.
SHOWN = 5


@dataclass(frozen=True)
class Finding:
    """One thing to know about a data set.

    Attributes:
        text: a sentence.
        stops: whether it makes training or testing impossible.
    """

    text: str
    stops: bool = False


def require_trainable(paths, batch_size=1, use_bg=False):
    """Raise at once what would make training impossible, without opening more than two pictures.

    Args:
        paths: `pgig.config.DataPaths`.
        batch_size: pairs in a batch.
        use_bg: whether every target needs a background.

    Raises:
        DataError: see `require_pairs`.
    """
    require_pairs(paths, {paths.pairs_file_train: batch_size, paths.pairs_file_test: 1}, use_bg)


def require_pairs(paths, least, use_bg=False):
    """Raise at once what would make pair lists useless, opening one picture for each.

    Args:
        paths: `pgig.config.DataPaths`.
        least: {path of a pair list: how many pairs it must hold}.
        use_bg: whether every target needs a background.

    Raises:
        DataError: a folder, a table, a list or a background is missing or broken, a joint lies where `paths` does not
            allow it, or a pair names an unknown picture.
    """
    listing = list_dataset(paths)
    refuse_misplaced_joints(listing, paths)
    images = ImageSet(listing, FolderSource(listing))
    for origin, count in least.items():
        numbers = images.numbers(read_pairs(origin), origin, count)
        images.pixels(numbers[0, 0])
        if use_bg:
            images.require_backgrounds(numbers[:, 1])


def main(options):
    """`pgig check`: print the findings; raise when one of them makes training impossible.

    Args:
        options: resolved command line with `data` (`pgig.config.DataPaths`) and `shared.batch_size`.

    Raises:
        DataError: training or testing is impossible.
    """
    findings = check(options.data, options.shared.batch_size)
    for finding in findings:
        print(f"{'ERROR' if finding.stops else 'note'}: {finding.text}")
    stopping = sum(finding.stops for finding in findings)
    if stopping:
        raise DataError(
            f"The data set {options.data.name} cannot be used as it is: mend the {stopping} errors above."
        )
    print(f"The data set {options.data.name} can be used.")


def check(paths, batch_size=1, progress=True):
    """Look at every file of a data set.

    Args:
        paths: `pgig.config.DataPaths`.
        batch_size: pairs in a batch.
        progress: whether to show a bar while the pictures are decoded.

    Returns:
        list of `Finding`, in the order of reading.
    """
    findings = []
    folders = (paths.images_dir_train, paths.images_dir_test)
    where = find_pictures(folders)
    for folder in folders:
        count = sum(place == folder for place in where.values())
        findings.append(Finding(f"{folder} holds {counted(count, 'picture')}.", not where))

    poses = {}
    for origin in (paths.annotations_file_test, paths.annotations_file_train):
        findings += _check_table(origin, poses, paths)
    findings += _several("annotated but no picture", sorted(poses.keys() - where))
    findings += _several("a picture without annotation, never used", sorted(where.keys() - poses))

    findings += _check_pictures(where, None if paths.old_size else paths.image_size, progress)
    for origin in (paths.pairs_file_train, paths.pairs_file_test):
        findings += _check_pairs(origin, poses, where)

    backgrounds = find_pictures((paths.bg_images_dir_train, paths.bg_images_dir_test))
    if backgrounds:
        findings.append(Finding(f"{counted(len(backgrounds), 'background picture')} for --use_bg 1."))
    findings += _check_batches(paths.pairs_file_train, batch_size)
    return findings


def _check_table(origin, poses, paths):
    """Findings about one annotation file; its rows are added to `poses`."""
    try:
        table = read_annotations(origin)
    except DataError as error:
        return [Finding(str(error), True)]
    findings = []
    keypoints = placed(table.keypoints, paths)
    valid, found = is_valid(keypoints), (keypoints[..., 2] > 0).any(-1)
    findings.append(
        Finding(
            f"{origin} has {counted(len(table), 'row')}: {valid.sum()} with shoulders and hips, "
            f"{len(table) - found.sum()} without any joint."
        )
    )
    findings += _several("in both annotation files", sorted(poses.keys() & set(table.names)), stops=True)
    wrong = misplaced(keypoints, paths)
    for number in np.flatnonzero(wrong.any(-1)):
        sentence = outside_sentence(table.names[number], keypoints[number], paths.image_size, wrong[number])
        findings.append(Finding(sentence, True))
    if paths.outside_joints != "refuse":
        count = outside(placed(table.keypoints, replace(paths, outside_joints="keep")), paths.image_size).sum()
        treated = f"--outside_joints {paths.outside_joints}"
        findings.append(Finding(f"Joints of {origin} outside their pictures: {count} ({treated})."))
    poses.update(zip(table.names, keypoints, strict=True))
    return findings


def _check_pictures(where, size, progress):
    findings = []
    for name, folder in progress_bar(sorted(where.items()), "Checking", "picture", show=progress):
        path = f"{folder}/{name}"
        try:
            decode(read_bytes(path), size, path)
        except DataError as error:
            findings.append(Finding(str(error), True))
    return findings


def _check_pairs(origin, poses, where):
    try:
        pairs = read_pairs(origin)
    except DataError as error:
        return [Finding(str(error), True)]
    names = {name for pair in pairs for name in pair}
    known = [name for name in names if name in poses]
    invalid = {name for name in known if not is_valid(poses[name])}
    people = {person(name) for name in names}

    findings = [
        Finding(
            f"{origin} has {counted(len(pairs), 'pair')} of {counted(len(names), 'picture')} of "
            f"{counted(len(people), 'person', 'people')}.",
            not pairs,
        )
    ]
    findings += _several(f"named in {origin}, not annotated", sorted(names - poses.keys()), stops=True)
    findings += _several(
        f"named in {origin}, but no picture", sorted(names & poses.keys() - where.keys()), stops=True
    )
    touched = sum(bool(invalid.intersection(pair)) for pair in pairs)
    if touched:
        findings.append(
            Finding(f"{counted(touched, f'pair of {origin} holds', f'pairs of {origin} hold')} a pose without both "
                "shoulders and both hips.")
        )
    strangers = sum(person(source) != person(target) for source, target in pairs)
    if strangers:
        shown = counted(strangers, f"pair of {origin} shows", f"pairs of {origin} show")
        findings.append(Finding(f"{shown} two different people."))
    return findings


def _check_batches(origin, batch_size):
    try:
        count = len(read_pairs(origin))
    except DataError:
        return []
    if count < batch_size:
        few = counted(count, "pair is", "pairs are")
        return [Finding(f"{few} fewer than one batch of {batch_size}: lower --batch_size.", True)]
    return [
        Finding(
            f"Training would use {counted(count, 'pair')}, {counted(count // batch_size, 'batch', 'batches')} of "
            f"{batch_size} in one pass."
        )
    ]


def _several(what, names, stops=False):
    """One finding for a list of names, the first few of them shown; none for an empty list."""
    if not names:
        return []
    return [Finding(f"{counted(len(names), 'name')} {what}: {first_few(names, SHOWN)}.", stops)]
