"""Extra training images for person re-identification (paper section 4.4; pose-gan: create_dataset_for_reid.py).

Every valid training image is a source twice, for two target poses drawn from all valid training images of any person.
"""

import re
import shutil
from pathlib import Path

from PIL import Image

from pgig.data.images import list_images
from pgig.data.pairs import DISTRACTORS, identity, read_pairs, write_pairs
from pgig.data.stream import PairStream
from pgig.errors import DataError
from pgig.generate.pairs import generated_batches, load_generator
from pgig.pose.check import is_valid
from pgig.utils.files import atomic_path, write_text
from pgig.utils.random import generator

TARGETS_PER_IMAGE = 2
PAIRS_FILE = "data/market-re-id-pairs.csv"
LIST_FILE = "train.txt"
LIST_PREFIX = "dataset/bounding_box_train/"


def draw_pairs(names, keypoints, seed=0):
    """For each valid image, two pairs with different targets drawn from all valid images.

    Args:
        names: N file names.
        keypoints: (N, 18, 3) y, x, visible.
        seed: seed of the draw (the original's was not seeded).

    Returns:
        List of (source name, target name).

    Raises:
        DataError: fewer than two valid poses.
    """
    valid = [name for name, good in zip(names, is_valid(keypoints), strict=True) if good and not name.startswith(DISTRACTORS)]
    if len(valid) < TARGETS_PER_IMAGE:
        raise DataError(f"{len(valid)} training images have both shoulders and hips: at least {TARGETS_PER_IMAGE} are needed.")
    random = generator(seed, "re-id")
    return [(name, valid[i]) for name in valid for i in random.choice(len(valid), TARGETS_PER_IMAGE, replace=False)]


def run(options, images, train_names):
    """Generate the images, copy the real ones beside them and write the training list.

    Args:
        options: `pgig.cli.options.Options`; `generated_images_dir` is the output folder.
        images: `pgig.data.dataset.ImageSet` of the data set.
        train_names: names of the training images.
    """
    numbers = images.numbers([(name, name) for name in train_names], "the training annotations")[:, 0]
    write_pairs(PAIRS_FILE, draw_pairs(train_names, images.keypoints[numbers], options.shared.seed))
    folder = Path(options.shared.generated_images_dir)
    stream = PairStream(images, read_pairs(PAIRS_FILE), 1, shuffle=False, origin=PAIRS_FILE)
    method = load_generator(options, "create_dataset_for_reid.py")
    count = 0
    for batch in generated_batches(method, stream, options, options.shared.test_limit):
        for name, pixels in zip(batch["source_name"], batch["generated_pixels"], strict=True):
            count += 1
            with atomic_path(folder / f"{Path(name).stem}g{count}.jpg") as temporary:
                Image.fromarray(pixels).save(temporary, format="JPEG")
    source = Path(options.data.images_dir_train)
    for name in list_images(source):
        with atomic_path(folder / name) as temporary:
            shutil.copyfile(source / name, temporary)
    write_text(LIST_FILE, training_list(list_images(folder)))
    print(f"{count} generated and {len(list_images(source))} real images in {folder}, listed in {LIST_FILE}.")


def training_list(names):
    """Lines `dataset/bounding_box_train/<name> <label>`: labels 0, 1, ... for person ids in the order of their names."""
    labels = {}
    for name in sorted(names):
        if re.fullmatch(r"\d+", identity(name)):
            labels.setdefault(int(identity(name)), len(labels))
    lines = [f"{LIST_PREFIX}{name} {labels[int(identity(name))]}\n" for name in sorted(names) if identity(name).isdigit()]
    return "".join(lines)

