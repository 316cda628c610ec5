"""Local attention against its plain form, which lays all patches side by side: time and memory.

    taskset -c 0,1 python benchmarks/local_attention.py
    KERAS_BACKEND=jax taskset -c 0,1 python benchmarks/local_attention.py --batch_size 4

The plain form is the original's: patches of source and target in maps kernel x kernel times as large, a convolution
whose stride is its kernel, coefficients in the layout of the patches, their product averaged. Layers are those of the
published configuration for pictures of 256 x 256. The least that both have to do are the multiply-adds of the two
convolutions, three times in training, at the rate that they state beside the time.
"""

import argparse
import gc
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

# (height, width, channels, kernel) by layer, and what is computed.
LAYERS = {"layer 2": (64, 64, 128, 5), "layer 3": (32, 32, 256, 3)}
PASSES = ("forward", "with gradients")
FORMS = ("plain", "ours")
REPEATS = 9
SMALL = 8


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch_size", type=int, default=2)
    parser.add_argument("--jit_compile", type=int, default=0, help="1: XLA on TensorFlow too")
    parser.add_argument("--one", nargs=4, metavar=("LAYER", "PASS", "FORM", "WHAT"), help="measure it here, print JSON")
    arguments = parser.parse_args()
    if arguments.one:
        layer, way, form, what = arguments.one
        measure = seconds if what == "seconds" else memory
        print(json.dumps(measure(lambda size: build(size, way, form, arguments), LAYERS[layer])))
        return

    backend, cores = os.environ.get("KERAS_BACKEND", "tensorflow"), len(os.sched_getaffinity(0))
    print(f"local attention, batch {arguments.batch_size}, {backend}, {cores} core(s), medians of {REPEATS}\n")
    print(f"{'':10}{'':18}{'':8}{'time':>10}{'ratio':>8}{'GFLOP/s':>9}{'memory':>12}{'ratio':>8}")
    for layer in LAYERS:
        for way in PASSES:
            plain = None
            for form in FORMS:
                found = [measured(arguments, layer, way, form, what) for what in ("seconds", "memory")]
                plain = plain or found
                rate = operations(LAYERS[layer], way) * arguments.batch_size / found[0]
                print(
                    f"{layer:10}{way:18}{form:8}{found[0] * 1e3:8.1f}ms{found[0] / plain[0]:8.3f}{rate / 1e9:9.1f}"
                    f"{found[1] / 2**20:9.0f}MiB{found[1] / plain[1]:8.3f}",
                    flush=True,
                )


def measured(arguments, layer, way, form, what):
    """Measure one thing in a process of its own."""
    command = [sys.executable, sys.argv[0], "--batch_size", str(arguments.batch_size)]
    command += ["--jit_compile", str(arguments.jit_compile), "--one", layer, way, form, what]

    # What preparing gave back must leave the process at once, or a step would take it again unseen; that takes time,
    # so time is another run.
    freed = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "0"} if what == "memory" else {}
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, **freed}).stdout
    return json.loads(output.splitlines()[-1])


def operations(layer, way):
    """Floating-point operations of the two convolutions of one sample."""
    height, width, channels, kernel = layer
    return 2 * 2 * height * width * channels * 128 * kernel**2 * (3 if way == "with gradients" else 1)


def seconds(prepare, layer):
    """Median time of a step."""
    step = prepare(layer)
    step()
    spent = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        step()
        spent.append(time.perf_counter() - start)
    return statistics.median(spent)


def memory(prepare, layer):
    """How far the first run of a compiled step, results included, lifts the process above what it held before."""
    # A small one first: what libraries load when they first compute is not counted.
    prepare((SMALL, SMALL, *layer[2:]))()
    step = prepare(layer)
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")
    before = status("VmRSS")
    step()
    return status("VmHWM") - before


def status(key):
    """A size in bytes from /proc/self/status."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(key))


def build(layer, way, form, arguments):
    """A compiled step: a function without arguments that waits for its result."""
    import keras
    import numpy as np
    from keras import ops

    from pgig.layers.local_attention import LocalAttention

    height, width, channels, kernel = layer
    generator = np.random.default_rng(0)
    shape = (arguments.batch_size, height, width, channels)
    maps = [generator.normal(size=shape).astype("float32") for _ in range(2)]
    flow = (3 * generator.normal(size=(*shape[:3], 2))).astype("float32")
    layer = LocalAttention(kernel)
    layer.build([shape, shape, flow.shape])
    inputs = [ops.convert_to_tensor(x) for x in (*maps, flow, *layer.get_weights())]

    def loss(source, target, flow, *weights):
        variables = zip(layer.trainable_variables, weights, strict=True)
        with keras.StatelessScope(state_mapping=list(variables)):
            attend = layer if form == "ours" else lambda inputs: plain(layer, *inputs)
            return attend([source, target, flow])

    prepare = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}[keras.backend.backend()]
    return prepare(loss, inputs, way == "with gradients", bool(arguments.jit_compile))


def plain(layer, source, target, flow):
    """What the layer computes, the way of the original."""
    from keras import ops

    from pgig.layers.block_extractor import block_extractor
    from pgig.layers.local_attn_reshape import local_attn_reshape

    kernel = layer.kernel
    sources = block_extractor(source, flow, kernel)
    targets = block_extractor(target, ops.zeros_like(flow), kernel)
    both = ops.concatenate([targets, sources], axis=-1)
    hidden = ops.conv(both, layer.kernel1, strides=kernel, padding="valid", data_format="channels_last") + layer.bias1
    hidden = ops.leaky_relu(hidden, layer.negative_slope)
    logits = ops.conv(hidden, layer.kernel2, padding="valid", data_format="channels_last") + layer.bias2
    coefficients = local_attn_reshape(ops.softmax(logits, axis=-1), kernel)
    return ops.average_pool(coefficients * sources, kernel, strides=kernel, data_format="channels_last")


def _tensorflow(loss, inputs, gradients, jit_compile):
    import tensorflow as tf

    @tf.function(jit_compile=jit_compile, autograph=False)
    def step(inputs):
        if not gradients:
            return loss(*inputs)
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            value = loss(*inputs)
        return tape.gradient(value, inputs, value)

    step = step.get_concrete_function(inputs)
    return lambda: [result.numpy() for result in tf.nest.flatten(step(*inputs))]


def _jax(loss, inputs, gradients, jit_compile):
    import jax

    def step(inputs):
        if not gradients:
            return loss(*inputs)
        value, back = jax.vjp(loss, *inputs)
        return back(value)

    step = jax.jit(step).lower(inputs).compile()
    return lambda: jax.block_until_ready(step(inputs))


def _torch(loss, inputs, gradients, jit_compile):
    import torch

    inputs = [x.detach().requires_grad_(gradients) for x in inputs]

    def step():
        with torch.set_grad_enabled(gradients):
            value = loss(*inputs)
        if gradients:
            torch.autograd.grad(value, inputs, value.detach())

    return step


if __name__ == "__main__":
    main()
