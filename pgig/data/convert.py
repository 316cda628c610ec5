"""Records of the authors of PG2 and DPIG into this package's layout of data, and back (`pgig convert-records`)."""

import hashlib
import os
import pickle
from pathlib import Path

import numpy as np

from pgig.data.authors_labels import read_attributes, segmentation_reader
from pgig.data.authors_records import LAYOUTS, read_pair_records
from pgig.data.folders import outside_sentence, placed
from pgig.data.images import decode, encoded_rgb, list_images, read_bytes
from pgig.data.pairs import identity, read_pairs
from pgig.data.split_writer import new_split, require_absent, safe_name, split_files
from pgig.errors import DataError
from pgig.pose.check import outside
from pgig.pose.files import read_annotations
from pgig.utils.files import atomic_path, sweep, write_text
from pgig.utils.progress import progress_bar
from pgig.utils.random import generator
from pgig.utils.words import counted

# First bytes of JPEG and PNG files.
_KEPT = (b"\xff\xd8", b"\x89PNG")


def import_records(records, paths, split, renames=False, progress=True):
    """Turn files of pairs into pictures, a keypoint table and a pair list.

    Args:
        records: paths of the authors' files, in the order of their pairs.
        paths: `pgig.config.DataPaths` of the data set to make.
        split: `"train"` or `"test"`.
        renames: True: pictures that share a name without being equal (pictures and their mirror images, in files of
            the authors) are told apart by `_2`, `_3`, ... before the extension. False: they are an error.
        progress: whether to show a bar.

    Returns:
        text: what was written.

    Raises:
        DataError: a file is damaged, its pictures have another size than the data set, a picture has two poses or an
            impossible name, or the data set is there already.
        StorageError: the disk is full or a folder cannot be written.
    """
    files = split_files(paths, split)
    require_absent(files)
    for path in records:
        if not os.path.isfile(path):
            raise DataError(f"{path} is no file: give the authors' .tfrecord files, or these gzip'ed (.gz).")

    names, skipped, where = _Names(renames), 0, ""
    with new_split(files, paths.image_size) as writer:
        for path in records:
            numbered = enumerate(progress_bar(read_pair_records(path), Path(path).name, "pair", show=progress), start=1)
            for number, record in numbered:
                where = f"{path}, record {number}"
                if record.size != paths.image_size:
                    height, width = record.size
                    raise DataError(
                        f"{where} holds pictures of {height} x {width} pixels (height x width), but {paths.name} has "
                        f"{paths.image_size[0]} x {paths.image_size[1]}: give another --dataset, or --image_size "
                        f"{height},{width}."
                    )
                if not record.label:
                    skipped += 1
                    continue
                writer.pairs.append(tuple(_add(writer, names, record, side, where) for side in (0, 1)))
        if not writer.pairs:
            raise DataError(f"{', '.join(map(str, records))} holds no pair of one person: give other files.")
    left_out = counted(skipped, "pair of two people was", "pairs of two people were")
    strangers = f" {left_out} left out." if skipped else ""
    renamed = f" {counted(names.renamed, 'picture')} got another name." if names.renamed else ""
    return writer.summary(files) + strangers + renamed


def _add(writer, names, record, side, where):
    """Name of a picture of a record in the split; it is added when it is new."""
    data, keypoints = record.picture(side), record.keypoints(side)
    name, is_new = names.of(safe_name(record.name(side), where), data, where)
    if is_new:
        writer.add(name, data, keypoints)
        names.poses[name] = keypoints
    elif not np.array_equal(names.poses[name], keypoints):
        raise DataError(f"{where} gives {name} another pose than an earlier record: the files do not belong together.")
    return name


class _Names:
    """Gives each picture a name of its own."""

    def __init__(self, renames):
        self.renamed, self.poses = 0, {}
        self._renames, self._known = renames, {}

    def of(self, name, data, where):
        """The name of a picture in the data set, and whether it is new there."""
        content = hashlib.sha256(data).digest()
        known = self._known.setdefault(name, {})
        if content in known:
            return known[content], False
        own = name
        if known:
            if not self._renames:
                raise DataError(
                    f"{where} holds another picture {name} than an earlier record. Pictures and their mirror images "
                    "may share names: --renames 1 tells them apart by another name."
                )
            stem, extension = os.path.splitext(name)
            own, self.renamed = f"{stem}_{len(known) + 1}{extension}", self.renamed + 1
            if own in self.poses:
                raise DataError(f"{where}: {name} would be renamed {own}, but that is a picture too: use one file.")
        elif own in self.poses:
            raise DataError(f"{where}: {name} is the new name of another picture: convert the files one by one.")
        known[content] = own
        return own, True


def export_records(
    paths, split, folder, layout, shuffle, seed=0, attributes=None, segmentation=None, progress=True
):
    """Write a split as the authors' programs read it.

    In `folder` appear `Market1501_SPLIT_00000-of-00001.tfrecord` or `DeepFashion_...`, the count of its pairs
    `pn_pairs_num_SPLIT.p`, a pickled number that their readers ask for, and what else their converters leave: the
    pairs of one person and of two (`p_pairs_SPLIT.p`, `n_pairs_SPLIT.p`: none of two people are ever written), and
    the count of the newest records as text (`tf_record_pair_num.txt`).

    Args:
        paths: `pgig.config.DataPaths` of the data set.
        split: `"train"` or `"test"`.
        folder: where the files shall lie.
        layout: key of `LAYOUTS`.
        shuffle: whether the pairs are shuffled. The authors' readers mix no more than 32 neighbours.
        seed: of the order.
        attributes: path of `market_attribute.mat`, for the layout of Market-1501, or None: no attributes.
        segmentation: folder of label pictures, for the same layout, or None: zeros.
        progress: whether to show bars.

    Returns:
        text: what was written.

    Raises:
        DataError: the split is incomplete, a joint lies outside its picture, a person or picture has no attributes or
            labels, or the files exist already.
        StorageError: the disk is full or the folder cannot be written.
    """
    target = Path(folder, f"{LAYOUTS[layout].file}_{split}_00000-of-00001.tfrecord")
    count, positive, negative = (Path(folder, f"{name}_{split}.p") for name in ("pn_pairs_num", "p_pairs", "n_pairs"))
    for path in (target, count, positive, negative):
        if path.exists():
            raise DataError(f"{path} exists already, and nothing is overwritten: move it away, or name another folder.")
    poses, pairs, read = _open_split(paths, split)
    names = sorted({name for pair in pairs for name in pair})
    given = {}
    if attributes is not None:
        given["attributes"] = read_attributes(attributes, split)
        for name in names:
            if identity(name) not in given["attributes"]:
                raise DataError(f"{attributes} has no person {identity(name)!r} for {split}, who is in {name}.")
    if segmentation is not None:
        given["read_segmentation"] = segmentation_reader(segmentation, names, paths.image_size)
    # Here: it needs Keras, for which neither mistakes nor the other direction wait.
    from pgig.data.authors_writer import serialized_records

    if shuffle:
        pairs = [pairs[number] for number in generator(seed, "records").permutation(len(pairs))]
    sweep(target.parent, target.stem)
    with atomic_path(target) as temporary, open(temporary, "wb") as file:
        for record in serialized_records(layout, paths.image_size, poses, pairs, read, **given, progress=progress):
            file.write(record)
    # The text of Python's first pickle protocol, which every version reads; the second is Python 2's newest.
    write_text(count, f"I{len(pairs)}\n.")
    for path, some in ((positive, pairs), (negative, [])):
        with atomic_path(path) as temporary:
            temporary.write_bytes(pickle.dumps([list(pair) for pair in some], 2))
    write_text(Path(folder, "tf_record_pair_num.txt"), f"cnt:{len(pairs)}")
    return f"{counted(len(pairs), 'pair')} of {counted(len(names), 'picture')}: {target}"


def _open_split(paths, split):
    """Poses {name: (18, 3)}, pairs, and a function that reads a picture by its name."""
    files = split_files(paths, split)
    table, pairs = read_annotations(files.annotations_file), read_pairs(files.pairs_file)
    if not pairs:
        raise DataError(f"{files.pairs_file} holds no pairs: make the lists with create_pairs_dataset.py.")
    keypoints = placed(table.keypoints, paths)
    poses, here = dict(zip(table.names, keypoints, strict=True)), set(list_images(files.images_dir))
    for name in sorted({name for pair in pairs for name in pair}):
        if name not in poses:
            raise DataError(f"{files.pairs_file} names {name}, but {files.annotations_file} has no row for it: add it.")
        if name not in here:
            raise DataError(f"{files.pairs_file} names {name}, but there is no such picture in {files.images_dir}.")
        if outside(poses[name], paths.image_size).any():
            raise DataError(outside_sentence(name, poses[name], paths.image_size))
    return poses, pairs, _reader(files.images_dir, paths.image_size)


def _reader(folder, size):
    """A function that reads a picture by its name. JPEG and PNG files stay as they are, others become PNG."""
    checked = set()

    def read(name):
        path = os.path.join(folder, name)
        data = read_bytes(path)
        if not data.startswith(_KEPT):
            return encoded_rgb(data, size, path)
        if name not in checked:
            decode(data, size, path)
            checked.add(name)
        return data

    return read
