"""Find given pictures again in a large data set, by what VGG19 sees in them.

    python sup-mat/search.py data/market-dataset/test pictures-to-find

For every picture of the second folder, the picture of the first one is named whose last feature map differs
least in the mean square; the most certain answers come first.

Source: AliaksandrSiarohin/pose-gan:sup-mat/search.py (same features and distance; Pillow resizes here).
"""

import argparse
import os
import sys
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.append(str(Path(__file__).resolve().parent.parent))

from pgig.cli.main import guarded  # noqa: E402
from pgig.data.images import decode, list_images, read_bytes  # noqa: E402
from pgig.errors import DataError  # noqa: E402
from pgig.utils.progress import progress_bar  # noqa: E402

BATCH = 16
LAYER = "block5_pool"
SIDE = 224


def make_parser():
    """The flags."""
    parser = argparse.ArgumentParser(description="Find given pictures again in a large data set.")
    parser.add_argument("dataset_folder", help="folder to search in")
    parser.add_argument("query_folder", help="folder of the pictures to find")
    parser.add_argument("--perceptual_weights", help="VGG19 weight file (else $PGIG_VGG19)")
    return parser


def read_images(paths):
    """Pictures resized to 224 x 224: (N, 224, 224, 3) float32 in [-1, 1]."""
    pictures = (Image.fromarray(decode(read_bytes(path), None, path)) for path in paths)
    resized = [np.asarray(p.resize((SIDE, SIDE), Image.Resampling.BILINEAR), np.float32) for p in pictures]
    return np.stack(resized) / 127.5 - 1.0


def nearest(queries, batches):
    """Nearest neighbours by mean squared difference.

    Args:
        queries: (Q, D) float32 features.
        batches: iterable of (names, features (B, D)); the first of equally near ones wins.

    Returns:
        list of Q pairs (name, distance).
    """
    best = [(None, np.inf)] * len(queries)
    for names, features in batches:
        for index, query in enumerate(queries):
            distances = np.square(features - query).mean(axis=1)
            place = distances.argmin()
            if distances[place] < best[index][1]:
                best[index] = names[place], float(distances[place])
    return best


def main(argv=None):
    """Print (query, best match, distance) for every query, the smallest distance first."""
    args = make_parser().parse_args(argv)
    folders = args.query_folder, args.dataset_folder
    queries, names = (list_images(folder) for folder in folders)
    for folder, found in zip(folders, (queries, names), strict=True):
        if not found:
            raise DataError(f"{folder} holds no pictures: check the name of the folder.")

    # Here, so that --help and mistakes do not wait for Keras.
    from keras import ops

    from pgig.losses.perceptual import Vgg19

    model = Vgg19([LAYER], args.perceptual_weights, "keras")

    def batches(folder, names):
        for start in range(0, len(names), BATCH):
            some = names[start : start + BATCH]
            images = ops.convert_to_tensor(read_images([os.path.join(folder, name) for name in some]))
            (maps,) = model(images).values()
            yield some, ops.convert_to_numpy(maps).reshape(len(some), -1)

    wanted = np.concatenate([features for _, features in batches(args.query_folder, queries)])
    total = -(-len(names) // BATCH)
    best = nearest(wanted, progress_bar(batches(args.dataset_folder, names), "Searching", "batch", total))
    for query, (name, distance) in sorted(zip(queries, best, strict=True), key=lambda row: row[1][1]):
        print((query, name, distance))


if __name__ == "__main__":
    guarded(main)
