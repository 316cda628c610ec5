"""The Inception network of 2015, read from TensorFlow's frozen graph file without trusting the file.

Published inception scores of this field come from exactly this graph. It is not distributed with this
package; the user gives `classify_image_graph_def.pb` (from `inception-2015-12-05.tgz`) by path or in
$PGIG_INCEPTION.
"""

import math
import os
from pathlib import Path

import numpy as np

from pgig.errors import MissingPackageError, WeightsError

FILE_NAME = "classify_image_graph_def.pb"
VARIABLE = "PGIG_INCEPTION"

# Pure mathematics, and the decoder at the graph's entrance, which is cut off before anything runs. A graph is
# a program: some operations read files or call Python, so what is not listed here is refused.
ALLOWED_OPS = frozenset(
    "Add AddV2 AvgPool BatchNormWithGlobalNormalization BiasAdd Cast CheckNumerics Concat ConcatV2 Const "
    "Conv2D DecodeJpeg ExpandDims Identity MatMul MaxPool Mul Placeholder Relu Reshape ResizeBilinear "
    "Softmax Squeeze Sub".split()
)

# The real file has 95 million bytes and 24 million weights.
_MOST_BYTES = 2**29
_MOST_VALUES = 2**26

_INPUT, _POOL, _LOGITS = "ExpandDims", "pool_3", "softmax/logits/MatMul"


def find_graph(path=None):
    """Where the graph file should lie: `path`, else what $PGIG_INCEPTION says; a `Path`, or None."""
    place = path or os.environ.get(VARIABLE)
    return Path(place) if place else None


def what_is_missing(path=None):
    """One sentence saying which file inception scores lack and where to put it, or None when it is there.

    Args:
        path: path of the graph file, or None for $PGIG_INCEPTION.
    """
    place = find_graph(path)
    if place is None:
        return (
            f"Inception scores need the file {FILE_NAME} from inception-2015-12-05.tgz: give its path with "
            f"--inception_weights or in the environment variable {VARIABLE}."
        )
    if not place.is_file():
        return (
            f"Inception scores need {FILE_NAME} from inception-2015-12-05.tgz, but there is no file {place}: "
            f"put it there, or give its path with --inception_weights or in the environment variable "
            f"{VARIABLE}."
        )
    return None


class InceptionGraph:
    """The classifier: pictures in, class probabilities out.

    Args:
        path: path of the graph file, or None for $PGIG_INCEPTION.
        batch_size: pictures that run at a time; it does not change the result.

    Raises:
        WeightsError: the file is missing, unreadable, holds an operation that is not allowed, or is another
            graph.
        MissingPackageError: TensorFlow is not installed.
    """

    def __init__(self, path=None, batch_size=10):
        missing = what_is_missing(path)
        if missing:
            raise WeightsError(missing)
        tf = _tensorflow()
        self.batch_size = batch_size
        self._path, self._run_error = find_graph(path), tf.errors.OpError
        self._session, self._input, self._probabilities = _load(tf, self._path)

    def __call__(self, pixels):
        """Class probabilities of pictures.

        Args:
            pixels: (N, H, W, 3) uint8 of any size; the graph resizes to 299x299 itself.

        Returns:
            (N, C) float32; the real file has C = 1008 classes.

        Raises:
            WeightsError: the graph fails on a picture.
        """
        pixels = np.asarray(pixels)
        if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[-1] != 3:
            raise ValueError(f"pixels must be (N, H, W, 3) uint8, not {pixels.shape} {pixels.dtype}")
        parts = [np.zeros((0, self._probabilities.shape[-1]), np.float32)]
        for start in range(0, len(pixels), self.batch_size):
            batch = pixels[start : start + self.batch_size].astype(np.float32)
            try:
                parts.append(self._session.run(self._probabilities, {self._input: batch}))
            except self._run_error as error:
                raise WeightsError(_other_graph(self._path, error)) from None
        return np.concatenate(parts)


def _tensorflow():
    try:
        import tensorflow
    except ImportError:
        raise MissingPackageError(
            "Inception scores need TensorFlow to run their graph, and it is not installed: "
            "pip install 'pgig[tensorflow]'."
        ) from None
    return tensorflow


def _load(tf, path):
    """Session, input tensor and probability tensor of the checked graph."""
    graph_def = _parse(tf, path)
    _check(graph_def, path)
    graph_def, weights_name = _needed(tf, graph_def, path)
    with tf.Graph().as_default() as graph:
        picture = tf.compat.v1.placeholder(tf.float32, (None, None, None, 3))
        try:
            pool, weights = tf.import_graph_def(
                graph_def, {f"{_INPUT}:0": picture}, [f"{_POOL}:0", weights_name], name=""
            )
            # The published scores leave the bias of the last layer out. Only the two spatial axes are
            # removed, so that a batch of one stays a batch.
            probabilities = tf.nn.softmax(tf.matmul(tf.squeeze(pool, axis=(1, 2)), weights))
        except (ValueError, KeyError, TypeError, tf.errors.OpError) as error:
            raise WeightsError(_other_graph(path, error)) from None

    config = tf.compat.v1.ConfigProto()
    config.gpu_options.allow_growth = True
    return tf.compat.v1.Session(graph=graph, config=config), picture, probabilities


def _other_graph(path, error):
    detail = str(error).partition("\n")[0][:120]
    return f"{path} is not the Inception graph of 2015-12-05 ({detail}): give {FILE_NAME} as published."


def _parse(tf, path):
    from google.protobuf.message import DecodeError

    if path.stat().st_size > _MOST_BYTES:
        raise WeightsError(
            f"{path} has more than {_MOST_BYTES} bytes, the Inception graph 95 million: give {FILE_NAME}."
        )
    graph_def = tf.compat.v1.GraphDef()
    try:
        graph_def.ParseFromString(path.read_bytes())
    except DecodeError:
        raise WeightsError(f"{path} is not a TensorFlow graph file: give {FILE_NAME} as published.") from None
    except OSError as error:
        raise WeightsError(f"{path} cannot be read ({error.strerror}): make it readable.") from None
    return graph_def


def _check(graph_def, path):
    """Refuse a graph that could do anything but compute with numbers of a reasonable amount."""
    if graph_def.library.function:
        raise WeightsError(
            f"{path} holds functions, which the Inception graph does not: give {FILE_NAME} as published."
        )
    values = 0
    for node in graph_def.node:
        if node.op not in ALLOWED_OPS:
            raise WeightsError(
                f"{path} holds the operation {node.op!r} (node {node.name!r}), which is not among those of "
                f"the Inception graph and is not run: give {FILE_NAME} as published."
            )
        # A few bytes can declare a constant of any size.
        if node.op == "Const":
            sizes = [dimension.size for dimension in node.attr["value"].tensor.tensor_shape.dim]
            values += math.prod(sizes) if min(sizes, default=0) >= 0 else math.inf
    if values > _MOST_VALUES:
        raise WeightsError(
            f"{path} declares {values} weights, the Inception graph has 24 million: give {FILE_NAME} as "
            "published."
        )


def _needed(tf, graph_def, path):
    """The nodes that features and last weights depend on; what comes before the input stays behind.

    Returns:
        the smaller graph, and the name of the tensor of the last weights.
    """
    nodes = {node.name: node for node in graph_def.node}
    absent = [name for name in (_INPUT, _POOL, _LOGITS) if name not in nodes]
    if absent or len(nodes[_LOGITS].input) != 2:
        lack = f"no node {absent[0]!r}" if absent else f"a node {_LOGITS!r} without weights"
        raise WeightsError(
            f"{path} has {lack}, so it is not the Inception graph of 2015-12-05: give {FILE_NAME}."
        )
    weights = nodes[_LOGITS].input[1]

    kept, waiting = {_INPUT}, [_POOL, weights]
    while waiting:
        name = waiting.pop().lstrip("^").partition(":")[0]
        if name not in kept and name in nodes:
            kept.add(name)
            waiting.extend(nodes[name].input)

    # The input node is replaced by a placeholder: its own inputs are not needed.
    needed = tf.compat.v1.GraphDef(versions=graph_def.versions)
    needed.node.add(name=_INPUT, op="Placeholder").attr["dtype"].type = tf.float32.as_datatype_enum
    for node in graph_def.node:
        if node.name in kept - {_INPUT}:
            needed.node.add().CopyFrom(node)
            needed.node[-1].device = ""
    return needed, weights if ":" in weights else f"{weights}:0"
