"""Pairs per second of the input: pose-gan's way, ours, and the floor that JPEG decoding sets.

    python benchmarks/input_pipeline.py --dataset demo

All ways read the same pairs of the same data set in one run, taking turns; the best round counts. The floor
is nothing but `tf.io.decode_jpeg` in a parallel map over the same bytes, held in memory. pose-gan's way is
rebuilt here after its description: scikit-image reads both pictures, numpy fills 18 heat maps a pose joint by
joint, and ten masks and ten transforms come from polygons and a fit per limb; or the heat maps come from .npy
files.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.append(str(Path(__file__).resolve().parent.parent))

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from skimage.io import imread  # noqa: E402
from skimage.measure import grid_points_in_poly  # noqa: E402
from skimage.transform import AffineTransform  # noqa: E402

from pgig.cli.main import guarded  # noqa: E402
from pgig.cli.options import parse  # noqa: E402
from pgig.data.dataset import open_images  # noqa: E402
from pgig.data.folders import list_dataset  # noqa: E402
from pgig.data.pairs import read_pairs  # noqa: E402
from pgig.data.stream import PairStream  # noqa: E402
from pgig.pose.joints import MASK_LIMBS, TORSO  # noqa: E402

ROUNDS, GROUP = 3, 3
SECONDS = 1.5


def main():
    options = parse(
        sys.argv[1:] if "--dataset" in " ".join(sys.argv) else ["--dataset", "demo", *sys.argv[1:]]
    )
    images, listing = open_images(options.data), list_dataset(options.data)
    pairs = read_pairs(options.data.pairs_file_train)
    batch_size = options.shared.batch_size
    streams = {
        feeder: PairStream(images, pairs, batch_size, feeder=feeder) for feeder in ("tensorflow", "python")
    }
    order = streams["python"]

    with tempfile.TemporaryDirectory() as cache:
        ways = {
            "pose-gan's way, maps computed": lambda: original(listing, order),
            "pose-gan's way, maps from .npy files": lambda: original(listing, order, Path(cache)),
            "decoding alone (the floor)": lambda: decoding(images, order, batch_size),
            "ours, tf.data": lambda: streams["tensorflow"].batches(group=GROUP),
            "ours, Python": lambda: streams["python"].batches(group=GROUP),
        }
        best = dict.fromkeys(ways, float("inf"))
        for _ in range(ROUNDS):
            for name, start in ways.items():
                best[name] = min(best[name], seconds_per_pair(start(), batch_size * GROUP))

    computed, cached, floor, *_ = best.values()
    height, width = images.size
    print(f"\n{options.data.name}, {height} x {width}, batch {batch_size}, {len(os.sched_getaffinity(0))} cores\n")
    print("| way | pairs/s | times pose-gan's | times pose-gan's with .npy | time / floor |")
    print("| --- | --- | --- | --- | --- |")
    for name, time_taken in best.items():
        ratios = f"{computed / time_taken:.1f} | {cached / time_taken:.1f} | {time_taken / floor:.2f}"
        print(f"| {name} | {1 / time_taken:.0f} | {ratios} |")


def seconds_per_pair(batches, pairs_in_batch):
    """Mean time of a pair, after a warm-up."""
    warm_up = time.perf_counter() + SECONDS / 3
    while time.perf_counter() < warm_up:
        next(batches)
    start, count = time.perf_counter(), 0
    while (taken := time.perf_counter() - start) < SECONDS:
        next(batches)
        count += pairs_in_batch
    batches.close()
    return taken / count


def decoding(images, order, batch_size):
    """Both pictures of each pair through `tf.io.decode_jpeg`, and nothing else."""
    numbers = order.numbers[
        np.concatenate([order.rows(position) for position in range(len(order) // batch_size)])
    ]
    encoded = [images.source.encoded(number) for number in numbers.ravel()]

    def decode(data):
        return tf.ensure_shape(tf.io.decode_jpeg(data, channels=3), (*images.size, 3))

    dataset = tf.data.Dataset.from_tensor_slices(encoded).repeat()
    dataset = dataset.map(decode, num_parallel_calls=tf.data.AUTOTUNE)
    yield from dataset.batch(2 * batch_size * GROUP).prefetch(tf.data.AUTOTUNE)


def original(listing, order, cache=None):
    """pose-gan's way: pair by pair, one thread."""
    position = 0
    while True:
        rows = np.concatenate([order.rows(position + k) for k in range(GROUP)])
        position += GROUP
        batch = [[], [], [], [], [], []]
        for source, target in order.numbers[rows]:
            poses = listing.keypoints[source], listing.keypoints[target]
            values = [2 * (imread(listing.files[number]) / 255 - 0.5) for number in (source, target)]
            for number, pose in zip((source, target), poses, strict=True):
                values.append(
                    cached_maps(cache, number, pose, listing.size) if cache else heat_maps(pose, listing.size)
                )
            values += [limb_masks(poses[1], listing.size), limb_transforms(*poses)]
            for column, value in zip(batch, values, strict=True):
                column.append(value)
        yield [np.array(column) for column in batch]


def heat_maps(pose, size):
    maps = np.zeros((*size, len(pose)), np.float32)
    for joint, (y, x, visible) in enumerate(pose):
        if visible:
            columns, rows = np.meshgrid(np.arange(size[1]), np.arange(size[0]))
            maps[..., joint] = np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / 72)
    return maps


def cached_maps(cache, number, pose, size):
    path = cache / f"{number}.npy"
    if not path.exists():
        np.save(path, heat_maps(pose, size))
    return np.load(path)


def quadrilateral(pose, limb, width):
    start, end = pose[list(limb), :2]
    along = end - start
    across = width * np.array([-along[1], along[0]]) / max(np.linalg.norm(along), 1e-3)
    return np.array([start + across, start - across, end - across, end + across])


def limb_masks(pose, size):
    masks = np.zeros((1 + len(MASK_LIMBS), *size))
    masks[0] = 1
    for mask, limb in zip(masks[1:], MASK_LIMBS, strict=True):
        if pose[list(limb), 2].all():
            mask[:] = grid_points_in_poly(size, quadrilateral(pose, limb, 5))
    return masks


def limb_transforms(source, target):
    transforms = np.tile(np.float64([1, 0, 1000, 0, 1, 1000, 0, 0]), (1 + len(MASK_LIMBS), 1))
    corners = [(target[list(TORSO), :2], source[list(TORSO), :2])]
    for limb in MASK_LIMBS:
        both = source[list(limb), 2].all() and target[list(limb), 2].all()
        corners.append((quadrilateral(target, limb, 5), quadrilateral(source, limb, 5)) if both else None)
    for transform, points in zip(transforms, corners, strict=True):
        if points:
            transform[:6] = AffineTransform.from_estimate(*points).params[:2].ravel()
    return transforms


if __name__ == "__main__":
    guarded(main)
