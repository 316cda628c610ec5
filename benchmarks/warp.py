"""The deformable skips of the Market generator: ten full warps against one gather. Run: python benchmarks/warp.py"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import measure  # noqa: E402

SIZE, BATCH, LIMBS = (128, 64), 4, 10
LEVELS = ((128, 64, 64), (64, 32, 128), (32, 16, 256), (16, 8, 512))

# Rows and columns of head, upper and lower arms, upper and lower legs: top, left, height, width.
PERSON = (
    (8, 22, 24, 20), (28, 14, 30, 12), (28, 38, 30, 12), (48, 10, 30, 12), (48, 42, 30, 12),
    (62, 20, 32, 12), (62, 32, 32, 12), (88, 20, 34, 12), (88, 32, 34, 12),
)  # fmt: skip
VARIANTS = (
    "ten warps, mask, max", "exact gradient", "inverse gradient", "exact, all slots", "inverse, all slots",
    "exact, XLA", "inverse, XLA",
)  # fmt: skip


def build(name):
    """A compiled forward and backward pass over all levels."""
    import numpy as np
    import tensorflow as tf

    generator = np.random.default_rng(0)
    maps, upstream = (
        [tf.constant(generator.normal(size=(BATCH, *level)), "float32") for level in LEVELS] for _ in range(2)
    )
    transforms, masks = (tf.constant(array) for array in _limbs(generator))
    warp = _plain if name == VARIANTS[0] else _layer(name)

    @tf.function(jit_compile=name.endswith("XLA"), autograph=False)
    def step(maps, upstream, transforms, masks):
        results = []
        for x, u in zip(maps, upstream, strict=True):
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = warp(x, transforms, masks)
            results.append((y, tape.gradient(y, x, u)))
        return results

    return lambda: step(maps, upstream, transforms, masks)[-1][1].numpy()


def _limbs(generator):
    """Transforms near the identity, a mask of everything, and nine bars arranged like a person, as of real poses."""
    import numpy as np

    noise = generator.normal(size=(BATCH, LIMBS, 8)) * np.array([0.2, 0.2, 8, 0.2, 0.2, 8, 0, 0])
    transforms = (np.array([1, 0, 0, 0, 1, 0, 0, 0]) + noise).astype("float32")
    masks = np.zeros((BATCH, LIMBS, *SIZE), "float32")
    masks[:, 0] = 1
    for picture in range(BATCH):
        for limb, (top, left, height, width) in enumerate(PERSON, start=1):
            top, left = (int(v) for v in (top, left) + generator.integers(-3, 4, 2))
            masks[picture, limb, top : top + height, left : left + width] = 1
    return transforms, masks


def _plain(x, transforms, masks):
    from keras import ops

    ratio = SIZE[0] // x.shape[1]
    scale = [1, 1, 1 / ratio, 1, 1, 1 / ratio, 1, 1]
    copies = [
        ops.image.affine_transform(x, transforms[:, limb] * scale, interpolation="nearest", fill_mode="constant")
        * masks[:, limb, ::ratio, ::ratio, None]
        for limb in range(LIMBS)
    ]
    return ops.max(ops.stack(copies, axis=1), axis=1)


def _layer(name):
    from pgig.layers import AffineWarp

    layer = AffineWarp(SIZE, gradient=name.split()[0].rstrip(","))
    return lambda *inputs: layer(inputs, training="all slots" not in name)


if __name__ == "__main__":
    bytes_of_maps = 4 * BATCH * sum(h * w * c for h, w, c in LEVELS)
    floor = f"floor: read and write each map once each way, {4 * bytes_of_maps / 2**20:.0f} MiB moved"
    measure.main("warp, mask and max of four levels, forward and backward, batch 4", floor, VARIANTS, build)
