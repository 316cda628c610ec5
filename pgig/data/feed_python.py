"""Batches by Pillow in threads: without TensorFlow, or straight from the folders."""

from collections import deque
from concurrent.futures import ThreadPoolExecutor

import numpy as np

# Pictures are small: more threads only wait for one another's hold on the interpreter.
THREADS = 2


def python_feed(images, batches, use_bg):
    """Turn numbers into batches, a few of them ahead of the consumer.

    Args:
        images: `pgig.data.dataset.ImageSet`.
        batches: iterable of (B, 2) int: numbers of source and target pictures.
        use_bg: whether to add the backgrounds of the targets.

    Yields:
        dict of numpy arrays for each, as `assemble` gives it.
    """
    pool = ThreadPoolExecutor(THREADS, thread_name_prefix="pgig-decode")
    waiting = deque()
    try:
        for numbers in batches:
            waiting.append(pool.submit(assemble, images, numbers, use_bg))
            if len(waiting) > 2 * THREADS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def assemble(images, numbers, use_bg):
    """One batch in numpy.

    Args:
        images: `pgig.data.dataset.ImageSet`.
        numbers: (B, 2) int: numbers of source and target pictures.
        use_bg: whether to add the backgrounds of the targets.

    Returns:
        dict of `source_pixels`, `target_pixels` (B, H, W, 3) uint8, `source_keypoints`, `target_keypoints`
        (B, 18, 3) float32 and, with `use_bg`, `target_background` (B, H, W, 3) uint8.
    """
    batch = {}
    for side, column in zip(("source", "target"), numbers.T, strict=True):
        batch[f"{side}_pixels"] = np.stack([images.pixels(number) for number in column])
        batch[f"{side}_keypoints"] = images.keypoints[column]
    if use_bg:
        batch["target_background"] = np.stack([images.background(number) for number in numbers[:, 1]])
    return batch
