"""Stopped by whatever signal and started again, a run ends in the same bits as an uninterrupted one."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import final_state

ROOT = Path(__file__).resolve().parents[2]
FLAGS = (
    "--dataset market --width 0.0625 --batch_size 2 --iterations_per_epoch 4 --number_of_epochs 3 --warp_skip mask "
    "--state_interval 0 --checkpoint_ratio 2 --use_validation 0 --seed 3"
)
EPOCH = 4


def start(name):
    words = [sys.executable, ROOT / "train.py", *FLAGS.split()]
    words += ["--checkpoints_dir", f"{name}/run", "--output_dir", f"{name}/out"]
    # Only JAX heeds the second: five processes compile the same thing.
    environment = os.environ | {"PYTHONPATH": str(ROOT), "JAX_COMPILATION_CACHE_DIR": str(Path.cwd() / "compiled")}
    return subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def finish(process, code=0):
    output, _ = process.communicate(timeout=400)
    assert process.returncode == code, output
    return output


def send_at(process, name, step, number):
    """Send a signal as soon as the state of a step appears, or of a later one."""
    folder, first = Path(name) / "run" / "state", f"step-{step:08d}"
    for _ in range(20_000):
        if any(path.name >= first for path in folder.glob("step-*")):
            return process.send_signal(number)
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.02)
    pytest.fail(f"{first} never appeared")


@pytest.mark.slow
def test_stopped_runs_end_in_the_same_bits(tiny):
    whole = start("whole")
    # Killed inside the first epoch and at its end, asked to stop inside the second.
    for step in (2, EPOCH):
        process = start("broken")
        send_at(process, "broken", step, signal.SIGKILL)
        finish(process, -signal.SIGKILL)
    process = start("broken")
    send_at(process, "broken", EPOCH + 1, signal.SIGTERM)
    output = finish(process, 130)
    assert "Going on from epoch 1" in output
    assert output.strip().endswith("Stopped. The same command goes on from the saved state.")
    assert "Going on from epoch" in finish(start("broken"))
    finish(whole)

    name, expected = final_state("whole")
    broken_name, arrays = final_state("broken")
    assert name == broken_name == f"step-{3 * EPOCH:08d}"
    assert set(arrays) == set(expected)
    assert any("seed" in key for key in arrays)
    assert any(key.startswith("optimizer/generator") for key in arrays)
    for key, value in expected.items():
        assert np.array_equal(arrays[key], value), key

    # The records are those of one run, too: the same means in the same number of lines.
    texts = [Path(folder, "out", "stats.jsonl").read_text() for folder in ("whole", "broken")]
    lines = [[json.loads(line) for line in text.splitlines()] for text in texts]
    kept = [[(entry["epoch"], entry["generator"], entry["discriminator"]) for entry in entries] for entries in lines]
    assert kept[0] == kept[1]
    left = {path.name for path in Path("broken/run").iterdir()}
    written = {f"epoch_{epoch:03d}_{network}.h5" for epoch in (1, 2) for network in ("generator", "discriminator")}
    assert left == {"state", *written}
    assert len(list(Path("broken/run/state").iterdir())) == 2
