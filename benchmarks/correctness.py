"""The sampling correctness: all cosines at once against blocks of them. Run: python benchmarks/correctness.py"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import measure  # noqa: E402

SHAPE = (4, 64, 64, 256)
PLACES = SHAPE[1] * SHAPE[2]
VARIANTS = {"all cosines at once": PLACES, "in blocks": 128}


def build(name):
    """A compiled value and gradient with respect to the flow."""
    import numpy as np
    import tensorflow as tf

    from pgig.losses.correctness import sampling_correctness

    # Features after a ReLU: half of them are zero.
    generator = np.random.default_rng(0)
    target, source = (tf.constant(np.maximum(generator.normal(size=SHAPE), 0), "float32") for _ in range(2))
    flow = tf.constant(generator.normal(0, 4, (*SHAPE[:3], 2)), "float32")

    @tf.function(autograph=False)
    def step(target, source, flow):
        with tf.GradientTape() as tape:
            tape.watch(flow)
            value = sampling_correctness(target, source, flow, VARIANTS[name])
        return value, tape.gradient(value, flow)

    return lambda: step(target, source, flow)[1].numpy()


if __name__ == "__main__":
    pairs = SHAPE[0] * PLACES * PLACES
    floor = (
        f"floor: {pairs * SHAPE[3] / 1e9:.1f} thousand million multiply-adds; all cosines are "
        f"{4 * pairs / 2**20:.0f} MiB, both maps {2 * 4 * SHAPE[0] * PLACES * SHAPE[3] / 2**20:.0f} MiB"
    )
    title = f"sampling correctness on {SHAPE}, value and gradient of the flow"
    measure.main(title, floor, tuple(VARIANTS), build)
