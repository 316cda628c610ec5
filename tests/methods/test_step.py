"""One compiled iteration changes everything that training owns, and generating changes no weight."""

import dataclasses

import keras
import numpy as np
import pytest
from keras import ops

from pgig.cli.options import parse
from pgig.train.step import build_optimizers, compile_forward, compile_iteration, state_variables, trained_variables

FLAGS = "--image_size 64,64 --width 0.03125 --batch_size 2"
PLAIN, MASK = "--warp_skip none", "--warp_skip mask"
SIZE, PAIRS = (64, 64), 2


@pytest.fixture
def trained():
    """A function of (further flags, precision) -> (method, stage, optimizers), all tiny and, unless said, plain."""
    before = keras.config.dtype_policy()

    def build(flags=PLAIN, precision="none"):
        if precision != "none":
            keras.config.set_dtype_policy(f"mixed_{precision}")
        options = parse([*FLAGS.split(), *flags.split()])
        method = options.method.load()(options.shared, options.config, options.data.image_size)
        stage = method.stage
        return method, stage, build_optimizers(method, stage, precision)

    yield build
    keras.config.set_dtype_policy(before)


def people(count, seed=0):
    """Batches joined along the batch axis: noise pictures, and poses whose limbs all lie in the picture."""
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 256, (2, count, *SIZE, 3)).astype("uint8")
    places = np.concatenate([random.integers(0, SIZE, (2, count, 18, 2)), np.ones((2, count, 18, 1))], axis=-1)
    source, target = places.astype("float32")
    keypoints = {"source_keypoints": source, "target_keypoints": target}
    return {"source_pixels": pixels[0], "target_pixels": pixels[1]} | keypoints


def values(variables):
    return {variable.path: np.array(ops.convert_to_numpy(variable.value)) for variable in variables}


def changed(variables, before):
    return {path for path, value in values(variables).items() if not np.array_equal(value, before[path])}


def seeds(network):
    weights = {id(weight) for weight in network.weights}
    return [variable for variable in network.variables if id(variable) not in weights]


def numbers(logs):
    return {name: {term: float(ops.convert_to_numpy(v)) for term, v in terms.items()} for name, terms in logs.items()}


def test_an_iteration_changes_every_variable_that_training_owns(trained):
    method, stage, optimizers = trained(MASK)
    owners = state_variables(method, optimizers)
    assert set(owners) == {
        "network/generator", "network/discriminator", "optimizer/generator", "optimizer/discriminator",
    }  # fmt: skip
    before = {owner: values(variables) for owner, variables in owners.items()}
    logs = numbers(compile_iteration(method, stage, optimizers)(people(stage.batches * PAIRS)))

    for owner, variables in owners.items():
        paths = [variable.path for variable in variables]
        assert len(set(paths)) == len(paths)
        constant = {path for path in paths if "learning_rate" in path}
        assert changed(variables, before[owner]) == set(paths) - constant
    assert len(seeds(method.networks["generator"])) == 3
    for optimizer in optimizers.values():
        assert int(ops.convert_to_numpy(optimizer.iterations)) == 1

    # The order of players and terms is that of the method, on every back end.
    assert list(logs) == ["discriminator", "generator"]
    assert list(logs["discriminator"]) == ["loss", "true", "fake"]
    assert list(logs["generator"]) == ["loss", "gan_loss", "l1_loss", "tv_loss", "lstruct"]
    assert np.isfinite([value for terms in logs.values() for value in terms.values()]).all()


def test_discriminator_updates_are_repeated(trained):
    method, stage, optimizers = trained(f"{PLAIN} --training_ratio 3")
    assert stage.batches == 7
    compile_iteration(method, stage, optimizers)(people(stage.batches * PAIRS))
    counts = {name: int(ops.convert_to_numpy(optimizer.iterations)) for name, optimizer in optimizers.items()}
    assert counts == {"discriminator": 3, "generator": 1}


def test_forward_sees_new_weights_and_changes_none(trained):
    method, _, _ = trained()
    generator = method.networks["generator"]
    forward = compile_forward(method, lambda batch: method.generate(method.inputs(batch)))
    before, batch = values(generator.variables), people(PAIRS)
    first = ops.convert_to_numpy(forward(batch))
    assert changed(generator.variables, before) == set()
    assert np.array_equal(ops.convert_to_numpy(forward(batch)), first)

    generator.trainable_variables[0].assign(0.5 * generator.trainable_variables[0])
    assert not np.array_equal(ops.convert_to_numpy(forward(batch)), first)


def test_forward_with_dropout_changes_its_state_only(trained):
    method, _, _ = trained()
    generator = method.networks["generator"]
    forward = compile_forward(method, lambda batch: method.generate(method.inputs(batch), training=True))
    before, batch = values(generator.variables), people(PAIRS)
    first = ops.convert_to_numpy(forward(batch))
    assert changed(generator.variables, before) == {variable.path for variable in seeds(generator)}
    assert not np.array_equal(ops.convert_to_numpy(forward(batch)), first)


def test_a_step_between_two_others_is_seen_by_both(trained):
    """Training, generating and training again: each reads what the one before wrote."""
    method, stage, optimizers = trained()
    step = compile_iteration(method, stage, optimizers)
    forward = compile_forward(method, lambda batch: method.generate(method.inputs(batch)))
    batch, pair = people(stage.batches * PAIRS), people(PAIRS, seed=1)
    pictures = []
    for _ in range(3):
        step(batch)
        pictures.append(ops.convert_to_numpy(forward(pair)))
    assert not np.array_equal(pictures[0], pictures[1])
    assert not np.array_equal(pictures[1], pictures[2])
    assert int(ops.convert_to_numpy(optimizers["generator"].iterations)) == 3


@pytest.mark.parametrize(("precision", "flags"), [("bfloat16", MASK), ("float16", PLAIN)])
def test_half_precision_keeps_float32_where_it_matters(trained, precision, flags):
    method, stage, optimizers = trained(flags, precision)
    batch = people(stage.batches * PAIRS)
    inputs = method.inputs({key: ops.convert_to_tensor(value) for key, value in batch.items()})
    for key, value in inputs.items():
        assert keras.backend.standardize_dtype(value.dtype) == "float32", key
    half = method.networks["generator"].get_layer("decoder_conv1")
    assert half.compute_dtype == precision
    assert keras.backend.standardize_dtype(half.output.dtype) == precision

    step, steps = compile_iteration(method, stage, optimizers), 10
    for _ in range(steps):
        terms = [value for terms in numbers(step(batch)).values() for value in terms.values()]
        assert np.isfinite(terms).all()
    for player in stage.players:
        for variable in trained_variables(method, player):
            assert variable.dtype == "float32"
            assert np.isfinite(ops.convert_to_numpy(variable.value)).all()

    # In float16 the first steps look for a loss scale: each one that overflows halves it and updates nothing.
    for optimizer in optimizers.values():
        halved = 0
        if precision == "float16":
            halved = round(np.log2(optimizer.initial_scale / ops.convert_to_numpy(optimizer.dynamic_scale)))
        assert int(ops.convert_to_numpy(optimizer.iterations)) == steps - halved > 0


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_half_precision_is_close_to_single(trained, precision):
    pair, pictures = people(PAIRS), []
    for kind in ("none", precision):
        method, _, _ = trained(MASK, kind)
        forward = compile_forward(method, lambda batch, method=method: method.generate(method.inputs(batch)))
        image = forward(pair)
        assert keras.backend.standardize_dtype(image.dtype) == "float32"
        pictures.append(ops.convert_to_numpy(image))
    assert np.abs(pictures[0] - pictures[1]).max() < {"bfloat16": 0.05, "float16": 0.01}[precision]


def test_an_overflow_halves_the_loss_scale_and_skips_the_update(trained):
    method, stage, optimizers = trained(precision="float16")
    for optimizer in optimizers.values():
        optimizer.dynamic_scale.assign(2.0**120)
    players = [trained_variables(method, player) for player in stage.players]
    before = [values(variables) for variables in players]
    compile_iteration(method, stage, optimizers)(people(stage.batches * PAIRS))
    for variables, old in zip(players, before, strict=True):
        assert changed(variables, old) == set()
    for optimizer in optimizers.values():
        assert float(ops.convert_to_numpy(optimizer.dynamic_scale)) == 2.0**119
        assert int(ops.convert_to_numpy(optimizer.iterations)) == 0


@pytest.mark.slow
@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="JAX always compiles by XLA, PyTorch never")
def test_compiled_by_xla_the_losses_are_the_same(trained):
    """The discriminator's update, in which the generator takes part: the other one compiles for a minute."""
    logs = []
    for jit_compile in (False, True):
        method, stage, optimizers = trained(MASK)
        without_dropout(method)
        stage = dataclasses.replace(stage, players=stage.players[:1])
        step = compile_iteration(method, stage, optimizers, jit_compile)
        batch = people(stage.batches * PAIRS)
        logs.append([numbers(step(batch))["discriminator"] for _ in range(2)])

    # XLA fuses multiplications with additions, which moves some positions half-way between two pixels to the other
    # one; and the first step of Adam is a whole one even where a gradient is mere noise.
    for plain, compiled, tolerance in zip(*logs, (2e-3, 1e-2), strict=True):
        assert compiled == pytest.approx(plain, rel=tolerance)


def without_dropout(method):
    """Keep dropout from acting while the networks train."""
    for layer in method.networks["generator"].layers:
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = 0.0
