"""Generating pictures with a trained method, in batches, for test.py and the scripts beside it."""

import keras
import numpy as np
from keras import ops
from tqdm import tqdm

from pgig.errors import OptionsError
from pgig.evaluate.values import to_pixels
from pgig.train.step import compile_forward, engine
from pgig.weights.networks import load_network


def load_generator(options, program):
    """Build the method of the options and load `--generator_checkpoint` into its generator.

    Args:
        options: `pgig.cli.options.Options`.
        program: name of the program, for the message.

    Returns:
        The `Method`.

    Raises:
        OptionsError: no checkpoint is given.
        WeightsError: it does not fit the flags.
    """
    shared = options.shared
    if not shared.generator_checkpoint:
        raise OptionsError(
            f"{program} needs --generator_checkpoint FILE: give a weight file that train.py wrote, with the flags of training."
        )
    engine.prepare()
    if shared.mixed_precision != "none":
        keras.config.set_dtype_policy(f"mixed_{shared.mixed_precision}")
    method = options.method.load()(shared, options.config, options.data.image_size)
    print(load_network(method, "generator", shared.generator_checkpoint, options))
    return method


def generated_batches(method, stream, options, limit=0, progress=True):
    """Generate for all pairs of a stream, in file order.

    Args:
        method: a `Method`.
        stream: `PairStream`.
        options: `Options`: `test_batch_size`, `use_dropout_test` and `jit_compile` apply.
        limit: only the first so many pairs; 0: all.
        progress: whether to show a bar with rate and time left.

    Yields:
        Batches of the stream in numpy, with names and `generated_pixels` (B, H, W, 3) uint8.
    """
    shared = options.shared
    training = bool(shared.use_dropout_test)
    forward = compile_forward(
        method,
        lambda batch: method.generate(method.inputs(batch), training=training),
        bool(shared.jit_compile),
    )
    total = min(limit or len(stream), len(stream))
    with tqdm(total=total, desc="Generating", unit="pair", dynamic_ncols=True, disable=not progress) as bar:
        for batch in stream.finite(shared.test_batch_size, limit):
            names = {key: batch.pop(key) for key in ("source_name", "target_name")}
            image = ops.convert_to_numpy(forward(batch))
            yield (
                {key: np.asarray(value) for key, value in batch.items()}
                | names
                | {"generated_pixels": to_pixels(image)}
            )
            bar.update(len(image))
