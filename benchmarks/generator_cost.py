"""What a picture costs: parameters, multiply-adds and time of generating, for every method, as a Markdown table.

    taskset -c 0,2 python benchmarks/generator_cost.py --against pose-gan
    KERAS_BACKEND=jax taskset -c 0,2 python benchmarks/generator_cost.py --methods pose-gan --sizes 128x64

The networks are those of each method's default flags and of its last stage, with random weights. Parameters of
generating are those of the weight file `generator`; multiply-adds are those of its convolutions and dense layers (see
multiply_adds.py). Time is that of what `test.py` does with a batch from pixels and joints on: maps of the poses, the
compiled networks, the pictures back on the host. All rows take turns, round after round, and the fastest round of each
counts, so that a busy moment of the machine falls on all alike.
"""

import argparse
import os
import platform
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from pgig.cli.main import guarded  # noqa: E402
from pgig.cli.options import parse  # noqa: E402
from pgig.errors import OptionsError  # noqa: E402
from pgig.methods import available, load  # noqa: E402
from pgig.utils.progress import progress_bar  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--methods", nargs="+", default=list(available()), help="values of --method (default: all)")
    parser.add_argument("--sizes", nargs="+", default=["128x64", "256x256"], help="height x width of the pictures")
    parser.add_argument("--against", help="the method that ratios are taken to (default: the first)")
    parser.add_argument("--batch_size", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5, help="0: measure no time")
    arguments = parser.parse_args()
    against = arguments.against or arguments.methods[0]

    rows, left_out = [], []
    asked = [(size, method) for size in arguments.sizes for method in dict.fromkeys([against, *arguments.methods])]
    for size, method in progress_bar(asked, "Building", "method"):
        try:
            rows.append(Row(method, size, arguments.batch_size, timed=arguments.rounds > 0))
        except OptionsError as error:
            left_out.append(f"{method} at {size}: {error}")
    for row in progress_bar(arguments.rounds * rows, "Generating", "batch"):
        row.run()
    report(rows, against, arguments)
    print("\n".join(["", *left_out]))


class Row:
    """One method at one size of pictures.

    Args:
        name: value of `--method`.
        size: height x width, as text.
        batch_size: pictures generated at a time.
        timed: whether `run` will be called.
    """

    def __init__(self, name, size, batch_size, timed):
        from keras import ops

        from benchmarks.multiply_adds import multiply_adds, parameters
        from pgig.train.step import build_method, compile_forward

        self.name, self.size, self.best, self.batch_size = name, size, float("inf"), batch_size
        # The last stage generates; of a method with a stage for sampling, the first one does.
        info = load(name)
        stage = info.stages[0 if info.whole else -1]
        words = ("--method", name, "--stage", stage, "--image_size", size.replace("x", ","))
        method = build_method(parse(words))
        self.networks = {network: parameters([model]) for network, model in method.networks.items()}
        self.parameters = parameters([method.networks[network] for network in method.files["generator"]])
        self.batch = people(method.size, batch_size)
        inputs = method.inputs({key: ops.convert_to_tensor(value[:1]) for key, value in self.batch.items()})
        self.multiply_adds = sum(multiply_adds(lambda: method.generate(inputs)).values())
        if timed:
            self._generate = compile_forward(method, lambda batch: method.generate(method.inputs(batch)))
            ops.convert_to_numpy(self._generate(self.batch))

    def run(self):
        """Generate a batch, until it is on the host, and keep the shortest time."""
        from keras import ops

        start = time.perf_counter()
        ops.convert_to_numpy(self._generate(self.batch))
        self.best = min(self.best, time.perf_counter() - start)

    @property
    def pictures_per_second(self):
        return self.batch_size / self.best


def people(size, count):
    """A batch of noise pictures with poses of the demo set, scaled to their size."""
    import numpy as np

    from pgig.pose.check import is_valid
    from pgig.pose.files import read_annotations

    random = np.random.default_rng(0)
    poses = read_annotations(ROOT / "data" / "demo-annotation-test.csv").keypoints
    poses = np.stack([pose for pose in poses if is_valid(pose)][: 2 * count])
    poses[..., :2] = np.where(poses[..., 2:], np.floor(poses[..., :2] * np.divide(size, (128, 64))), -1)
    pixels = random.integers(0, 256, (2, count, *size, 3), dtype=np.uint8)
    return {
        "source_pixels": pixels[0],
        "target_pixels": pixels[1],
        "source_keypoints": poses[:count],
        "target_keypoints": poses[count:],
    }


def report(rows, against, arguments):
    """Print what was counted and measured, each number beside its ratio to the method `against`."""
    import keras

    device = getattr(keras.ops.zeros(()), "device", "cpu")
    print(f"{keras.backend.backend()} on {device}, {len(os.sched_getaffinity(0))} cores of {processor()};")
    print(f"batches of {arguments.batch_size}, fastest of {arguments.rounds}; in brackets: ratio to {against}\n")
    print("| method | picture | parameters, M | multiply-adds, G | pictures/s | parameters of the networks, M |")
    print("|---|---|---|---|---|---|")
    references = {row.size: row for row in rows if row.name == against}
    for row in rows:
        cells = [row.name, row.size.replace("x", " x ")]
        scales = {"parameters": (1e6, "2f"), "multiply_adds": (1e9, "2f"), "pictures_per_second": (1, "2f")}
        for key, (unit, digits) in scales.items():
            value = getattr(row, key)
            reference = references.get(row.size)
            ratio = f" ({value / getattr(reference, key):.3g})" if reference not in (None, row) and value else ""
            cells.append(f"{value / unit:.{digits}}{ratio}" if value else "-")
        cells.append(", ".join(f"{network} {count / 1e6:.2f}" for network, count in row.networks.items()))
        print(f"| {' | '.join(cells)} |")


def processor():
    """Name of the processor (Linux)."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(": ")[1] for line in lines if line.startswith("model name")), platform.machine())


if __name__ == "__main__":
    guarded(main)
