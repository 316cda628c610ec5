"""Extra training images for person re-identification (paper section 4.4; pose-gan: create_dataset_for_reid.py).

Every valid training image is a source twice, for two poses drawn from all valid training images of any person.
"""

import json
import shutil
from pathlib import Path

from tqdm import tqdm

from pgig.data.dataset import open_images
from pgig.data.images import list_images
from pgig.data.pairs import DISTRACTORS, identity, pairs_hash, write_pairs
from pgig.data.stream import PairStream
from pgig.errors import DataError
from pgig.generate.jpeg import write_jpeg
from pgig.generate.pairs import generated_batches, load_generator, require_checkpoint
from pgig.pose.check import is_valid
from pgig.pose.files import read_annotations
from pgig.utils.files import atomic_path, sha256, write_text
from pgig.utils.random import generator

TARGETS_PER_IMAGE = 2
LIST_FILE = "train.txt"
LIST_PREFIX = "dataset/bounding_box_train/"
MARK_FILE = "made-from.json"


def run(options):
    """Generate the images, copy the real ones beside them and write the training list `train.txt`.

    Started again after an interruption, it generates what is missing.

    Args:
        options: `pgig.cli.options.Options`; `generated_images_dir` is the output folder, `seed` decides on the
            poses, `test_limit` is the number of images to generate (0: all).

    Raises:
        PgigError: one sentence for whatever the user can mend.
    """
    shared, data = options.shared, options.data
    require_checkpoint(options, "create_dataset_for_reid.py")
    images = open_images(data)
    pairs = draw_pairs(*_training_poses(images, data), shared.seed)
    folder = Path(shared.generated_images_dir)
    claim(folder, {"pairs": pairs_hash(pairs), "generator": sha256(shared.generator_checkpoint)})
    pairs_file = f"data/{data.name}-re-id-pairs.csv"
    write_pairs(pairs_file, pairs)

    wanted = {generated_name(source, number): pair for number, pair in enumerate(pairs, 1) for source in pair[:1]}
