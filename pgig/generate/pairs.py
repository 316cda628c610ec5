"""Generating pictures with a trained method, in batches, for test.py and the scripts beside it."""

import numpy as np
from keras import ops

from pgig.errors import OptionsError
from pgig.evaluate.values import to_pixels
from pgig.train.step import build_method, compile_forward, engine
from pgig.utils.progress import progress_bar
from pgig.weights.networks import adopt_options, load_checkpoints


def generation_options(options, program):
    """Options of a program that generates: what its weight file says of the network need not be said again.

    Args:
        options: `pgig.cli.options.Options`.
        program: name of the program, for the message.

    Returns:
        `Options`, see `adopt_options`.

    Raises:
        OptionsError: no checkpoint is given.
        WeightsError: it is missing or unreadable.
    """
    path = options.shared.generator_checkpoint
    if not path:
        raise OptionsError(f"{program} needs --generator_checkpoint FILE: give a weight file that train.py wrote.")
    return adopt_options(options, path)


def load_generator(options):
    """Build the method of the options and load its weight files, at least what generating takes.

    Args:
        options: as `generation_options` returns them.

    Returns:
        The `Method`.

    Raises:
        OptionsError: a weight file is missing that generating takes.
        WeightsError: a file does not fit the flags.
    """
    engine.prepare()
    method = build_method(options)
    load_checkpoints(method, options, method.files["generator"])
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
    with progress_bar(None, "Generating", "pair", total, show=progress) as bar:
        for batch in stream.finite(shared.test_batch_size, limit):
            names = {key: batch.pop(key) for key in ("source_name", "target_name")}
            image = ops.convert_to_numpy(forward(batch))
            yield (
                {key: np.asarray(value) for key, value in batch.items()}
                | names
                | {"generated_pixels": to_pixels(image)}
            )
            bar.update(len(image))
