"""The nearest-neighbour loss: stacked copies against choose-then-compare. Run: python benchmarks/neighbour.py"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import measure  # noqa: E402

SHAPE, AREA = (4, 128, 64, 64), 5
VARIANTS = ("stacked copies (original)", "choose, then compare", "the same, with ties", "the same, XLA")


def build(name):
    """A compiled value and gradient with respect to the generated features."""
    import numpy as np
    import tensorflow as tf

    # Features after a ReLU: half of them are zero. With ties: a flat corner and a picture of few grey levels.
    generator = np.random.default_rng(0)
    reference, generated = np.maximum(generator.normal(size=(2, *SHAPE)), 0).astype("float32")
    if name.endswith("ties"):
        reference, generated = np.round(reference), np.round(generated)
        reference[:, :6, :6] = generated[:, :6, :6] = 0
        reference[:, 0, 0, 0], reference[:, 0, 1, 1] = 1, 1
    reference, generated = tf.constant(reference), tf.constant(generated)
    loss = _stacked if name == VARIANTS[0] else _ours

    @tf.function(jit_compile=name.endswith("XLA"), autograph=False)
    def step(reference, generated):
        with tf.GradientTape() as tape:
            tape.watch(generated)
            value = loss(reference, generated)
        return value, tape.gradient(value, generated)

    return lambda: step(reference, generated)[1].numpy()


def _stacked(reference, generated):
    from keras import ops

    margin, (_, height, width, _) = AREA // 2, SHAPE
    edges = ((0, 0), (margin, margin), (margin, margin), (0, 0))
    padded = ops.pad(reference, edges, constant_values=-10000.0)
    shifted = [padded[:, y : y + height, x : x + width] for y in range(AREA) for x in range(AREA)]
    distances = ops.sum(ops.abs(ops.stack(shifted, axis=-1) - generated[..., None]), axis=-2)
    return ops.mean(ops.min(distances, axis=-1))


def _ours(reference, generated):
    from pgig.losses.neighbour import reconstruction_distance

    return reconstruction_distance(reference, generated, AREA)


if __name__ == "__main__":
    count = SHAPE[0] * SHAPE[1] * SHAPE[2] * SHAPE[3]
    floor = (
        f"floor: {AREA * AREA * count / 1e6:.0f} million absolute differences; "
        f"{3 * 4 * count / 2**20:.0f} MiB to read both features and write the gradient"
    )
    measure.main(f"nearest-neighbour loss {AREA}x{AREA} on {SHAPE}, value and gradient", floor, VARIANTS, build)
