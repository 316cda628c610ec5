"""Programs that arrange picture folders: DeepFashion's split, its 128 x 64 version, mirrored copies."""

import os
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from pgig.data.images import decode, is_image, list_images, read_bytes, resize_bilinear
from pgig.errors import DataError
from pgig.pose.files import read_annotations, write_annotations
from pgig.pose.joints import MISSING
from pgig.utils.files import storage_errors
from pgig.utils.progress import progress_bar

# DeepFashion's pictures are 256 x 256 with grey margins left and right; the small version leaves the margins
# out.
FULL_SIZE, SMALL_SIZE = (256, 256), (128, 64)
MARGIN = 40


def split_name(parts):
    """The one-folder name of a DeepFashion picture.

    Args:
        parts: (gender, category, identity, file), e.g. `("WOMEN", "Tees_Tanks", "id_00000001",
            "01_1_front.jpg")`.

    Returns:
        For the example `fasionWOMENTeesTanksid0000000101_1front.jpg`: one `_` is left, after the identity.
    """
    gender, category, identity, file = parts
    head, _, tail = file.partition("_")
    folders = "fasion" + gender + category.replace("_", "") + identity.replace("_", "")
    return f"{folders}{head}_{tail.replace('_', '')}"


def split_fashion(input_dir, output_dir, annotations_file_train, annotations_file_test):
    """Copy DeepFashion's pictures into a train and a test folder, as the annotation files say.

    Args:
        input_dir: folder of GENDER/CATEGORY/ID/FILE.
        output_dir: where `train` and `test` are made.
        annotations_file_train, annotations_file_test: a picture goes where its new name has a row, and
            nowhere without.

    Raises:
        DataError: there are no pictures, or one lies at another depth.
    """
    test = set(read_annotations(annotations_file_test).names)
    train = set(read_annotations(annotations_file_train).names)
    paths = sorted(path for path in Path(input_dir).rglob("*") if is_image(path.name))
    if not paths:
        raise DataError(
            f"There are no pictures under {input_dir}: name the folder of DeepFashion with --input_dir."
        )
    for path in paths:
        if len(path.relative_to(input_dir).parts) != 4:
            raise DataError(
                f"{path} does not lie at GENDER/CATEGORY/ID/FILE under {input_dir}: move it there or away."
            )

    counts = {"train": 0, "test": 0, None: 0}
    for path in progress_bar(paths, "Copying", "picture"):
        name = split_name(path.relative_to(input_dir).parts)
        split = "test" if name in test else "train" if name in train else None
        counts[split] += 1
        if split:
            target = Path(output_dir, split, name)
            with storage_errors(target):
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, target)
    print(f"Copied to train: {counts['train']}, to test: {counts['test']}, in neither table: {counts[None]}")


def resize_fashion():
    """Make pictures and annotations of `fasion128` from those of `fasion`, both in the working directory.

    Raises:
        DataError: an annotation table or the pictures are missing, or a picture is not 256 x 256.
    """
    tables = {split: read_annotations(f"fasion-annotation-{split}.csv") for split in ("train", "test")}
    folders = {split: Path("fasion-dataset", split) for split in tables}
    if not any(map(list_images, folders.values())):
        raise DataError(
            "There are no pictures in fasion-dataset/train and fasion-dataset/test: start the program inside "
            "data/, after split_fasion_dataset.py."
        )
    for split, folder in folders.items():
        for name in progress_bar(list_images(folder), split, "picture"):
            pixels = decode(read_bytes(folder / name), FULL_SIZE, folder / name)
            _save(resize_pixels(pixels), Path("fasion128-dataset", split, name))
        names, keypoints = tables[split].names, resize_keypoints(tables[split].keypoints)
        write_annotations(f"fasion128-annotation-{split}.csv", names, keypoints, blank=False)


def resize_pixels(pixels):
    """Cut the margins off a picture and resize it.

    Args:
        pixels: (256, 256, 3) uint8.

    Returns:
        (128, 64, 3) uint8.
    """
    return resize_bilinear(pixels[:, MARGIN:-MARGIN], SMALL_SIZE)


def resize_keypoints(keypoints):
    """Keypoints of the resized picture, truncated to whole pixels.

    The original lets points of the cut margins become negative or too large; here they are missing.

    Args:
        keypoints: (..., 18, 3) y, x, visible in the 256 x 256 picture.

    Returns:
        (..., 18, 3) float32 y, x, visible in the 128 x 64 picture.
    """
    keypoints = np.asarray(keypoints, np.float64)
    scale = np.array(SMALL_SIZE) / (FULL_SIZE[0], FULL_SIZE[1] - 2 * MARGIN)
    points = np.trunc((keypoints[..., :2] - (0, MARGIN)) * scale)
    inside = ((points >= 0) & (points < SMALL_SIZE)).all(-1, keepdims=True)
    visible = (keypoints[..., 2:] > 0) & inside
    return np.concatenate([np.where(visible, points, MISSING), visible], -1).astype(np.float32)


def flip_train(dataset):
    """Write a left-right mirrored copy `<name>r.jpg` of every training picture. No annotations are made for
    them.

    Args:
        dataset: name of the data set; its pictures are in `<dataset>-dataset/train` of the working directory.

    Raises:
        DataError: there are no pictures.
    """
    folder = Path(f"{dataset}-dataset", "train")
    names = list_images(folder)
    if not names:
        raise DataError(
            f"There are no pictures in {folder}: start the program inside data/ and name a data set there."
        )
    mirrored = {_mirrored(name) for name in names}
    for name in progress_bar(names, "Mirroring", "picture"):
        # A copy made by an earlier run is not mirrored again.
        if name not in mirrored:
            pixels = decode(read_bytes(folder / name), None, folder / name)
            _save(pixels[:, ::-1], folder / _mirrored(name))


def _mirrored(name):
    stem, extension = os.path.splitext(name)
    return f"{stem}r{extension}"


def _save(pixels, path):
    """Write a picture as Pillow does by default (JPEG quality 75), like the original."""
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
