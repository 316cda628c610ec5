"""Killed with SIGKILL and started again, a run ends in the same bits as an uninterrupted one."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
FLAGS = (
    "--dataset demo --width 0.0625 --batch_size 2 --iterations_per_epoch 4 --number_of_epochs 2 --warp_skip mask "
    "--state_interval 0 --checkpoint_ratio 2 --use_validation 0 --seed 3"
)


def start(folder):
    words = [sys.executable, "train.py", *FLAGS.split(), "--checkpoints_dir", folder / "run", "--output_dir", folder / "out"]
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    return subprocess.Popen(words, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def finish(process):
    output, _ = process.communicate(timeout=240)
    assert process.returncode == 0, output
    return output


def kill_at(process, state):
    """Kill the process as soon as the folder of a state appears."""
    for _ in range(4000):
        if state.exists():
            process.send_signal(signal.SIGKILL)
            process.communicate()
            return
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.02)
    pytest.fail(f"{state} never appeared")


def final_arrays(folder):
    newest = sorted((folder / "run" / "state").glob("step-*"))[-1]
    with np.load(newest / "arrays.npz") as arrays:
        return newest.name, {name: arrays[name] for name in arrays.files}


@pytest.mark.slow
def test_killed_runs_end_in_the_same_bits(tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    finish(start(whole))
    # Inside the first epoch, at its end, inside the second.
    for step in (2, 4, 6):
        kill_at(start(broken), broken / "run" / "state" / f"step-{step:08d}")
    output = finish(start(broken))
    assert "Going on from epoch 1" in output

    name, expected = final_arrays(whole)
    broken_name, arrays = final_arrays(broken)
    assert name == broken_name == "step-00000008"
    assert set(arrays) == set(expected)
    assert any("seed" in key for key in arrays)
    assert any(key.startswith("optimizer/generator") for key in arrays)
    for key, value in expected.items():
        assert np.array_equal(arrays[key], value), key

    # The records are those of one run, too: the same means in the same number of lines.
    lines = [[json.loads(line) for line in (f / "out" / "stats.jsonl").read_text().splitlines()] for f in (whole, broken)]
    kept = [[(entry["epoch"], entry["generator"], entry["discriminator"]) for entry in entries] for entries in lines]
    assert kept[0] == kept[1]
    left = {path.name for path in (broken / "run").iterdir()}
    assert left == {"state", "epoch_001_generator.h5", "epoch_001_discriminator.h5"}
