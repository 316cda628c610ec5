"""The Inception network of 2015, as inception scores and the original Fréchet distances use it.

Published scores of this field come from exactly this graph file (Szegedy et al., "Rethinking the Inception
architecture for computer vision", 2015; `inception-2015-12-05.tgz`). It resizes pictures itself, in TensorFlow 1's
way; what stands before its node `ExpandDims`, the decoding of a JPEG, is cut off.
"""

import keras
import numpy as np

from pgig.errors import WeightsError
from pgig.pretrained.batches import checked_pixels, in_batches
from pgig.pretrained.catalogue import fingerprint
from pgig.pretrained.graph import FrozenGraph, needed_nodes
from pgig.weights.graph_file import read_graph

FILE_NAME = "classify_image_graph_def.pb"

_INPUT, _POOL, _LOGITS = "ExpandDims", "pool_3", "softmax/logits/MatMul"


class Inception2015:
    """The network as an extractor of features, and its last layer.

    Args:
        path: the file `classify_image_graph_def.pb`.
        batch_size: pictures that run at a time; it does not change the result.

    Raises:
        WeightsError: the file is missing, damaged, holds an operation that is not known, or is another graph.
    """

    name = "inception-2015"
    version = 1

    def __init__(self, path, batch_size=32):
        graph = read_graph(path)
        self.batch_size = batch_size
        self.fingerprint = f"{self.name}-{self.version}-{fingerprint(path)}"

        absent = [name for name in (_INPUT, _POOL, _LOGITS) if name not in graph.nodes]
        if absent:
            raise WeightsError(_other_graph(path, f"it has no node {absent[0]!r}"))
        pixels = keras.Input((None, None, 3), dtype="uint8")
        pool = FrozenGraph(graph, [_INPUT], [_POOL])(keras.ops.cast(pixels, "float32"))
        self._weights = _last_weights(graph)
        if len(pool.shape) != 4 or pool.shape[1:] != (1, 1, len(self._weights)):
            sizes = f"{_POOL} gives {tuple(pool.shape)}, the last weights are {self._weights.shape}"
            raise WeightsError(_other_graph(path, sizes))
        # Only the two spatial axes are removed, so that a batch of one stays a batch.
        self._model = keras.Model(pixels, keras.ops.squeeze(pool, axis=(1, 2)))

    def __call__(self, pixels):
        """Features of pictures: the last average pool.

        Args:
            pixels: (N, H, W, 3) uint8 of any size; the graph resizes to 299x299 itself.

        Returns:
            (N, 2048) float32.

        Raises:
            DataError: `pixels` is of another shape or type.
        """
        pixels = checked_pixels(pixels, "Inception")
        return in_batches(self._model, self.batch_size, pixels)

    def probabilities(self, features):
        """Class probabilities; the bias of the last layer is left out, as in the published scores.

        Args:
            features: (N, 2048), as `__call__` gives them.

        Returns:
            (N, 1008) float64, rows of sum 1.
        """
        return class_probabilities(features, self._weights)


def class_probabilities(features, weights):
    """Class probabilities without the bias of the last layer, as in the published inception scores.

    Args:
        features: (N, F).
        weights: (F, C) of the last layer.

    Returns:
        (N, C) float64, rows of sum 1.
    """
    logits = np.asarray(features, np.float64) @ np.asarray(weights, np.float64)
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def _last_weights(graph):
    """(features, classes) float64: the constant that the node of the logits multiplies with."""
    node = graph.nodes[_LOGITS]
    weights = None
    if node.op == "MatMul" and len(node.inputs) == 2:
        # A walk along a checked graph has an end.
        needed_nodes(graph, [], node.inputs[1:])
        last = graph.nodes[node.inputs[1]]
        while last.op == "Identity" and last.inputs:
            last = graph.nodes[last.inputs[0]]
        weights = last.attributes.get("value") if last.op == "Const" else None
    good = isinstance(weights, np.ndarray) and weights.dtype.kind == "f" and weights.ndim == 2 and weights.size
    if not good or not np.isfinite(weights).all():
        raise WeightsError(_other_graph(graph.path, f"{_LOGITS} has no matrix of finite numbers"))
    return weights.astype(np.float64)


def _other_graph(path, detail):
    return f"{path} is not the Inception graph of 2015-12-05 ({detail}): give {FILE_NAME} as published."
