"""SSIM of this package against scikit-image's, in one run: `python benchmarks/ssim.py`.

Prints milliseconds a pair and the ratio, for the two common picture sizes. Both compute float64 SSIM with a
Gaussian window of sigma 1.5; scikit-image's has 11 taps, ours here 11 (same numbers) and 13 (the default,
pose-gan's). The floor: four filtered maps of two passes of 11 (13) multiply-adds a value are 264 (312) a
pixel and pair.
"""

import os
import sys
import time
from pathlib import Path

# Limits of the linear-algebra library are read when numpy is first imported.
THREADS = 2
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.append(str(Path(__file__).resolve().parents[1]))

import numpy as np  # noqa: E402
from skimage.metrics import structural_similarity  # noqa: E402

from pgig.evaluate.ssim import VARIANTS, ssim  # noqa: E402

ROUNDS = 7


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


def compare(size, pairs):
    """Measure both programs on pictures of one size and print a line for each."""
    generator = np.random.default_rng(0)
    reference = generator.integers(0, 256, (pairs, *size, 3)).astype(np.uint8)
    noise = generator.integers(0, 60, reference.shape)
    generated = np.clip(reference * 0.7 + noise, 0, 255).astype(np.uint8)

    label = f"{size[0]}x{size[1]}"
    base = fastest(lambda: plain(reference, generated)) / pairs
    print(f"{label:>9}  {'scikit-image, 11 taps':<24}{1e3 * base:9.2f}{1:8.1f}")
    for name in ("S2", "S1"):
        for threads in (1, THREADS):
            variant = VARIANTS[name]
            seconds = fastest(lambda: ssim(reference, generated, None, variant, threads)) / pairs  # noqa: B023
            program = f"{name}, {variant.taps} taps, {threads} thread{'s' * (threads > 1)}"
            print(f"{label:>9}  {program:<24}{1e3 * seconds:9.2f}{base / seconds:8.1f}")

    same = ssim(reference, generated, variant=VARIANTS["S2"])
    print(
        f"{label:>9}  S2 differs from scikit-image by {np.abs(same - plain(reference, generated)).max():.0e}"
    )


def main():
    cores = sorted(os.sched_getaffinity(0))[:THREADS]
    os.sched_setaffinity(0, cores)
    print(f"{len(cores)} cores, numpy {np.__version__}")
    print(f"{'size':>9}  {'program':<24}{'ms/pair':>9}{'ratio':>8}")
    compare((256, 256), pairs=32)
    compare((128, 64), pairs=128)


if __name__ == "__main__":
    main()
