"""JAX's part of a training step: gradients, and compiling a function of a batch into a pure one."""

import jax
import keras


def prepare():
    """Nothing to do: on the CPU, JAX repeats a run to the bit."""


def value_and_gradients(function, variables):
    """Call `function()` -> (scalar, anything) and differentiate the scalar (see step_tensorflow.py).

    Whatever the function assigns on its way (the state of dropout) is assigned again outside of the
    differentiated function, where the enclosing scope can see it.
    """
    assigned = {}

    def pure(values):
        pairs = list(zip(variables, values, strict=True))
        with keras.StatelessScope(state_mapping=[*_enclosing(), *pairs]) as scope:
            total, other = function()
        trained = {id(variable) for variable in variables}
        before = {id(variable): value for variable, value in _enclosing()}
        updates = {}
        for variable in _enclosing_variables():
            value = scope.get_current_value(variable)
            if id(variable) not in trained and value is not before[id(variable)]:
                assigned[id(variable)] = variable
                updates[str(id(variable))] = value
        return total, (other, updates)

    (_, (other, updates)), gradients = jax.value_and_grad(pure, has_aux=True)([v.value for v in variables])
    for key, value in updates.items():
        assigned[int(key)].assign(value)
    return other, gradients


class Compiled:
    """A compiled function of a batch that may change `variables` (see step_tensorflow.py).

    The values of the variables travel as arguments and results; `sync` writes them back to the Keras variables, which are
    stale, or dead after donation, until then.
    """

    def __init__(self, function, variables, jit_compile=True):
        self._variables = list(variables)
        self._values = None

        def pure(values, batch):
            with _Scope(self._variables, values) as scope:
                results = function(batch)
            return [scope.get_current_value(variable) for variable in self._variables], results

        self._call = jax.jit(pure, donate_argnums=0)

    def __call__(self, batch):
        """Results of the body for one batch."""
        if self._values is None:
            self._values = [jax.numpy.copy(variable.value) for variable in self._variables]
        self._values, results = self._call(self._values, batch)
        return results

    def sync(self):
        """Write the values back to the Keras variables; the next call reads them anew."""
        if self._values is not None:
            for variable, value in zip(self._variables, self._values, strict=True):
                variable.assign(value)
            self._values = None


class _Scope(keras.StatelessScope):
    """The outer scope of a compiled function; inner scopes start from its current values."""

    current = None

    def __init__(self, variables, values):
        super().__init__(state_mapping=list(zip(variables, values, strict=True)))
        self.variables = variables

    def __enter__(self):
        _Scope.current = self
        return super().__enter__()

    def __exit__(self, *details):
        _Scope.current = None
        return super().__exit__(*details)


def _enclosing_variables():
    return _Scope.current.variables if _Scope.current else []


def _enclosing():
    return [(variable, _Scope.current.get_current_value(variable)) for variable in _enclosing_variables()]
