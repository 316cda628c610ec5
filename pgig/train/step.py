"""One training iteration: every player of a stage in turn, compiled as a whole. No word of any back end here."""

import importlib

import keras
from keras import ops

from pgig.methods.base import RMSProp
from pgig.pose.augment import augment_batch
from pgig.pose.mirror import mirror_batch
from pgig.train.adam import CorrectedAdam, ExactAdam
from pgig.train.rmsprop import ClassicRMSprop

engine = importlib.import_module(f"pgig.train.step_{keras.backend.backend()}")


def build_method(options):
    """The `Method` of the options with new networks, in the precision that is asked for."""
    precision = options.shared.mixed_precision
    keras.config.set_dtype_policy("float32" if precision == "none" else f"mixed_{precision}")
    return options.method.load()(options.shared, options.config, options.data.image_size, options.stage)


def build_optimizers(method, stage, mixed_precision="none"):
    """Optimizers of all players, built: {player's name: optimizer}."""
    optimizers = {}
    for player in stage.players:
        optimizer = _optimizer(player.optimizer, player.name)
        if mixed_precision == "float16":
            optimizer = keras.optimizers.LossScaleOptimizer(optimizer, name=f"{player.name}_scale")
        optimizer.build(trained_variables(method, player))
        optimizers[player.name] = optimizer
    return optimizers


def _optimizer(settings, name):
    if isinstance(settings, RMSProp):
        return ClassicRMSprop(settings.learning_rate, settings.decay, epsilon=settings.epsilon, name=name)
    exact = ExactAdam if settings.exact else keras.optimizers.Adam
    kind = CorrectedAdam if settings.corrected else exact
    return kind(settings.learning_rate, settings.beta_1, settings.beta_2, settings.epsilon, name=name)


def trained_variables(method, player):
    """Variables that a player updates."""
    return [variable for name in player.trains for variable in method.networks[name].trainable_variables]


def state_variables(method, optimizers):
    """Everything that training changes, dropout's state included: {name of the owner: list of variables}."""
    owners = {f"network/{name}": network.variables for name, network in method.networks.items()}
    owners |= {f"memory/{name}": layer.variables for name, layer in method.memory.items()}
    return owners | {f"optimizer/{name}": optimizer.variables for name, optimizer in optimizers.items()}


def compile_iteration(method, stage, optimizers, jit_compile=False):
    """A compiled function of the batches of one iteration, joined along the batch axis.

    Args:
        method, stage: what is trained.
        optimizers: as `build_optimizers` returns them.
        jit_compile: compile with XLA (TensorFlow; JAX always does).

    Returns:
        Function of a dictionary of arrays with leading size `stage.batches * B` -> {player: {term: scalar}}.
    """
    state = [v for group in state_variables(method, optimizers).values() for v in group]
    frozen = _frozen_variables(method)

    def iteration(batch):
        parts = _split(method.inputs(augment_batch(mirror_batch(batch))), stage.batches)
        unused, logs = iter(parts), {}
        for player in stage.players:
            rounds = []
            for _ in range(player.repeats):
                inputs = parts if stage.one_batch else [next(unused) for _ in range(player.batches)]
                terms, passed = _update(method, player, optimizers[player.name], inputs, [*state, *frozen])
                rounds.append(terms)
                if stage.one_batch:
                    parts = [parts[0] | passed]
            logs[player.name] = {term: _mean([terms[term] for terms in rounds]) for term in rounds[0]}
        return logs

    return engine.compiled(iteration, [*state, *frozen], changes=state, jit_compile=jit_compile)


def compile_forward(method, function, jit_compile=False):
    """Compile `function(batch)`, which reads the networks of `method` and changes at most the state of dropout."""
    networks = method.networks.values()
    weights = {id(weight) for network in networks for weight in network.weights}
    reads = [variable for network in networks for variable in network.variables]
    changes = [variable for variable in reads if id(variable) not in weights]
    return engine.compiled(function, [*reads, *_frozen_variables(method)], changes, jit_compile)


def _frozen_variables(method):
    """Variables that losses read and nothing changes; as arguments of a step, they are not compiled into it."""
    return [variable for network in method.frozen.values() for variable in network.variables]


def _update(method, player, optimizer, inputs, state):
    """One update of one player; returns its loss and terms, and what it passes on."""
    variables = trained_variables(method, player)

    def loss():
        total, terms, *passed = player.loss(inputs, training=True)
        return optimizer.scale_loss(total), ({"loss": total, **terms}, dict(*passed))

    (terms, passed), gradients = engine.value_and_gradients(loss, variables, state)
    engine.apply(optimizer, gradients, variables)
    return terms, passed


def _mean(scalars):
    # Stacked: sums of many terms are added up in an order of TensorFlow's own, which may differ from graph to graph.
    return ops.mean(ops.stack(scalars)) if len(scalars) > 1 else scalars[0]


def _split(tensors, count):
    """Cut a dictionary of tensors into `count` equal ones along the batch axis."""
    pieces = {key: ops.split(value, count, axis=0) for key, value in tensors.items()}
    return [{key: value[i] for key, value in pieces.items()} for i in range(count)]
