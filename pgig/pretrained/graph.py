"""A frozen graph as a Keras layer: its nodes one after the other, each one of the operations that are known.

It runs on every back end. Only what the asked outputs need is looked at: a graph's entrance (decoding of JPEG) and
its end (lists of boxes) may hold operations that are never run.
"""

import math

import keras
import numpy as np
from keras import ops

from pgig.errors import WeightsError
from pgig.pretrained.graph_ops import OPERATIONS

# What keras.ops raises on shapes and types that do not fit, by trial with random damage.
_MISFITS = (ValueError, TypeError, RuntimeError, IndexError, AttributeError, OverflowError, ZeroDivisionError)

# No network that is run has as many nodes, or as many values for one picture in any of them.
_MOST_NODES = 2**14
_MOST_VALUES = 2**26


@keras.saving.register_keras_serializable(package="pgig")
class FrozenGraph(keras.layers.Layer):
    """The nodes between `inputs` and `outputs` of a frozen graph.

    Called with one tensor or a list of them, in the order of `inputs`; returns one tensor or a list in the order
    of `outputs`. The first call raises a `WeightsError` where the tensors do not fit the graph.

    Args:
        graph: `pgig.weights.graph_file.Graph`.
        inputs: names of the nodes that the tensors stand for.
        outputs: names of the nodes to compute.

    Raises:
        WeightsError: a node is missing, or its operation is not among those that are run.
    """

    def __init__(self, graph, inputs, outputs, **kwargs):
        super().__init__(dtype="float32", trainable=False, autocast=False, **kwargs)
        self._file, self._inputs, self._outputs = graph.path, list(inputs), list(outputs)
        order = needed_nodes(graph, inputs, outputs)

        self._constants, self._steps = {}, []
        for name in order:
            node = graph.nodes[name]
            if node.op == "Const":
                self._constants[name] = self._constant(name, node.attributes.get("value"))
            else:
                self._steps.append((name, node))

        # A value is given up after its last use: without compilation all of them would stay in memory.
        self._last, seen = {}, set(self._outputs)
        for name, node in reversed(self._steps):
            self._last[name] = [one for one in dict.fromkeys(node.inputs) if one not in seen]
            seen.update(node.inputs)

    def _constant(self, name, value):
        """Kernels become weights; vectors, which are put together beforehand, and integers stay with numpy."""
        if not isinstance(value, np.ndarray):
            raise WeightsError(f"{self._file} has no numbers in the constant {name!r}: take another copy.")
        if value.dtype.kind != "f" or value.ndim < 2:
            return _finite(value, name, self._file)
        number = len(self.weights)
        weight = self.add_weight(
            shape=value.shape, initializer="zeros", trainable=False, dtype="float32", name=f"constant_{number}"
        )
        weight.assign(_finite(value, name, self._file))
        return weight

    def __call__(self, *args, **kwargs):
        # Keras writes the arguments into the message of an error in `call`: our sentence stays as it is.
        try:
            return super().__call__(*args, **kwargs)
        except WeightsError:
            raise WeightsError(self._fault) from None

    def call(self, tensors):
        tensors = keras.tree.flatten(tensors)
        values = dict(zip(self._inputs, tensors, strict=True)) | {
            name: value for name, value in self._constants.items() if name not in self._inputs
        }
        for name, node in self._steps:
            values[name] = self._run(name, node, [values[one] for one in node.inputs])
            for used in self._last[name]:
                del values[used]
        outputs = [ops.convert_to_tensor(values[name]) for name in self._outputs]
        return outputs[0] if len(outputs) == 1 else outputs

    def _run(self, name, node, inputs):
        try:
            value = OPERATIONS[node.op](node.attributes, *inputs)
            # The first axis is the batch; others may be unknown too.
            lengths = [length for length in tuple(value.shape)[1:] if isinstance(length, int)]
            if not 0 < math.prod(lengths) <= _MOST_VALUES:
                raise ValueError(f"it has {math.prod(lengths)} values for one picture")
        except _MISFITS as error:
            reason = " ".join(str(error).split())[:160]
            self._fault = (
                f"{self._file} cannot be run: node {name!r} ({node.op}) does not fit what it is given ({reason}); "
                f"take another copy of the file."
            )
            raise WeightsError(self._fault) from None
        return value


def needed_nodes(graph, inputs, outputs):
    """Names of the nodes that outputs depend on, inputs left out, each after those that it reads.

    Raises:
        WeightsError: a node is missing, waits for itself, or is of an operation that is not among those that are run.
    """
    order, state = [], dict.fromkeys(inputs, "done")
    waiting = list(reversed(outputs))
    while waiting:
        name = waiting[-1]
        if state.get(name) == "done":
            waiting.pop()
            continue
        if state.get(name) == "open":
            state[name] = "done"
            order.append(waiting.pop())
            continue

        node = _checked(graph, name)
        state[name] = "open"
        circle = [one for one in node.inputs if state.get(one) == "open"]
        if circle:
            raise WeightsError(f"{graph.path} has a circle at node {circle[0]!r}: take a frozen graph without loops.")
        if len(state) > _MOST_NODES:
            raise WeightsError(f"{graph.path} has more than {_MOST_NODES} nodes to run: take another file.")
        waiting.extend(one for one in reversed(node.inputs) if state.get(one) != "done")
    return order


def _checked(graph, name):
    node = graph.nodes.get(name)
    if node is None:
        raise WeightsError(f"{graph.path} has no node {name!r}: it is another graph, or a damaged one.")
    if node.op != "Const" and node.op not in OPERATIONS:
        raise WeightsError(
            f"{graph.path} holds the operation {node.op!r} (node {name!r}), which is not among those that are run: "
            f"take the file as published."
        )
    return node


def _finite(value, name, path):
    if value.dtype.kind == "f" and not np.isfinite(value).all():
        raise WeightsError(f"{path} holds values that are not finite (node {name!r}): take another copy.")
    return value
