"""Extra training images for person re-identification (pose-gan: create_dataset_for_reid.py).

Every valid training image is a source twice, for two poses drawn from all valid training images of any
person (paper section 4.4).
"""

import json
import shutil
from pathlib import Path

from pgig.data.dataset import open_images
from pgig.data.images import list_images
from pgig.data.pairs import DISTRACTORS, identity, pairs_hash, write_pairs
from pgig.data.stream import PairStream
from pgig.errors import DataError
from pgig.generate.jpeg import write_jpeg
from pgig.generate.pairs import generated_batches, generation_options, load_generator
from pgig.pose.check import is_valid
from pgig.pose.files import read_annotations
from pgig.utils.files import atomic_path, sweep, write_text
from pgig.utils.progress import progress_bar
from pgig.utils.random import generator
from pgig.utils.words import counted
from pgig.weights.networks import architecture, weight_hashes

TARGETS_PER_IMAGE = 2
LIST_FILE = "train.txt"
LIST_PREFIX = "dataset/bounding_box_train/"
MARK_FILE = "made-from.json"


def run(options):
    """Generate the images, copy the real ones beside them and write the training list.

    Started again after an interruption, it generates what is missing.

    Args:
        options: `pgig.cli.options.Options`; `generated_images_dir` is the output folder, `seed` decides on
            the poses, `test_limit` is the number of pairs to generate (0: all).

    Raises:
        PgigError: one sentence for whatever the user can mend.
    """
    options = generation_options(options, "create_dataset_for_reid.py")
    shared, data = options.shared, options.data
    method = load_generator(options)
    images = open_images(data)
    pairs = _training_pairs(images, data.annotations_file_train, shared.seed)
    folder = Path(shared.generated_images_dir)
    claim(folder, _origin(options, method, pairs))
    sweep(folder)
    # For Market-1501 this is the original's name.
    pairs_file = f"data/{data.name}-re-id-pairs.csv"
    write_pairs(pairs_file, pairs)

    made = {generated_name(source, n): (source, target) for n, (source, target) in enumerate(pairs, start=1)}
    made = dict(list(made.items())[: shared.test_limit or None])
    missing = {name: pair for name, pair in made.items() if not (folder / name).exists()}
    print(f"{len(missing)} of {len(made)} images are to be generated; the pairs are in {pairs_file}.")
    if missing:
        use_bg = options.uses_background
        todo = list(missing.values())
        stream = PairStream(images, todo, 1, shuffle=False, use_bg=use_bg, origin=pairs_file)
        names = iter(missing)
        for batch in generated_batches(method, stream, options):
            for pixels in batch["generated_pixels"]:
                write_jpeg(folder / next(names), pixels)

    real = list_images(data.images_dir_train)
    for name in progress_bar(real, "Copying", "picture"):
        with atomic_path(folder / name) as temporary:
            shutil.copyfile(Path(data.images_dir_train, name), temporary)
    write_text(LIST_FILE, training_list([*real, *made]))
    print(f"{len(made)} generated and {len(real)} real images in {folder}, listed in {LIST_FILE}.")


def draw_pairs(names, keypoints, seed=0):
    """For each valid image two pairs, whose different targets are drawn from all valid images.

    Args:
        names: N file names.
        keypoints: (N, 18, 3) y, x, visible.
        seed: seed of the draw (the original's had none).

    Returns:
        List of (source name, target name).

    Raises:
        DataError: fewer than two valid poses.
    """
    valid = [
        name
        for name, usable in zip(names, is_valid(keypoints), strict=True)
        if usable and not name.startswith(DISTRACTORS)
    ]
    if len(valid) < TARGETS_PER_IMAGE:
        raise DataError(
            f"Only {counted(len(valid), 'training image has', 'training images have')} a picture and both shoulders "
            f"and hips, but at least {TARGETS_PER_IMAGE} are needed: check the data set with `python -m pgig check`."
        )
    random = generator(seed, "re-id")
    draws = (random.choice(len(valid), TARGETS_PER_IMAGE, replace=False) for _ in valid)
    pairs = zip(valid, draws, strict=True)
    return [(source, valid[target]) for source, targets in pairs for target in targets]


def generated_name(source_name, number):
    """Name of the generated image of pair number 1, 2, ...: that of its source, ending in `g<number>.jpg`."""
    return f"{Path(source_name).stem}g{number}.jpg"


def training_list(names):
    """The training list of a re-identification network.

    Args:
        names: file names of all images, in any order.

    Returns:
        Lines `dataset/bounding_box_train/<name> <label>`, sorted; people get the labels 0, 1, ... in that
        order.
    """
    labels, lines = {}, []
    for name in sorted(names):
        label = labels.setdefault(identity(name), len(labels))
        lines.append(f"{LIST_PREFIX}{name} {label}\n")
    return "".join(lines)


def claim(folder, origin, flag="--generated_images_dir"):
    """Mark a folder as holding the images of `origin`, so that those of another run never mix with them.

    Args:
        folder: `pathlib.Path`; made if absent.
        origin: what the images are made from, a dictionary for JSON.
        flag: how another folder is given.

    Raises:
        DataError: the folder holds pictures, but not of this origin.
    """
    mark, text = folder / MARK_FILE, json.dumps(origin, indent=1, sort_keys=True)
    if mark.is_file() and mark.read_bytes() == text.encode():
        return
    if list_images(folder):
        raise DataError(
            f"{folder} holds pictures that were not made by this program from the same weights, flags and "
            f"pairs: give an empty folder with {flag}."
        )
    write_text(mark, text)


def _training_pairs(images, path, seed):
    """`draw_pairs` of the training images that exist."""
    table = read_annotations(path)
    here = set(images.names)
    rows = [row for row, name in enumerate(table.names) if name in here]
    if len(rows) < len(table):
        print(f"{len(table) - len(rows)} annotated training images have no picture and are left out.")
    return draw_pairs([table.names[row] for row in rows], table.keypoints[rows], seed)


def _origin(options, method, pairs):
    return {
        "pairs": pairs_hash(pairs),
        **weight_hashes(method, options),
        "network": architecture(options, method.files["generator"]),
        "dropout": options.shared.use_dropout_test,
    }
