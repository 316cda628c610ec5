"""Seconds per training step of the Deformable GAN against its floor.

    taskset -c 0,1 python benchmarks/train_step.py
    KERAS_BACKEND=jax taskset -c 0,1 python benchmarks/train_step.py --batch_size 4 --content block1_conv2

A step is an iteration as `train.py` runs it: one update of the discriminator and one of the generator on pairs of the
demo set. The floor is the time that its convolutions would take at the fastest float32 matrix product that the same
back end reaches on the same cores in the same run. Multiply-adds are counted from the layers: once for a pass forward,
once for the gradient of the weights where it is wanted, once for the gradient of the inputs where something before
them is trained.

    discriminator's update: generator forward on B; discriminator forward and both gradients on 2B
    generator's update:     generator forward and both gradients on B; discriminator forward and gradient of the
                            inputs on B; VGG19 forward on 2B and gradient of the inputs on B
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

# Convolutions that read pictures and poses: nothing before them is trained.
FIRST = ("encoder_conv0", "appearance_conv0", "pose_conv0", "first_conv")
MATRICES = ((2048, 2048, 2048), (4096, 1024, 1024), (8192, 512, 2048))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--width", default="1.0")
    parser.add_argument("--batch_size", type=int, default=4)
    parser.add_argument("--warp_skip", default="mask")
    parser.add_argument("--content", default="none", help="VGG19 layers of the content loss, with random weights")
    parser.add_argument("--mixed_precision", default="none")
    parser.add_argument("--jit_compile", type=int, default=0)
    parser.add_argument("--deterministic", type=int, default=1, help="0: without what makes runs repeat to the bit")
    parser.add_argument("--steps", type=int, default=10)
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        method, step, batches = prepare(arguments, folder)
    start = time.perf_counter()
    run(step, next(batches))
    first = time.perf_counter() - start
    seconds, rate = [], matrix_rate()
    run(step, next(batches))
    for _ in range(arguments.steps):
        batch = next(batches)
        start = time.perf_counter()
        run(step, batch)
        seconds.append(time.perf_counter() - start)

    # The machine may be busier at one time than at another: the best rate before and after counts.
    rate = max(rate, matrix_rate())
    report(arguments, method, first, seconds, rate)


def prepare(arguments, folder):
    """The method, its compiled step and an endless iterator of batches."""
    import keras

    from pgig.cli.options import parse
    from pgig.data.dataset import open_images
    from pgig.data.pairs import read_pairs
    from pgig.data.stream import PairStream
    from pgig.train.step import build_optimizers, compile_iteration, engine

    if arguments.deterministic:
        engine.prepare()
    if arguments.mixed_precision != "none":
        keras.config.set_dtype_policy(f"mixed_{arguments.mixed_precision}")
    flags = ["--dataset", "demo", "--warp_skip", arguments.warp_skip, "--width", arguments.width]
    if arguments.content != "none":
        flags += ["--content_loss_layer", arguments.content, "--nn_loss_area_size", "3", "--l1_penalty_weight", "0.01"]
        flags += ["--perceptual_weights", random_vgg(arguments.content, f"{folder}/vgg19.h5")]
    options = parse(flags)
    method = options.method.load()(options.shared, options.config, options.data.image_size)
    method.load_frozen()
    stage = method.stage
    optimizers = build_optimizers(method, stage, arguments.mixed_precision)
    step = compile_iteration(method, stage, optimizers, bool(arguments.jit_compile))
    images, pairs = open_images(options.data), read_pairs(options.data.pairs_file_train)
    return method, step, PairStream(images, pairs, arguments.batch_size).batches(group=stage.batches)


def random_vgg(layers, path):
    """Write a VGG19 weight file of random numbers; returns its path."""
    import h5py

    from pgig.pretrained.vgg19 import build_vgg

    with h5py.File(path, "w") as file:
        weighted = [layer for layer in build_vgg(layers.split(",")).layers if layer.weights]
        file.attrs["layer_names"] = [layer.name for layer in weighted]
        for layer in weighted:
            group = file.create_group(layer.name)
            group.attrs["weight_names"] = [weight.name for weight in layer.weights]
            for weight, value in zip(layer.weights, layer.get_weights(), strict=True):
                group[weight.name] = value
    return path


def run(step, batch):
    """One step, until its losses are on the host."""
    from keras import ops, tree

    return [float(ops.convert_to_numpy(value)) for value in tree.flatten(step(batch))]


def matrix_rate():
    """Multiply-adds per second of the fastest of some float32 matrix products."""
    import numpy as np
    from keras import ops

    from pgig.train.step import engine

    best = 0
    for rows, inner, columns in MATRICES:
        pair = {"a": np.ones((rows, inner), "float32"), "b": np.ones((inner, columns), "float32")}
        pair = {key: ops.convert_to_tensor(value) for key, value in pair.items()}
        product = engine.compiled(lambda pair: ops.matmul(pair["a"], pair["b"]), [], [])
        for _ in range(6):
            start = time.perf_counter()
            ops.convert_to_numpy(product(pair)[-1, -1])
            best = max(best, rows * inner * columns / (time.perf_counter() - start))
    return best


def floor(method, batch_size):
    """Multiply-adds of one step: {what: count}."""
    from keras import ops

    from benchmarks.multiply_adds import model_multiply_adds, multiply_adds

    generator, discriminator = (model_multiply_adds(method.networks[name]) for name in ("generator", "discriminator"))
    forward = {"generator": sum(generator.values()), "discriminator": sum(discriminator.values())}
    inside = {
        "generator": forward["generator"] - sum(generator[name] for name in FIRST),
        "discriminator": forward["discriminator"] - sum(discriminator[name] for name in FIRST),
    }
    # Of the discriminator's input, three channels are the generated image.
    first = method.networks["discriminator"].get_layer("first_conv")
    image = discriminator["first_conv"] * 3 // first.kernel.shape[2]
    counts = {
        "discriminator's update": forward["generator"] + 2 * (2 * forward["discriminator"] + inside["discriminator"]),
        "generator's update": 2 * forward["generator"] + inside["generator"]
        + forward["discriminator"] + inside["discriminator"] + image,
    }  # fmt: skip
    if method.features is not None:
        features = multiply_adds(lambda: method.features(ops.zeros((1, *method.size, 3))))
        counts["VGG19"] = 3 * sum(features.values())
    return {name: batch_size * count for name, count in counts.items()}


def report(arguments, method, first, seconds, rate):
    """Print what was measured."""
    import keras

    counts = floor(method, arguments.batch_size)
    least = sum(counts.values()) / rate
    median = statistics.median(seconds)
    print(f"{keras.backend.backend()}, {len(os.sched_getaffinity(0))} cores, {vars(arguments)}")
    for name, count in counts.items():
        print(f"{name:24}{count / 1e9:9.1f} G multiply-adds")
    print(f"{'matrix product':24}{rate / 1e9:9.1f} G multiply-adds/s")
    print(f"{'floor':24}{least:9.3f} s")
    print(f"{'step, median':24}{median:9.3f} s   (fastest {min(seconds):.3f}, first {first:.1f})")
    print(f"{'floor / step':24}{least / median:9.2f}     (fastest {least / min(seconds):.2f})")
    print(f"{'peak memory':24}{peak_memory() / 2**30:9.2f} GiB")


def peak_memory():
    """Bytes of the process at its highest (Linux)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    main()
