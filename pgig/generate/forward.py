"""Running any function of a method over pairs in file order, batch by batch."""

import numpy as np
from keras import ops

from pgig.train.step import compile_forward
from pgig.utils.progress import progress_bar


def forward_batches(method, function, stream, options, limit=0, title="Generating"):
    """Compute something of all pairs of a stream, the rest that does not fill a batch included.

    Args:
        method: a `Method`.
        function: of what `Method.inputs` returns -> dictionary of tensors with leading size B.
        stream: `PairStream`.
        options: `Options`: `test_batch_size` and `jit_compile` apply.
        limit: only the first so many pairs; 0: all.
        title: text before the progress bar.

    Yields:
        (batch, results): the batch of the stream with its names, and the dictionary, all in numpy.
    """
    shared = options.shared
    forward = compile_forward(method, lambda batch: function(method.inputs(batch)), bool(shared.jit_compile))
    with progress_bar(None, title, "pair", min(limit or len(stream), len(stream))) as bar:
        for batch in stream.finite(shared.test_batch_size, limit):
            names = {key: batch.pop(key) for key in ("source_name", "target_name")}
            results = {key: ops.convert_to_numpy(value) for key, value in forward(batch).items()}
            yield {key: np.asarray(value) for key, value in batch.items()} | names, results
            bar.update(len(names["source_name"]))
