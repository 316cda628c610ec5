"""PATN with networks of a few channels, and what its tests ask of them."""

import functools

import keras
import numpy as np
from keras import ops

from pgig.cli.options import parse
from pgig.train.step import build_method, engine, state_variables
from tests.methods.conformance import people, tensors

TINY = ("--ngf", "2", "--ndf", "2", "--n_blocks", "2", "--n_layers_D", "1", "--pool_size", "0")
BARE = ("--L1_type", "origin")
SMALL = ("--image_size", "16,8")
INSTANCE = ("--norm", "instance", "--no_lsgan", "0")


def build(*flags):
    return build_method(parse(["--method", "patn", *TINY, *SMALL, *flags]))


@functools.cache
def built(*flags):
    """A method of these flags for tests that change nothing of it."""
    return build(*flags)


def run(method, function, batch):
    """`function(batch)` as arrays, compiled on JAX, where each operation would else be compiled by itself."""
    if keras.backend.backend() == "jax":
        state = [variable for group in state_variables(method, {}).values() for variable in group]
        frozen = [variable for network in method.frozen.values() for variable in network.variables]
        function = engine.compiled(function, [*state, *frozen], state)
        batch = {name: np.asarray(value) for name, value in batch.items()}
    return keras.tree.map_structure(ops.convert_to_numpy, function(tensors(batch)))


def inputs_of(method, count=2):
    return run(method, method.inputs, people(count, method.size))


def generator_loss(method, inputs, training=False):
    """(terms, picture) of the generator's loss."""
    _, terms, passed = run(method, lambda batch: method.generator_loss([batch], training=training), inputs)
    return {name: float(value) for name, value in terms.items()}, passed["generated"]


def scores(method, name, inputs, image):
    """What a discriminator says to pictures."""
    condition = inputs["source_image" if name == "discriminator_pp" else "target_pose"]
    pair = {"pair": np.concatenate([image, condition], axis=-1)}
    return run(method, lambda batch: method.networks[name](batch["pair"], training=False), pair)


def number(tensor):
    return float(ops.convert_to_numpy(tensor))


def rates(method, player, epochs):
    """Learning rates of the first update of each epoch; those of the last one are the same."""
    rate = method.stage.players[player].optimizer.learning_rate
    updates = method.shared.iterations_per_epoch * method.stage.players[player].repeats
    first, last = ([number(rate(epoch * updates + u)) for epoch in range(epochs)] for u in (0, updates - 1))
    assert first == last
    return first
