"""Generating and training of PATN and GFLA against the same networks in plain PyTorch, as a Markdown table.

    taskset -c 0,2 python benchmarks/against_torch.py
    KERAS_BACKEND=jax taskset -c 0,2 python benchmarks/against_torch.py --cases patn-market gfla-full-market

The other side is benchmarks/plain_torch: eager, channels first, operators and matrices as the originals have them. Each
side runs in a process of its own, with a thread for each core that this program may use (`taskset`), on the same
pictures and poses. They take turns, so that a busy moment of the machine falls on both; the first run of each, which
compiles, does not count. Generating goes from pixels and joints (plain PyTorch: from pictures and maps) to pictures on
the host; in the stage `flow` of GFLA to the warped source (plain PyTorch: to the flows). Memory is the highest mark of
a process above what it holds after its imports; time spent is that of all its threads.
"""

import argparse
import functools
import importlib.util
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.generator_cost import people, processor  # noqa: E402
from benchmarks.train_step import peak_memory  # noqa: E402
from pgig.cli.main import guarded  # noqa: E402
from pgig.errors import OptionsError  # noqa: E402
from pgig.utils.progress import progress_bar  # noqa: E402

CASES = {
    "patn-market": "--method patn --image_size 128,64",
    "patn-fashion": "--method patn --image_size 256,176",
    "gfla-flow-market": "--method gfla --stage flow --image_size 128,64",
    "gfla-flow-fashion": "--method gfla --stage flow --image_size 256,256",
    "gfla-full-market": "--method gfla --stage full --image_size 128,64",
    "gfla-full-fashion": "--method gfla --stage full --image_size 256,256",
}
PASSES = {"generate": "generating", "step": "training step"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", nargs="+", default=list(CASES), choices=CASES, help="default: all")
    parser.add_argument("--passes", nargs="+", default=list(PASSES), choices=PASSES, help="default: both")
    parser.add_argument("--batch_size", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--jit_compile", type=int, default=0, help="1: XLA for our step (TensorFlow; JAX always)")
    parser.add_argument("--side", choices=("ours", "torch"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.side:
        serve(arguments)
        return
    if importlib.util.find_spec("torch") is None:
        raise OptionsError("PyTorch, the other side of this comparison, is not installed: pip install torch.")

    rows, backend = [], os.environ.get("KERAS_BACKEND", "tensorflow")
    with tempfile.TemporaryDirectory() as folder:
        write_vgg(f"{folder}/vgg19.pth")
        for case in progress_bar(arguments.cases, "Measuring", "case"):
            write_batch(folder, case, arguments.batch_size)
            rows += measured(case, arguments, folder)
    cores = len(os.sched_getaffinity(0))
    print(f"{backend} against PyTorch, {cores} cores of {processor()}, batches of {arguments.batch_size};")
    print(f"medians of {arguments.rounds}, in brackets the fastest; ratios below 1: ours needs less\n")
    print("| case | what | ours, s | PyTorch, s | time, ratio | time spent, ratio | memory, GiB | memory, ratio |")
    print("|---|---|---|---|---|---|---|---|")
    for row in rows:
        print(f"| {' | '.join(row)} |")


def measured(case, arguments, folder):
    """Rows of the table for a case."""
    sides = [Side(name, case, arguments, folder) for name in ("ours", "torch")]
    try:
        for what in arguments.passes:
            for side in sides:
                side.ask(what)
            answers = [[side.ask(what) for side in sides] for _ in range(arguments.rounds)]
            yield row(case, what, *zip(*answers, strict=True))
    finally:
        for side in sides:
            side.close()


def row(case, what, ours, theirs):
    """Cells of one line, from the answers of both sides."""

    def ratio(key, choose):
        return f"{choose(a[key] for a in ours) / choose(a[key] for a in theirs):.2f}"

    cells = [case, PASSES[what]]
    for answers in (ours, theirs):
        seconds = [answer["seconds"] for answer in answers]
        cells.append(f"{statistics.median(seconds):.3f} ({min(seconds):.3f})")
    cells.append(f"{ratio('seconds', statistics.median)} ({ratio('seconds', min)})")
    cells.append(f"{ratio('spent', statistics.median)} ({ratio('spent', min)})")
    cells.append(" against ".join(f"{answers[-1]['memory'] / 2**30:.2f}" for answers in (ours, theirs)))
    return [*cells, ratio("memory", max)]


class Side:
    """A process that holds the networks of one side and runs a pass when asked."""

    def __init__(self, name, case, arguments, folder):
        command = [sys.executable, __file__, "--side", name, "--cases", case, "--folder", folder]
        command += ["--jit_compile", str(arguments.jit_compile)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, what):
        """Run a pass there: {"seconds": by the clock, "spent": of all threads, "memory": bytes}."""
        self.process.stdin.write(f"{what}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{' '.join(self.process.args)} ended; its message stands above.")
        return json.loads(answer)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def serve(arguments):
    """Answer the passes that are asked for on the standard input."""
    (case,) = arguments.cases
    passes = (our_passes if arguments.side == "ours" else torch_passes)(case, arguments)
    before = next(passes)
    generate, step = next(passes)
    for line in sys.stdin:
        start, spent = time.perf_counter(), time_spent()
        {"generate": generate, "step": step}[line.strip()]()
        answer = {"seconds": time.perf_counter() - start, "spent": time_spent() - spent}
        print(json.dumps(answer | {"memory": peak_memory() - before}), flush=True)


def our_passes(case, arguments):
    """Memory after the imports, then the functions that generate and train."""
    import numpy as np
    from keras import ops

    from benchmarks.train_step import run
    from pgig.cli.options import parse
    from pgig.train.step import build_method, build_optimizers, compile_forward, compile_iteration, engine

    yield peak_memory()
    # As train.py and test.py do.
    engine.prepare()
    words = [*CASES[case].split(), "--perceptual_weights", f"{arguments.folder}/vgg19.pth"]
    method = build_method(parse(words))
    method.load_frozen()
    with np.load(f"{arguments.folder}/batch.npz") as file:
        batch = dict(file)
    generate = compile_forward(method, lambda batch: method.generate(method.inputs(batch)))

    @functools.cache
    def step():
        """Compiled when it is first asked for: the optimizers of PyTorch too take their memory then."""
        optimizers = build_optimizers(method, method.stage)
        return compile_iteration(method, method.stage, optimizers, bool(arguments.jit_compile))

    yield lambda: ops.convert_to_numpy(generate(batch)), lambda: run(step(), batch)


def torch_passes(case, arguments):
    """The same of plain PyTorch."""
    import numpy as np
    import torch

    from benchmarks.plain_torch import gfla_training, patn

    torch.set_num_threads(len(os.sched_getaffinity(0)))
    yield peak_memory()
    market, full = case.endswith("market"), "full" in case
    if case.startswith("patn"):
        kind, weights, pool_size = ("batch", (5, 10, 10), 50) if market else ("instance", (5, 1, 1), 0)
        training = patn.Training(kind, market, weights, pool_size)
    else:
        kernels = {2: 3} if market else {2: 5, 3: 3}
        blocks = 3 if market else 4
        training = gfla_training.FullTraining(kernels, blocks) if full else gfla_training.FlowTraining(kernels)

    with np.load(f"{arguments.folder}/batch.npz") as file:
        pictures = [torch.tensor(file[f"{side}_pixels"] / 127.5 - 1).float() for side in ("source", "target")]
        pictures = [picture.permute(0, 3, 1, 2).contiguous() for picture in pictures]
        poses = [maps(file[f"{side}_keypoints"], pictures[0].shape[2:]) for side in ("source", "target")]

    @torch.inference_mode()
    def generate():
        generator = training.generator.eval()
        source, (ours, theirs) = pictures[0], poses
        if case.startswith("patn"):
            generator(source, torch.cat((ours, theirs), 1)).numpy()
        elif full:
            generator(source, ours, theirs)[0].numpy()
        else:
            generator(torch.cat((source, ours, theirs), 1))[0][-1].numpy()

    def step():
        training.generator.train()
        training.step(*pictures, *poses)

    yield generate, step


def maps(keypoints, size):
    """Gaussian pose maps (B, 18, H, W) of joints (B, 18, 3): y, x, visible."""
    import torch

    joints = torch.tensor(keypoints)[..., None, None]
    rows, columns = torch.meshgrid(*(torch.arange(n) for n in size), indexing="ij")
    distance = (rows - joints[:, :, 0]) ** 2 + (columns - joints[:, :, 1]) ** 2
    return torch.exp(-distance / 72) * joints[:, :, 2]


def write_batch(folder, case, batch_size):
    """Noise pictures with poses of the demo set, for both sides."""
    import numpy as np

    words = CASES[case].split()
    size = tuple(map(int, words[words.index("--image_size") + 1].split(",")))
    np.savez(f"{folder}/batch.npz", **people(size, batch_size))


def write_vgg(path):
    """A file of VGG19 as torchvision's, of random numbers."""
    import torch

    from benchmarks.plain_torch.gfla_training import Vgg19

    # Places of the convolutions among the modules of torchvision's network.
    places = (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34)
    state = {}
    for place, convolution in zip(places, Vgg19().convolutions, strict=True):
        state |= {f"features.{place}.{name}": value for name, value in convolution.state_dict().items()}
    torch.save(state, path)


def time_spent():
    """Seconds that all threads of the process have computed."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    guarded(main)
