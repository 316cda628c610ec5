"""A few training steps on the back end that KERAS_BACKEND names: `python run_steps.py SHARED OUTPUT`.

Weights and inputs of the networks come from the folder SHARED, or go there when it is empty. The inputs are shared
because a sampling position half-way between two pixels goes to the one or the other by the last bit of a transform,
which JAX fits in float32 and the others in float64; how much they differ is a result of its own. OUTPUT gets JSON.
"""

import json
import sys
from pathlib import Path

import keras
import numpy as np
from keras import ops

from pgig.cli.options import parse
from pgig.data.dataset import open_images
from pgig.data.pairs import read_pairs
from pgig.data.stream import PairStream
from pgig.train.step import build_optimizers, compile_forward, compile_iteration

STEPS = 3
FLAGS = "--dataset demo --width 0.125 --batch_size 2 --warp_skip mask --seed 5"


def main(folder, output):
    folder = Path(folder)
    options = parse(FLAGS.split())
    method = options.method.load()(options.shared, options.config, options.data.image_size)
    for layer in method.networks["generator"].layers:
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = 0.0
    variables = [v for network in method.networks.values() for v in network.trainable_variables]
    weights = shared(folder / "weights.npz", {f"{i:03d}": v.value for i, v in enumerate(variables)})
    for variable, value in zip(variables, weights.values(), strict=True):
        variable.assign(value)

    stage = method.stage
    images, pairs = open_images(options.data), read_pairs(options.data.pairs_file_train)
    stream = PairStream(images, pairs, options.shared.batch_size, seed=options.shared.seed, feeder="python")
    prepare, batches = compile_forward(method, method.inputs), stream.batches(group=stage.batches)
    own = [prepare(next(batches)) for _ in range(STEPS)]
    inputs = [shared(folder / f"inputs{step}.npz", values) for step, values in enumerate(own)]

    method.inputs = lambda batch: batch
    step = compile_iteration(method, stage, build_optimizers(method, stage))
    losses = []
    for batch in inputs:
        logs = step(batch)
        losses.append({f"{player} {term}": number(v) for player, terms in logs.items() for term, v in terms.items()})

    values = [np.float64(ops.convert_to_numpy(variable.value)) for variable in variables]
    result = {
        "losses": losses,
        "sums": {"absolute": sum(np.abs(v).sum() for v in values), "square": sum(np.square(v).sum() for v in values)},
        "differing": {key: largest_share(key, own, inputs) for key in inputs[0]},
        "modules": [name for name in ("tensorflow", "torch") if name in sys.modules],
    }
    Path(output).write_text(json.dumps(result))


def shared(path, values):
    """Arrays of the file, which is written from `values` when there is none: {name: array}."""
    if not path.exists():
        np.savez(path, **{key: ops.convert_to_numpy(value) for key, value in values.items()})
    with np.load(path) as arrays:
        return {key: arrays[key] for key in arrays.files}


def largest_share(key, own, inputs):
    """Share of numbers of an input that differ from the shared ones by more than 1e-4, in the worst step."""
    pairs = [(ops.convert_to_numpy(mine[key]), given[key]) for mine, given in zip(own, inputs, strict=True)]
    return max(float(np.mean(np.abs(mine - given) > 1e-4 * (1 + np.abs(given)))) for mine, given in pairs)


def number(value):
    return float(ops.convert_to_numpy(value))


if __name__ == "__main__":
    main(*sys.argv[1:])
