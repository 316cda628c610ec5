"""Generating pictures with a trained method, in batches, for test.py and the scripts beside it."""

from pgig.errors import OptionsError
from pgig.evaluate.values import to_pixels
from pgig.generate.forward import forward_batches
from pgig.train.step import build_method, engine
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


def generated_batches(method, stream, options, limit=0):
    """Generate for all pairs of a stream, in file order.

    Args:
        method: a `Method`.
        stream: `PairStream`.
        options: `Options`: `test_batch_size`, `use_dropout_test` and `jit_compile` apply.
        limit: only the first so many pairs; 0: all.

    Yields:
        Batches of the stream in numpy, with names and `generated_pixels` (B, H, W, 3) uint8.
    """
    training = bool(options.shared.use_dropout_test)

    def generate(inputs):
        return {"generated": method.generate(inputs, training=training)}

    for batch, results in forward_batches(method, generate, stream, options, limit):
        yield batch | {"generated_pixels": to_pixels(results["generated"])}
