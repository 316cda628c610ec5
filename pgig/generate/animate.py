"""Animate one photo by the poses of a sequence of frames (pose-gan: demo.py, here with given keypoints).

Like the original it works through a data set of its own, `tmp`, whose files stay behind to be looked at.
"""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from pgig.data.dataset import background_name, open_images
from pgig.data.images import decode, list_images, read_bytes
from pgig.data.pairs import write_pairs
from pgig.data.stream import PairStream
from pgig.errors import DataError, MissingPackageError
from pgig.evaluate.triptych import write_triptych
from pgig.generate.pairs import generated_batches, load_generator
from pgig.pose.check import is_valid
from pgig.pose.files import read_annotations, write_annotations
from pgig.utils.files import atomic_path

DATASET = Path("data/tmp-dataset")
ANNOTATIONS = {split: f"data/tmp-annotation-{split}.csv" for split in ("train", "test")}
PAIRS = {split: f"data/tmp-pairs-{split}.csv" for split in ("train", "test")}


def run(options, source, frames, keypoints, background, video, fps):
    """Generate the source person in the pose of every frame; write triptychs and a video.

    Args:
        options: `pgig.cli.options.Options`.
        source: path of the photo.
        frames: folder of the driving frames, taken in the order of their names.
        keypoints: annotation table with a row for the photo and for each frame, in pixels of these files.
        background: path of the background picture (used with `--use_bg 1`), or None.
        video: path of the `.mp4` or `.gif` to write.
        fps: frames a second.

    Raises:
        DataError: a file or a row is missing, or no pose can be used.
        MissingPackageError: an mp4 is asked for and there is no encoder.
    """
    writer = _writer(video)
    names = list_images(frames)
    if not names:
        raise DataError(f"{frames} holds no pictures: give the folder of the driving frames with --target_images.")
    if Path(source).name in names:
        raise DataError(f"The source {source} has the name of a frame in {frames}: rename one of them.")
    size = options.data.image_size
    _prepare(Path(source), [Path(frames) / name for name in names], keypoints, background, size)

    data = replace(
        options.data,
        name="tmp",
        images_dir_train=str(DATASET / "train"),
        images_dir_test=str(DATASET / "test"),
        bg_images_dir_train=str(DATASET / "train-bg"),
        bg_images_dir_test=str(DATASET / "test-bg"),
        records_dir=None,
        **{f"annotations_file_{split}": path for split, path in ANNOTATIONS.items()},
        **{f"pairs_file_{split}": path for split, path in PAIRS.items()},
    )
    images = open_images(data)
    pairs = _pairs(Path(source).name, names, images)
    write_pairs(PAIRS["test"], pairs)
    stream = PairStream(
        images, pairs, 1, shuffle=False, use_bg=bool(getattr(options.config, "use_bg", 0)), origin=PAIRS["test"]
    )
    method = load_generator(options, "demo.py")
    rows = []
    for batch in generated_batches(method, stream, options):
        for row in zip(*(batch[key] for key in _ROW), strict=True):
            write_triptych(options.shared.generated_images_dir, *row)
            rows.append(np.concatenate(row[2:], axis=1))
    with atomic_path(video) as temporary:
        writer(temporary, rows, fps)
    print(f"{len(rows)} frames (source | pose | generated): {video}, pictures in {options.shared.generated_images_dir}")


_ROW = ("source_name", "target_name", "source_pixels", "target_pixels", "generated_pixels")


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


def _prepare(source, frames, keypoints, background, size):
    """Write the data set `tmp`: pictures of the right size and the annotations scaled with them."""
    if DATASET.exists():
        shutil.rmtree(DATASET)
    table = read_annotations(keypoints)
    # A table may name its pictures with their folder.
    poses = {Path(name).name: pose for name, pose in zip(table.names, table.keypoints, strict=True)}
    scaled = []
    for path in tqdm([*frames, source], desc="Preparing", unit="picture", dynamic_ncols=True):
        if path.name not in poses:
            raise DataError(f"{keypoints} has no row for {path.name}: estimate its keypoints and add the row.")
        scale = _resized(path, DATASET / "test" / path.name, size)
        pose = poses[path.name].copy()
        pose[:, :2] = np.where(pose[:, 2:] > 0, np.trunc(pose[:, :2] * scale), -1)
        scaled.append(pose)
    filled = np.concatenate([carried_over(scaled[:-1]), scaled[-1:]])
    write_annotations(ANNOTATIONS["test"], [path.name for path in (*frames, source)], filled)
    write_annotations(ANNOTATIONS["train"], [], np.zeros((0, 18, 3), np.float32))
    write_pairs(PAIRS["train"], [])
    if background:
        for path in frames:
            _resized(Path(background), DATASET / "test-bg" / background_name(path.name), size)


def _resized(path, target, size):
    """Write a picture in the size of the network; returns the factors (rows, columns)."""
    pixels = decode(read_bytes(path), None, path)
    picture = Image.fromarray(pixels).resize(size[::-1], Image.Resampling.BILINEAR)
    with atomic_path(target) as temporary:
        # The name keeps its extension, the content loses nothing.
        picture.save(temporary, format="PNG")
    return np.array(size, np.float32) / pixels.shape[:2]


def _pairs(source, names, images):
    poses = dict(zip(images.names, images.keypoints, strict=True))
    if not is_valid(poses[source]):
        raise DataError(f"The pose of {source} lacks a shoulder or a hip: choose a photo that shows the whole torso.")
    pairs = [(source, name) for name in names if is_valid(poses[name])]
    if not pairs:
        raise DataError("No frame shows both shoulders and both hips: nothing can be animated.")
    return pairs


def _writer(video):
    """Choose how to write the video, before any work."""
    suffix = Path(video).suffix.lower()
    if suffix == ".gif":
        return _write_gif
    if suffix != ".mp4":
        raise DataError(f"{video} is neither .mp4 nor .gif: give one of these endings.")
    try:
        import imageio_ffmpeg  # noqa: F401
    except ImportError:
        raise MissingPackageError(
            'Writing an mp4 needs an encoder: pip install "pgig[video]", or give a .gif instead.'
        ) from None
    return _write_mp4


def _write_gif(path, frames, fps):
    first, *rest = (Image.fromarray(frame) for frame in frames)
    first.save(path, format="GIF", save_all=True, append_images=rest, duration=round(1000 / fps), loop=0)


def _write_mp4(path, frames, fps):
    import imageio.v3 as imageio

    imageio.imwrite(path, np.stack(frames), extension=".mp4", fps=fps, codec="libx264", macro_block_size=2)
