"""Every picture of a folder rendered in the canonical poses (naiq/PN_GAN: evaluate.py), with any method's generator.

`<name>_to_<k>.png` shows the person of `<name>` in pose k, counted from 1. From these pictures a re-identification
network is trained, and its features of the poses of one picture are drawn together: `pgig.metrics.fusion`.
"""

import hashlib
from pathlib import Path

import numpy as np
from PIL import Image

from pgig.data.folders import placed
from pgig.data.images import decode, list_images, read_bytes
from pgig.errors import DataError, OptionsError
from pgig.generate.pairs import generated_batches, generation_options, load_generator
from pgig.generate.pixels import minmax
from pgig.generate.reid import LIST_FILE, claim, training_list
from pgig.pose.canonical import read_canonical_poses
from pgig.pose.check import is_valid
from pgig.pose.files import read_annotations
from pgig.pose.joints import MISSING, NAMES
from pgig.train.pictures import write_png
from pgig.utils.files import sweep, write_text
from pgig.utils.words import counted
from pgig.weights.networks import architecture, weight_hashes

SPLITS = ("train", "test", "query")


def run(options, split="test", images=None, poses=None, prefix="", normalise="fixed"):
    """Render the pictures of a folder in the canonical poses.

    Started again after an interruption, it renders what is missing. The pictures of a training split get the list
    `train.txt` for a re-identification network, with labels as `create_dataset_for_reid.py` counts them.

    Args:
        options: `pgig.cli.options.Options`; `generated_images_dir` is the output folder, `test_limit` the number of
            pictures to render (0: all).
        split: one of SPLITS: which of the data set's folders.
        images: another folder of pictures, or None.
        poses: file of canonical poses, or None for those of the package.
        prefix: text before every name: the VIPeR test of naiq/PN_GAN expects `c1_` and `c2_`.
        normalise: one of `pgig.generate.pixels.NORMALISE`. "minmax" stretches each picture, as evaluate.py does; here
            its 8-bit values, which may differ from the original's by rounding.

    Raises:
        PgigError: one sentence for whatever the user can mend.
    """
    options = generation_options(options, "pgig normalise")
    if options.uses_background:
        raise OptionsError("--use_bg 1 needs a background for every target, but canonical poses have none: use 0.")
    if Path(prefix).name != prefix:
        raise OptionsError(f"--prefix {prefix!r} must be part of a file name, for example c1_.")
    shared, size = options.shared, options.data.image_size
    joints = read_canonical_poses(poses).at_size(size)
    source = Path(images or source_folder(options.data, split))
    names = _names(source)[: shared.test_limit or None]
    keypoints = _known_poses(options.data, names)

    method = load_generator(options)
    folder = Path(shared.generated_images_dir)
    claim(folder, _origin(options, method, joints, source, prefix, normalise))
    sweep(folder)
    made = {rendered_name(prefix + name, k): (name, k) for name in names for k in range(1, len(joints) + 1)}
    missing = {name: pair for name, pair in made.items() if not (folder / name).exists()}
    print(f"{len(missing)} of {len(made)} pictures are to be rendered: {len(names)} in {counted(len(joints), 'pose')}.")
    if missing:
        stream = PoseStream(source, list(missing.values()), keypoints, joints, size)
        files = iter(missing)
        for batch in generated_batches(method, stream, options):
            for pixels in batch["generated_pixels"]:
                write_png(folder / next(files), pixels if normalise == "fixed" else minmax(pixels))
    if split == "train" and not (images or prefix):
        write_text(folder / LIST_FILE, training_list(made))
    print(f"{counted(len(made), 'picture')} in {folder}.")


def rendered_name(name, number):
    """Name of the picture `name` in pose number 1, 2, ...: `<name without extension>_to_<number>.png`."""
    return f"{Path(name).stem}_to_{number}.png"


def source_folder(data, split):
    """The folder of a split: that of the queries lies beside that of the test pictures.

    Args:
        data: `pgig.config.DataPaths`.
        split: one of SPLITS.
    """
    if split == "query":
        return Path(data.images_dir_test).parent / "query"
    return Path(getattr(data, f"images_dir_{split}"))


class PoseStream:
    """Batches of pictures with canonical poses as targets; stands in for a `PairStream` of existing targets.

    Args:
        folder: of the pictures; those of another size are resized (bicubic, as PN-GAN's).
        pairs: N (file name, number of the pose from 1); a picture's pairs stand one after the other.
        keypoints: {file name: (18, 3) y, x, visible in pixels of the file}.
        joints: (P, 18, 3) y, x, visible, in pixels of `size`.
        size: (height, width) of the network.
    """

    def __init__(self, folder, pairs, keypoints, joints, size):
        self._folder, self._pairs, self._size = folder, pairs, size
        self._keypoints, self._joints = keypoints, joints

    def __len__(self):
        return len(self._pairs)

    def finite(self, batch_size, limit=0):
        """All pairs once, in their order, as `pgig.data.stream.PairStream.finite` gives them.

        Generating reads nothing of the target but its pose; its pixels are those of the source.

        Raises:
            DataError: a picture is damaged.
        """
        rows, last = [], None
        pairs = self._pairs[: limit or None]
        for place, (name, number) in enumerate(pairs, start=1):
            if last is None or last[0] != name:
                last = name, *self._source(name)
            rows.append((name, str(number), *last[1:], self._joints[number - 1]))
            if len(rows) == batch_size or place == len(pairs):
                names, numbers, pixels, poses, targets = (np.stack(column) for column in zip(*rows, strict=True))
                yield {
                    "source_name": names,
                    "target_name": numbers,
                    "source_pixels": pixels,
                    "target_pixels": pixels,
                    "source_keypoints": poses,
                    "target_keypoints": targets,
                }
                rows = []

    def _source(self, name):
        """Pixels (H, W, 3) uint8 and pose (18, 3) float32 of a picture, in the size of the network."""
        path = self._folder / name
        pixels = decode(read_bytes(path), None, str(path))
        pose = np.array(self._keypoints[name], np.float32)
        if pixels.shape[:2] != tuple(self._size):
            seen = pose[:, 2] > 0
            pose[seen, :2] = np.trunc(pose[seen, :2] * np.divide(self._size, pixels.shape[:2]))
            picture = Image.fromarray(pixels).resize(self._size[::-1], Image.Resampling.BICUBIC)
            pixels = np.array(picture)
        return pixels, pose


def _names(folder):
    """Names of the pictures of a folder, whose rendered pictures must not overwrite each other."""
    names = list_images(folder)
    if not names:
        what = "holds no pictures" if Path(folder).is_dir() else "is no folder"
        raise DataError(f"{folder} {what}: name the folder of the pictures with --images.")
    stems = {}
    for name in names:
        if stems.setdefault(Path(name).stem, name) != name:
            raise DataError(
                f"{folder} holds both {stems[Path(name).stem]} and {name}, whose rendered pictures would have one "
                "name: rename one of them."
            )
    return names


def _known_poses(data, names):
    """{name: (18, 3) pose} from the annotation tables; a picture without a row has no joint."""
    known = {}
    for path in (data.annotations_file_train, data.annotations_file_test):
        if Path(path).exists():
            table = read_annotations(path)
            known.update(zip(table.names, placed(table.keypoints, data), strict=True))
    nothing = np.tile(np.array((MISSING, MISSING, 0), np.float32), (len(NAMES), 1))
    poses = {name: known.get(name, nothing) for name in names}
    incomplete = sum(not is_valid(pose) for pose in poses.values())
    if incomplete:
        print(
            f"Of {incomplete} of {len(names)} pictures no pose with shoulders and hips is known: methods that look at "
            "the pose of the source have less to go by there."
        )
    return poses


def _origin(options, method, joints, source, prefix, normalise):
    """What the pictures of a folder are made from: see `pgig.generate.reid.claim`."""
    return {
        "images": str(source),
        "prefix": prefix,
        "poses": hashlib.sha256(joints.tobytes()).hexdigest(),
        "normalise": normalise,
        **weight_hashes(method, options),
        "network": architecture(options, method.files["generator"]),
        "dropout": options.shared.use_dropout_test,
    }
