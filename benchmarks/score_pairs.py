"""12,000 picture pairs of Market-1501's size scored from PNG files: `python benchmarks/score_pairs.py [pairs]`.

Writes synthetic triptychs (source | target | generated, 128x64 each) into a temporary folder, then measures finding,
checking, reading and scoring them by pose-gan's metrics of pixels: SSIM, masked SSIM and L1. Two cores. Goal: 90
seconds for 12,000 pairs. The floor is the line `read`, nearly all of it the decoding of the PNG files.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

THREADS = 2
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])
sys.path.append(str(Path(__file__).resolve().parents[1]))

import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402

from pgig.layouts.listing import list_pairs  # noqa: E402
from pgig.layouts.triptych import write_triptych  # noqa: E402
from pgig.metrics.l1 import l1  # noqa: E402
from pgig.metrics.masks import ma_mask  # noqa: E402
from pgig.metrics.ssim import VARIANTS, ssim  # noqa: E402

SIZE, GOAL, BATCH = (128, 64), 90, 64


def write(folder, count):
    """Smooth pictures with some noise, which compress about as photos do."""
    generator = np.random.default_rng(0)
    coarse = generator.integers(0, 256, (64, 3, 8, 4, 3)).astype(np.uint8)
    fine = generator.integers(-12, 13, (16, *SIZE, 3))
    for i in range(count):
        panels = [np.asarray(Image.fromarray(p).resize(SIZE[::-1], Image.Resampling.BICUBIC)) for p in coarse[i % 64]]
        panels = [np.clip(panel + fine[(i + k) % 16], 0, 255).astype(np.uint8) for k, panel in enumerate(panels)]
        write_triptych(folder, f"{i:05d}_a.jpg", f"{i:05d}_b.jpg", *panels)


def timed(seconds, name, function, *arguments):
    """Run a part and add its time to `seconds`."""
    start = time.perf_counter()
    result = function(*arguments)
    seconds[name] = seconds.get(name, 0) + time.perf_counter() - start
    return result


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 12000
    keypoints = np.ones((count, 18, 3))
    keypoints[..., :2] = np.random.default_rng(1).uniform(0, SIZE, (count, 18, 2))
    with tempfile.TemporaryDirectory() as folder:
        write(folder, count)
        seconds, scores = {}, {"ssim": [], "masked ssim": [], "l1": []}
        pairs = timed(seconds, "find and check", list_pairs, folder)
        for start in range(0, count, BATCH):
            numbers = range(start, min(start + BATCH, count))
            read = timed(seconds, "read", lambda: [pairs.read(number) for number in numbers])  # noqa: B023
            pictures = tuple(np.stack([getattr(pair, name) for pair in read]) for name in ("target", "generated"))
            mask = timed(seconds, "mask", ma_mask, keypoints[start : numbers.stop], SIZE)
            scores["ssim"].append(timed(seconds, "ssim", ssim, *pictures, None, VARIANTS["S1"], THREADS))
            scores["masked ssim"].append(timed(seconds, "masked ssim", ssim, *pictures, mask, VARIANTS["S1"], THREADS))
            scores["l1"].append(timed(seconds, "l1", l1, *pictures))
    for name, part in seconds.items():
        print(f"{name:16}{part:8.1f} s{1e3 * part / count:8.2f} ms a pair")
    total = sum(seconds.values())
    print(f"{count} pairs in {total:.1f} s on {THREADS} cores; at this rate {total * 12000 / count:.1f} s for 12,000")
    print("means: " + ", ".join(f"{name} {np.concatenate(parts).mean():.4f}" for name, parts in scores.items()))
    return total * 12000 / count < GOAL


if __name__ == "__main__":
    sys.exit(0 if main() else "slower than the goal")
