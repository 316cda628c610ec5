"""Makes data sets of the archives with poses that the authors of PG2 published (`python -m pgig prepare-df`).

`DF_img_pose.zip` and `Market1501_img_pose_attr_seg.zip` of `charliememory/Pose-Guided-Person-Image-Generation`; pairs
as its converters and `prepare_data.py` of `harshitbansal05/Pose-Guided-Image-Generation` form them.
"""

import contextlib
import os
import zipfile
import zlib
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from pgig.data.archive_poses import choose_joints
from pgig.data.authors_order import converter_pairs, new_draws
from pgig.data.pairs import pairs_of_people
from pgig.data.pose_pickles import read_pose_pickle
from pgig.data.split_writer import new_split, require_absent, safe_name, split_files
from pgig.errors import DataError
from pgig.utils.progress import progress_bar
from pgig.utils.random import generator
from pgig.weights.restricted import DAMAGE, MOST_BYTES

_MOST_PICTURE_BYTES = 2**26


@dataclass(frozen=True)
class Pictures:
    """A folder of an archive, and the end of the names of its pose files."""

    folder: str
    poses: str


@dataclass(frozen=True)
class Contents:
    """What an archive holds.

    Attributes:
        pose_folder: where the pose files lie, `all_peaks_dic_...p` and `subsets_dic_...p`.
        train, mirrored, test, samples, sequence: `Pictures`; sequence may be None.
        junk: so many pictures at the beginning of the sorted test folder are no people.
        test_pairs: at most that many are used; 0: all.
        published: numbers of training pairs and of mirrored ones that were published, or None.
    """

    pose_folder: str
    train: Pictures
    mirrored: Pictures
    test: Pictures
    samples: Pictures
    sequence: Pictures | None = None
    junk: int = 0
    test_pairs: int = 0
    published: tuple | None = None


ARCHIVES = {
    "fasion": Contents(
        "PoseFiltered",
        Pictures("filted_up_train", "DeepFashion"),
        Pictures("filted_up_train_flip", "DeepFashion_Flip"),
        Pictures("filted_up_test", "DeepFashion"),
        Pictures("filted_up_test_samples", "DeepFashion"),
        Pictures("filted_up_test_seq", "DeepFashion"),
        published=(97_854, 77_538),
    ),
    "market": Contents(
        "Market-1501_PoseFiltered",
        Pictures("bounding_box_train", "Market-1501_train"),
        Pictures("bounding_box_train_flip", "Market-1501_train_Flip"),
        Pictures("bounding_box_test", "Market-1501_test_clean"),
        Pictures("bounding_box_test_samples", "Market-1501_test_samples"),
        junk=6617,
        test_pairs=12_800,
    ),
}


def prepare(archive, paths, joints="person", test="test", test_pairs=None, seed=0, order="people", progress=True):
    """Make both splits of a data set of an archive.

    Args:
        archive: path of the archive, or of the folder of its contents.
        paths: `pgig.config.DataPaths` of the data set, whose name is a key of `ARCHIVES`.
        joints: `"person"` or `"first"`, see `pgig.data.archive_poses.choose_joints`.
        test: which pictures are the test pictures: `"test"`, `"samples"` or `"sequence"`.
        test_pairs: at most that many test pairs, drawn; 0: all; None: as many as the converters took.
        seed: of the draw.
        order: of the pairs. `"people"`: person after person. `"original"`: the converters' own, mirrored pictures
            first and all shuffled; test pairs are the first ones then, not drawn.
        progress: whether to show bars.

    Returns:
        text: what was written, with the numbers of pairs.

    Raises:
        DataError: the archive is damaged or another one, a picture has another size, or the data set is there already.
        StorageError: the disk is full or a folder cannot be written.
    """
    contents = ARCHIVES[paths.name]
    files = {split: split_files(paths, split) for split in ("train", "test")}
    for split in files.values():
        require_absent(split)
    source, limit = getattr(contents, test), contents.test_pairs if test_pairs is None else test_pairs
    if source is None:
        raise DataError(f"The archive of {paths.name} has no such test pictures: choose another --test.")

    with _opened(archive) as opened, contextlib.ExitStack() as splits:
        train, tested = (splits.enter_context(new_split(split, paths.image_size)) for split in files.values())
        wanted = opened.require(contents.train.folder), opened.require(source.folder)
        mirrored = opened.pictures(contents.mirrored.folder)
        poses = {}
        rule = _rule(order)
        lines = [_add(opened, train, contents, contents.train, wanted[0], poses, joints, progress, rule)]
        plain = train.pairs.copy()
        if mirrored:
            lines.append(_add(opened, train, contents, contents.mirrored, mirrored, poses, joints, progress, rule))
        else:
            lines.append(f"There is no folder {contents.mirrored.folder}: no mirrored pictures.")
        if order == "original":
            train.pairs = train.pairs[len(plain) :] + plain
        junk = contents.junk if test == "test" else 0
        rule = _all_pairs if test == "sequence" else _rule(order, shuffled=test == "test")
        lines.append(_add(opened, tested, contents, source, wanted[1][junk:], poses, joints, progress, rule))
        if limit and len(tested.pairs) > limit:
            picked = range(limit)
            if order != "original":
                picked = generator(seed, "test pairs").choice(len(tested.pairs), limit, replace=False)
            tested.pairs = [tested.pairs[number] for number in sorted(picked)]
        summaries = [writer.summary(files[split]) for split, writer in (("train", train), ("test", tested))]
    if contents.published:
        lines.append("Published: {} training pairs and {} mirrored ones.".format(*contents.published))
    return "\n".join([*lines, *summaries])


def _rule(order, shuffled=True):
    """The function that makes pairs of the listings of folders, which it is given one after the other."""
    if order == "people":
        return pairs_of_people
    draws = new_draws()
    return lambda names: converter_pairs(names, draws, shuffled)


def _all_pairs(names):
    """All ordered pairs, those of a picture with itself too, as the converters pair a sequence."""
    return list(product(names, repeat=2))


def _add(opened, writer, contents, pictures, names, poses, joints, progress, rule):
    """Add a folder to a split; pictures without a pose are left out, and pairs that have one of them. Returns a
    sentence with the counts."""
    if pictures.poses not in poses:
        poses[pictures.poses] = _read_poses(opened, contents.pose_folder, pictures.poses, joints, progress)
    known = poses[pictures.poses]
    renamed = {}
    for name in progress_bar([name for name in names if name in known], pictures.folder, "picture", show=progress):
        # The mirror images of the archives may have the names of their originals.
        stem, extension = os.path.splitext(name)
        renamed[name] = f"{stem}_flip{extension}" if name in writer.poses else name
        if renamed[name] in writer.poses:
            raise DataError(f"The archive has two pictures {renamed[name]} for one split: take another copy.")
        writer.add(renamed[name], opened.read(pictures.folder, name, _MOST_PICTURE_BYTES), known[name])
    pairs = rule(names)
    posed = [(renamed[source], renamed[target]) for source, target in pairs if source in renamed and target in renamed]
    writer.pairs += posed
    return (
        f"{pictures.folder}: {len(names)} pictures make {len(pairs)} pairs; {len(renamed)} pictures have a pose "
        f"and make {len(posed)} pairs."
    )


def _read_poses(opened, folder, end, joints, progress):
    """{picture: (18, 3) float32 y, x, visible} of a pair of pose files."""
    tables = []
    for beginning in ("all_peaks_dic", "subsets_dic"):
        name = f"{beginning}_{end}.p"
        tables.append(read_pose_pickle(name, opened.read(folder, name, MOST_BYTES), progress))
    candidates, people = tables
    found = {}
    for name in candidates.keys() & people.keys():
        try:
            found[name] = choose_joints(candidates[name], people[name].array(), first=joints == "first")
        except (AttributeError, *DAMAGE):
            shown = str(name)[:80]
            raise DataError(f"The pose of {shown} in {end} is not one of OpenPose: take another copy.") from None
    return found


@contextlib.contextmanager
def _opened(path):
    """An archive or a folder as `_Files`."""
    if os.path.isdir(path):
        files = (entry for entry in Path(path).rglob("*") if entry.is_file())
        yield _Files(path, {entry.relative_to(path).as_posix(): entry for entry in files}, open)
        return
    try:
        with zipfile.ZipFile(path) as archive:
            members = {member.filename: member for member in archive.infolist() if not member.is_dir()}
            yield _Files(path, members, lambda member, _: archive.open(member))
    except OSError as error:
        reason = error.strerror or error
        raise DataError(f"{path} cannot be read ({reason}): give the archive, or the folder of its contents.") from None
    except zipfile.BadZipFile as error:
        raise DataError(f"{path} is no sound zip archive ({error}): take another copy.") from None


class _Files:
    """Files known by the name of their folder and their own, wherever the folder lies. Only names leave an archive.

    Args:
        path: what messages call it.
        members: {path inside: what `opener` opens}.
        opener: function of a member and a mode.
    """

    def __init__(self, path, members, opener):
        self._path, self._opener, self._folders = path, opener, {}
        for name, member in members.items():
            *_, folder, file = ["", *name.split("/")]
            self._folders.setdefault(folder, {}).setdefault(file, []).append(member)

    def pictures(self, folder):
        """Sorted names of the pictures in a folder; only .jpg and .png, as in the converters, and no hidden files."""
        names = (name for name in self._folders.get(folder, {}) if name.endswith((".jpg", ".png")))
        return [safe_name(name, f"{self._path}, {folder}") for name in sorted(names) if name[0] != "."]

    def require(self, folder):
        """As `pictures`, but at least one."""
        return self.pictures(folder) or self._refuse(f"no pictures in a folder {folder}")

    def read(self, folder, file, most):
        """Bytes of a file of at most so many bytes."""
        members = self._folders.get(folder, {}).get(file) or self._refuse(f"no {folder}/{file}")
        if len(members) > 1:
            self._refuse(f"{folder}/{file} more than once")
        try:
            with self._opener(members[0], "rb") as stream:
                data = stream.read(most + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, OSError) as error:
            raise DataError(f"{folder}/{file} of {self._path} cannot be read ({error}): take another copy.") from None
        if len(data) > most:
            raise DataError(f"{folder}/{file} of {self._path} has more than {most} bytes: take another copy.")
        return data

    def _refuse(self, what):
        raise DataError(f"{self._path} has {what}: give the archive that the authors published.")
