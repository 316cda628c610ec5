"""SSIM of this package against scikit-image's and TensorFlow's, in one run: `python benchmarks/ssim.py`.

Prints pairs a second and the ratios, for the two common picture sizes, on two cores. All compute a Gaussian window of
sigma 1.5 and, but for pose-gan's variant S1 of 13, of 11 taps. Ours and scikit-image's take bytes and compute in
float64; tf.image.ssim computes in float32, compiled by tf.function, at the best of several batch sizes: once from the
same bytes, and once from tensors of float32 that were prepared beforehand, the rival of the last column. All programs
take turns, so that what else the machine does meets all of them; the ratios are those of the best times.
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

ROUNDS = 15
TRIALS = 5
TENSORFLOW_BATCHES = (1, 4, 8, 16, 32, 128)


def times_in_turn(functions, rounds):
    """(functions, rounds) seconds of each function, all called once a round."""
    seconds = np.empty((len(functions), rounds))
    for turn in range(rounds):
        for number, function in enumerate(functions):
            start = time.perf_counter()
            function()
            seconds[number, turn] = time.perf_counter() - start
    return seconds


def plain(reference, generated):
    """One call of scikit-image for each pair, as evaluation scripts do it."""
    settings = {"gaussian_weights": True, "use_sample_covariance": False, "channel_axis": -1}
    return [
        structural_similarity(x, y, data_range=float(y.max()) - float(y.min()), **settings)
        for x, y in zip(reference, generated, strict=True)
    ]


@tf.function
def compiled(reference, generated):
    """TensorFlow's, of one batch of bytes or of float32 values from 0 to 255."""
    reference, generated = tf.cast(reference, tf.float32), tf.cast(generated, tf.float32)
    return tf.image.ssim(reference, generated, max_val=255.0, filter_size=11, filter_sigma=1.5)


def best_of_tensorflow(reference, generated, prepare):
    """TensorFlow's at its best batch size: a function that scores all pairs, and that size.

    `prepare` turns one batch of bytes into the argument, beforehand.
    """
    sizes = [size for size in TENSORFLOW_BATCHES if size <= len(reference)]

    def program(size):
        starts = range(0, len(reference), size)
        batches = [[prepare(pixels[start : start + size]) for pixels in (reference, generated)] for start in starts]
        compiled(*batches[0])
        return lambda: [compiled(*batch).numpy() for batch in batches]

    programs = [program(size) for size in sizes]
    best = times_in_turn(programs, TRIALS).min(axis=1).argmin()
    return programs[best], sizes[best]


def compare(size, pairs):
    """Measure all programs on pictures of one size and print a line for each."""
    generator = np.random.default_rng(0)
    reference = generator.integers(0, 256, (pairs, *size, 3)).astype(np.uint8)
    noise = generator.integers(0, 60, reference.shape)
    generated = np.clip(reference * 0.7 + noise, 0, 255).astype(np.uint8)

    from_bytes, bytes_batch = best_of_tensorflow(reference, generated, lambda pixels: pixels)
    from_floats, floats_batch = best_of_tensorflow(reference, generated, lambda x: tf.constant(x, tf.float32))
    programs = {
        "scikit-image, 11 taps": lambda: plain(reference, generated),
        f"tf, {THREADS} threads, bytes, batch {bytes_batch}": from_bytes,
        f"tf, {THREADS} threads, tensors, batch {floats_batch}": from_floats,
    }
    for name in ("S2", "S1"):
        for threads in (1, THREADS):
            title = f"{name}, {VARIANTS[name].taps} taps, {threads} thread{'s' * (threads > 1)}"
            programs[title] = lambda name=name, threads=threads: ssim(
                reference, generated, None, VARIANTS[name], threads
            )

    seconds = times_in_turn(list(programs.values()), ROUNDS) / pairs
    best = seconds.min(axis=1)
    base, _, rival = best[:3]
    label = f"{size[0]}x{size[1]}"
    for program, fastest, median in zip(programs, best, np.median(seconds, axis=1), strict=True):
        print(
            f"{label:>9}  {program:<32}{1 / fastest:9.0f}{1 / median:9.0f}{base / fastest:14.1f}{rival / fastest:14.1f}"
        )

    same = ssim(reference, generated, variant=VARIANTS["S2"]) - plain(reference, generated)
    print(f"{label:>9}  S2 differs from scikit-image by {np.abs(same).max():.0e}")


def main():
    tf.get_logger().setLevel("ERROR")
    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    cores = len(os.sched_getaffinity(0))
    print(f"{cores} cores, numpy {np.__version__}, tensorflow {tf.__version__}; pairs a second")
    print(f"{'size':>9}  {'program':<32}{'best':>9}{'median':>9}{'x scikit-image':>15}{'x tensorflow':>13}")
    compare((256, 256), pairs=32)
    compare((128, 64), pairs=128)


if __name__ == "__main__":
    main()
