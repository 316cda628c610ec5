"""Makes a data set of a folder as `datasets/convert_RCV.py` of DPIG reads it (`python -m pgig prepare-rcv`)."""

import os
from pathlib import Path

from pgig.data.images import list_images, read_bytes
from pgig.data.pairs import pairs_of_people
from pgig.data.rcv_poses import read_rcv_poses
from pgig.data.split_writer import new_split, require_absent, safe_name, split_files
from pgig.errors import DataError
from pgig.utils.progress import progress_bar

# Training pictures are frames of a video: each is paired with the one so many frames later.
_STEP = 100


def prepare(root, paths, test="people", other=None, progress=True):
    """Make both splits of a data set of a folder.

    Training pairs are (i, i + 100), the last picture standing for those behind it. Pairs and pictures without a pose
    are left out.

    Args:
        root: folder with `train`, `test` and `PoseRCV`, see `pgig.data.rcv_poses`.
        paths: `pgig.config.DataPaths` of the data set.
        test: test pairs: `"people"`: all ordered pairs of two pictures of one person. `"sequence"`: the first picture
            with every picture.
        other: another such folder, or None: with `"sequence"`, the poses are those of its test pictures.
        progress: whether to show bars.

    Returns:
        text: what was written.

    Raises:
        DataError: a folder lacks pictures or poses, a picture has another size, or the data set is there already.
        StorageError: the disk is full or a folder cannot be written.
    """
    files = {split: split_files(paths, split) for split in ("train", "test")}
    for split in files.values():
        require_absent(split)
    train, tested = (_Pictures(root, split, progress) for split in files)
    target = _Pictures(other, "test", progress) if other else tested
    with new_split(files["train"], paths.image_size) as writer, new_split(files["test"], paths.image_size) as second:
        last = len(train.names) - 1
        later = [train.names[min(number + _STEP, last)] for number in range(last + 1)]
        _add(writer, train, train, list(zip(train.names, later, strict=True)), progress)
        if test == "sequence":
            pairs = [(tested.names[0], name) for name in target.names]
        else:
            pairs = pairs_of_people(tested.names)
        _add(second, tested, target, pairs, progress)
        summaries = [made.summary(files[split]) for split, made in (("train", writer), ("test", second))]
    return "\n".join(summaries)


class _Pictures:
    """A folder of pictures with their poses."""

    def __init__(self, root, split, progress):
        self.folder = Path(root, split)
        self.names = [safe_name(name, str(self.folder)) for name in list_images(self.folder)]
        if not self.names:
            raise DataError(f"{self.folder} holds no pictures: give a folder with train, test and PoseRCV.")
        self.poses = read_rcv_poses(Path(root, "PoseRCV"), split, self.names, progress)


def _add(writer, sources, targets, pairs, progress):
    """Add the pictures of pairs, and the pairs of which both pictures have a pose."""
    pairs = [pair for pair in pairs if pair[0] in sources.poses and pair[1] in targets.poses]
    if not pairs:
        raise DataError(f"{sources.folder} gives no pair of two pictures with poses: check the names in PoseRCV.")
    renamed = {}
    wanted = [(sources, source) for source, _ in pairs] + [(targets, target) for _, target in pairs]
    for pictures, name in progress_bar(list(dict.fromkeys(wanted)), sources.folder.name, "picture", show=progress):
        # Frames of another folder may have the names of these.
        stem, extension = os.path.splitext(name)
        own = f"{stem}_other{extension}" if name in writer.poses else name
        if own in writer.poses:
            raise DataError(f"{pictures.folder / name} would be named {own}, but that is a picture too: rename one.")
        writer.add(own, read_bytes(pictures.folder / name), pictures.poses[name])
        renamed[pictures, name] = own
    writer.pairs += [(renamed[sources, source], renamed[targets, target]) for source, target in pairs]
