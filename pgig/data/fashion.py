"""Programs that arrange picture folders: DeepFashion's split, its versions without margins, mirrored copies."""

import io
import os
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from pgig.data.images import decode, is_image, list_images, read_bytes, resize_bilinear
from pgig.data.paths import existing
from pgig.errors import DataError, OptionsError
from pgig.pose.check import outside
from pgig.pose.files import read_annotations, write_annotations
from pgig.pose.joints import MISSING
from pgig.utils.files import atomic_path, storage_errors
from pgig.utils.progress import progress_bar

# DeepFashion's pictures are 256 x 256 with grey margins left and right; the other versions leave the margins out.
FULL_SIZE, SMALL_SIZE, CROPPED_SIZE = (256, 256), (128, 64), (256, 176)
MARGIN = 40

_NAMES = {SMALL_SIZE: "fasion128", CROPPED_SIZE: "fasion-resize"}


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
    counts = {"train": 0, "test": 0, None: 0}
    for path in progress_bar(fashion_pictures(input_dir), "Copying", "picture"):
        name = split_name(path.relative_to(input_dir).parts)
        split = "test" if name in test else "train" if name in train else None
        counts[split] += 1
        if split:
            target = Path(output_dir, split, name)
            with storage_errors(target):
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, target)
    print(f"Copied to train: {counts['train']}, to test: {counts['test']}, in neither table: {counts[None]}")


def fashion_pictures(input_dir):
    """Paths of DeepFashion's pictures under a folder, sorted.

    Raises:
        DataError: there are none, or one does not lie at GENDER/CATEGORY/ID/FILE.
    """
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
    return paths


def resize_fashion(size=SMALL_SIZE, name=None, outside_joints=None):
    """Make pictures and annotations of another size from those of `fasion`, both in the working directory.

    Args:
        size: (height, width) in pixels.
        name: of the data set that is made; None: `fasion128` or `fasion-resize`, by the size.
        outside_joints: what becomes of joints in the margins: `"missing"`, or `"keep"` as `tengteng95/Pose-Transfer`
            does; None: keep for `fasion-resize`, which is that program's.

    Raises:
        OptionsError: the size is too large, or wants a name.
        DataError: an annotation table or the pictures are missing, or a picture is not 256 x 256.
    """
    size, name = tuple(size), name or _NAMES.get(tuple(size))
    if name is None or name == "fasion":
        raise OptionsError(f"A data set of {size[0]} x {size[1]} wants a name of its own: give one with --name.")
    if size[0] > CROPPED_SIZE[0] or size[1] > CROPPED_SIZE[1]:
        raise OptionsError(f"--size {size[0]},{size[1]} is larger than the 256 x 176 pixels that the margins leave.")
    joints = outside_joints or ("keep" if name == "fasion-resize" else "missing")
    files = {split: existing([f"fasion-annotation-{split}.csv"]) for split in ("train", "test")}
    tables = {split: read_annotations(path) for split, path in files.items()}
    folders = {split: Path(existing([f"fasion-dataset/{split}"])) for split in tables}
    if not any(map(list_images, folders.values())):
        raise DataError(
            "There are no pictures in fasion-dataset/train and fasion-dataset/test: start the program inside "
            "data/, after split_fasion_dataset.py."
        )
    for split, folder in folders.items():
        for picture in progress_bar(list_images(folder), split, "picture"):
            pixels = decode(read_bytes(folder / picture), FULL_SIZE, folder / picture)
            save_picture(resize_pixels(pixels, size), Path(f"{name}-dataset", split, picture))
        names, keypoints = tables[split].names, resize_keypoints(tables[split].keypoints, size, joints)
        write_annotations(f"{name}-annotation-{split}.csv", names, keypoints, blank=False)


def resize_pixels(pixels, size=SMALL_SIZE):
    """Cut the margins off a picture and resize it.

    Args:
        pixels: (256, 256, 3) uint8.
        size: (height, width) of the result, at most 256 x 176.

    Returns:
        (height, width, 3) uint8.
    """
    return resize_bilinear(pixels[:, MARGIN:-MARGIN], size)


def resize_keypoints(keypoints, size=SMALL_SIZE, outside_joints="missing"):
    """Keypoints of the resized picture, truncated to whole pixels.

    The originals let points of the cut margins become negative or too large.

    Args:
        keypoints: (..., 18, 3) y, x, visible in the 256 x 256 picture.
        size: (height, width) of the resized picture.
        outside_joints: `"missing"`: points of the margins are missing. `"keep"`: they stay, but for those that come to
            lie at -1, which a keypoint table cannot tell from missing ones.

    Returns:
        (..., 18, 3) float32 y, x, visible in the resized picture.
    """
    keypoints = np.asarray(keypoints, np.float64)
    points = np.trunc((keypoints[..., :2] - (0, MARGIN)) * size / CROPPED_SIZE)
    resized = np.concatenate([points, keypoints[..., 2:]], -1)
    lost = (points == MISSING).any(-1) if outside_joints == "keep" else outside(resized, size)
    visible = (keypoints[..., 2:] > 0) & ~lost[..., None]
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
            save_picture(pixels[:, ::-1], folder / _mirrored(name))


def _mirrored(name):
    stem, extension = os.path.splitext(name)
    return f"{stem}r{extension}"


def save_picture(pixels, path):
    """Write a picture, atomically, as Pillow does by default (JPEG quality 75), like the originals.

    Args:
        pixels: (H, W, 3) uint8.
        path: `pathlib.Path`, whose extension says the format.
    """
    # Not straight to the file: when the disk is full, Pillow cuts a JPEG short and says nothing.
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, Image.registered_extensions()[path.suffix.lower()])
    with atomic_path(path) as temporary:
        temporary.write_bytes(data.getvalue())
