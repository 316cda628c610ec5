"""JAX's part of a training step: gradients, updates, and compiling a function of a batch into a pure one."""

from collections import OrderedDict

import jax
import keras


def prepare():
    """Nothing to do: on the CPU, JAX repeats a run to the bit."""


def value_and_gradients(function, variables, state=()):
    """Call `function()` -> (scalar, anything) and differentiate the scalar (see step_tensorflow.py).

    Inside the differentiated function, what is assigned to a Keras variable is a tracer. So the call runs in a
    scope of its own; the new values leave it as results and are assigned outside.
    """
    trained = {id(variable) for variable in variables}
    others = [variable for variable in state if id(variable) not in trained]
    given = [(variable, variable.value) for variable in others]

    def pure(values):
        own = zip(variables, values, strict=True)
        with keras.StatelessScope(state_mapping=[*given, *own]) as scope:
            total, other = function()
        return total, (_ordered(other), _values(others, scope))

    values = [variable.value for variable in variables]
    (_, (other, changed)), gradients = jax.value_and_grad(pure, has_aux=True)(values)
    _assign(others, changed)
    return other, gradients


def apply(optimizer, gradients, variables):
    """Let `optimizer` update `variables`, which it was built with.

    The stateless form, because the loss-scaling optimizer assigns inside of a branch otherwise.
    """
    own = optimizer.variables
    updated = optimizer.stateless_apply([v.value for v in own], gradients, [v.value for v in variables])
    for group, values in zip((variables, own), updated, strict=True):
        _assign(group, values)


def compiled(function, reads, changes, jit_compile=True):
    """Compile a function of a batch (see step_tensorflow.py); XLA always does it.

    Values travel as arguments and results. The memory of what changes is handed over and used again: arrays taken
    from these variables before a call are dead after it, the variables themselves hold the new ones.
    """
    changing = {id(variable) for variable in changes}
    reads = [variable for variable in reads if id(variable) not in changing]

    def pure(changing, reading, batch):
        mapping = zip([*changes, *reads], [*changing, *reading], strict=True)
        with keras.StatelessScope(state_mapping=list(mapping)) as scope:
            results = function(batch)
        return _values(changes, scope), _ordered(results)

    step = jax.jit(pure, donate_argnums=0)

    def call(batch):
        changed, results = step([v.value for v in changes], [v.value for v in reads], dict(batch))
        _assign(changes, changed)
        return results

    return call


def _ordered(results):
    """Keep the order of terms; JAX sorts the keys of plain dictionaries."""
    if isinstance(results, tuple):
        return tuple(_ordered(part) for part in results)
    if not isinstance(results, dict):
        return results
    return OrderedDict((key, _ordered(value)) for key, value in results.items())


def _values(variables, scope):
    return [scope.get_current_value(variable) for variable in variables]


def _assign(variables, values):
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
