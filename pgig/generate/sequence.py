"""The photo and the frames of an animation: read them, check them, write them as the data set `tmp`.

Like the original, `demo.py` works through a data set of its own, whose files stay behind to be looked at.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from pgig.data.folders import background_name, outside_sentence
from pgig.data.images import decode, list_images, read_bytes
from pgig.data.pairs import write_pairs
from pgig.errors import DataError
from pgig.pose.check import is_valid, outside
from pgig.pose.files import read_annotations, write_annotations
from pgig.utils.files import atomic_folder
from pgig.utils.progress import progress_bar

DATASET = Path("data/tmp-dataset")
ANNOTATIONS = {split: f"data/tmp-annotation-{split}.csv" for split in ("train", "test")}
PAIRS = {split: f"data/tmp-pairs-{split}.csv" for split in ("train", "test")}


def read_sequence(source, frames, keypoints):
    """Find the frames and the photo, and their poses.

    Args:
        source: path of the photo.
        frames: folder of the driving frames, taken in the order of their names.
        keypoints: annotation table with a row for the photo and for each frame, in pixels of these files.

    Returns:
        Paths of the N frames, sorted, and of the photo; and their poses (N + 1, 18, 3) y, x, visible.

    Raises:
        DataError: there are no frames, a row is missing, or too few joints are known.
    """
    source = Path(source)
    names = list_images(frames)
    if not names:
        raise DataError(f"{frames} holds no pictures: give the folder of the frames with --target_images.")
    if not source.is_file():
        raise DataError(f"There is no photo {source}: give it with --source_image.")
    if source.name in names:
        raise DataError(f"The photo {source} has the name of a frame in {frames}: rename one of them.")
    paths = [*(Path(frames) / name for name in names), source]

    # Tables often name their pictures with a folder.
    table = read_annotations(keypoints)
    poses = dict(zip((Path(name).name for name in table.names), table.keypoints, strict=True))
    if len(poses) < len(table):
        raise DataError(f"{keypoints} has rows for pictures of one name in several folders: keep those of {frames}.")
    unknown = [path for path in paths if path.name not in poses]
    if unknown:
        raise DataError(
            f"{keypoints} has no row for {unknown[0].name} (such pictures: {len(unknown)}): estimate the "
            "keypoints and add the rows, or give the right table with --keypoints."
        )
    poses = np.stack([poses[path.name] for path in paths])
    if not is_valid(poses[-1]):
        raise DataError(f"The pose of {source} lacks a shoulder or a hip: take a photo of the whole torso.")
    if not is_valid(carried_over(poses[:-1])).any():
        raise DataError(f"No frame in {frames} shows both shoulders and both hips: nothing can be animated.")
    return paths, poses


def write_dataset(paths, poses, background, size):
    """Write the data set `tmp`, in which the photo goes with every frame whose pose can be used.

    Args:
        paths: paths of the N frames and of the photo, pictures of any size.
        poses: (N + 1, 18, 3) y, x, visible in pixels of these pictures.
        background: path of the background picture, or None.
        size: (height, width) of the network.

    Returns:
        The pairs (photo name, frame name). A joint that is missing in a frame is taken over from the frame before.

    Raises:
        DataError: a picture is damaged, or a joint lies outside its picture; nothing is written then.
        StorageError: a file cannot be written.
    """
    poses = prepare(paths, poses, background, size)
    poses = np.concatenate([carried_over(poses[:-1]), poses[-1:]])
    *names, photo = (path.name for path in paths)
    pairs = [(photo, name) for name, usable in zip(names, is_valid(poses[:-1]), strict=True) if usable]

    write_annotations(ANNOTATIONS["train"], [], np.zeros((0, 18, 3)))
    write_annotations(ANNOTATIONS["test"], [*names, photo], poses)
    write_pairs(PAIRS["train"], [])
    write_pairs(PAIRS["test"], pairs)
    return pairs


def carried_over(keypoints):
    """Fill missing joints of a sequence from the frame before.

    Args:
        keypoints: (N, 18, 3) y, x, visible, in the order of the frames.

    Returns:
        The same shape; a joint missing from the first frame on stays missing until it is first seen.
    """
    filled = np.array(keypoints, dtype=np.float32)
    for before, now in zip(filled, filled[1:], strict=False):
        missing = now[:, 2] == 0
        now[missing] = before[missing]
    return filled


def prepare(paths, poses, background, size):
    """Write the pictures of the data set `tmp` in the size of the network, all or none.

    Args:
        paths: N paths of pictures of any size.
        poses: (N, 18, 3) y, x, visible in pixels of these pictures.
        background: path of the background picture, or None.
        size: (height, width) of the network.

    Returns:
        (N, 18, 3) poses in pixels of the resized pictures, truncated to whole ones.

    Raises:
        DataError: a picture is damaged, or a joint lies outside its picture.
        StorageError: the pictures cannot be written.
    """
    scaled = np.array(poses)
    empty = _resized(decode(read_bytes(background), None, background), size) if background else None
    with atomic_folder(DATASET) as folder:
        for part in ("train", "test", "test-bg"):
            (folder / part).mkdir()
        bar = progress_bar(paths, "Preparing", "picture")
        for path, pose in zip(bar, scaled, strict=True):
            pixels = decode(read_bytes(path), None, path)
            if outside(pose, pixels.shape[:2]).any():
                raise DataError(outside_sentence(path.name, pose, pixels.shape[:2]))
            visible = pose[:, 2] > 0
            pose[visible, :2] = np.trunc(pose[visible, :2] * np.divide(size, pixels.shape[:2]))
            # The name keeps its extension; PNG loses nothing.
            _resized(pixels, size).save(folder / "test" / path.name, format="PNG")
            if empty:
                empty.save(folder / "test-bg" / background_name(path.name), format="PNG")
    return scaled


def _resized(pixels, size):
    return Image.fromarray(pixels).resize(size[::-1], Image.Resampling.BILINEAR)


def dataset_paths(data):
    """The paths of the data set `tmp`, without records: its pictures are read once.

    Args:
        data: `pgig.config.DataPaths` of another data set, of the same image size.

    Returns:
        `DataPaths`.
    """
    paths = {}
    for split in ("train", "test"):
        paths[f"images_dir_{split}"] = str(DATASET / split)
        paths[f"bg_images_dir_{split}"] = str(DATASET / f"{split}-bg")
        paths[f"annotations_file_{split}"] = ANNOTATIONS[split]
        paths[f"pairs_file_{split}"] = PAIRS[split]
    return replace(data, name="tmp", records_dir=None, old_size=None, **paths)
