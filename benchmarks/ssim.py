"""SSIM of this package against scikit-image's and TensorFlow's, in one run: `python benchmarks/ssim.py`.

Prints pairs a second and the ratios, for the two common picture sizes, on two cores. All compute a Gaussian window of
sigma 1.5 and, but for pose-gan's variant S1 of 13, of 11 taps. Ours and scikit-image's compute in float64;
tf.image.ssim computes in float32, compiled by tf.function, at the best of several batch sizes. The floor: four
filtered maps of two passes of 11 (13) multiply-adds a value are 264 (312) a pixel and pair.
"""

import os
import sys
import time
from pathlib import Path

# Limits of the linear-algebra library are read when numpy is first imported, those cores that TensorFlow finds as well.
THREADS = 2
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])
sys.path.append(str(Path(__file__).resolve().parents[1]))

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from skimage.metrics import structural_similarity  # noqa: E402

from pgig.metrics.ssim import VARIANTS, ssim  # noqa: E402

ROUNDS = 7
TENSORFLOW_BATCHES = (1, 4, 8, 16, 32, 128)


def fastest(function):
    """Shortest of several runs, in seconds: what the machine can do when nothing else disturbs it."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def plain(reference, generated):
    """One call of scikit-image for each pair, as evaluation scripts do it."""
    settings = {"gaussian_weights": True, "use_sample_covariance": False, "channel_axis": -1}
    return [
        structural_similarity(x, y, data_range=float(y.max()) - float(y.min()), **settings)
        for x, y in zip(reference, generated, strict=True)
    ]


@tf.function
def compiled(reference, generated):
    """TensorFlow's, of one batch."""
    return tf.image.ssim(reference, generated, max_val=255.0, filter_size=11, filter_sigma=1.5)


def best_of_tensorflow(reference, generated):
    """Seconds a pair at the best batch size, and that size; the pictures are float32 tensors beforehand."""
    found = []
    for size in TENSORFLOW_BATCHES:
        if size <= len(reference):
            x, y = (tf.constant(pixels[:size], tf.float32) for pixels in (reference, generated))
            compiled(x, y).numpy()
            repeats = max(1, 16 // size)
            seconds = fastest(lambda: [compiled(x, y).numpy() for _ in range(repeats)])  # noqa: B023
            found.append((seconds / repeats / size, size))
    return min(found)


def compare(size, pairs):
    """Measure all programs on pictures of one size and print a line for each."""
    generator = np.random.default_rng(0)
    reference = generator.integers(0, 256, (pairs, *size, 3)).astype(np.uint8)
    noise = generator.integers(0, 60, reference.shape)
    generated = np.clip(reference * 0.7 + noise, 0, 255).astype(np.uint8)

    label = f"{size[0]}x{size[1]}"
    base = fastest(lambda: plain(reference, generated)) / pairs
    rival, batch = best_of_tensorflow(reference, generated)

    def row(program, seconds):
        print(f"{label:>9}  {program:<32}{1 / seconds:9.0f}{base / seconds:14.1f}{rival / seconds:14.1f}")

    row("scikit-image, 11 taps", base)
    row(f"tf.image.ssim, {THREADS} threads, batch {batch}", rival)
    for name in ("S2", "S1"):
        for threads in (1, THREADS):
            variant = VARIANTS[name]
            seconds = fastest(lambda: ssim(reference, generated, None, variant, threads)) / pairs  # noqa: B023
            row(f"{name}, {variant.taps} taps, {threads} thread{'s' * (threads > 1)}", seconds)

    same = ssim(reference, generated, variant=VARIANTS["S2"]) - plain(reference, generated)
    print(f"{label:>9}  S2 differs from scikit-image by {np.abs(same).max():.0e}")


def main():
    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    cores = len(os.sched_getaffinity(0))
    print(f"{cores} cores, numpy {np.__version__}, tensorflow {tf.__version__}")
    print(f"{'size':>9}  {'program':<32}{'pairs/s':>9}{'x scikit-image':>15}{'x tensorflow':>13}")
    compare((256, 256), pairs=32)
    compare((128, 64), pairs=128)


if __name__ == "__main__":
    main()
