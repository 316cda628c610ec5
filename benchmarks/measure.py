"""Time and memory of variants of one computation, each in a process of its own, against the first of them."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

REPEATS = 9


def main(title, floor, variants, build):
    """Measure every variant and print a table of ratios to the first.

    Args:
        title: one line saying what is measured.
        floor: one line with the least that any variant has to do.
        variants: names; the first is the plain way.
        build: `build(name)` -> function without arguments that runs one compiled step and waits for its result.
    """
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument("--threads", type=int, default=1, help="threads of TensorFlow (default 1)")
    parser.add_argument("--variant", choices=variants, help="measure this one here and print JSON")
    arguments = parser.parse_args()
    if arguments.variant:
        print(json.dumps(_measure(arguments.threads, lambda: build(arguments.variant))))
        return

    print(f"{title}\n{floor}\nmedians of {REPEATS}, first run excluded, {arguments.threads} thread(s)\n")
    print(f"{'variant':28}{'time':>10}{'ratio':>8}{'extra memory':>15}{'ratio':>8}")
    plain = None
    for name in variants:
        command = [sys.executable, sys.argv[0], "--threads", str(arguments.threads), "--variant", name]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        result = json.loads(output.splitlines()[-1])
        plain = plain or result
        seconds, memory = result["seconds"], result["bytes"]
        print(
            f"{name:28}{seconds * 1e3:8.1f}ms{seconds / plain['seconds']:8.3f}"
            f"{memory / 2**20:12.0f}MiB{memory / plain['bytes']:8.3f}"
        )


def _measure(threads, build):
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    step = build()

    # Memory: the highest mark that the runs leave above what inputs and libraries hold.
    before = _status("VmRSS")
    step()
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - start)
    return {"seconds": statistics.median(seconds), "bytes": max(_status("VmHWM") - before, 1)}


def _status(key):
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith(key):
                return int(line.split()[1]) * 1024
    raise KeyError(key)
