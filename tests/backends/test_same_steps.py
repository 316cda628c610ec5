"""The same weights and batches give the same losses and weights on TensorFlow, JAX and PyTorch."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import pytest

ROOT = Path(__file__).resolve().parents[2]
BACKENDS = ("tensorflow", "jax", "torch")

# Largest relative differences of losses and of sums over the weights. JAX fuses multiplications with additions, so a
# few of the sampling positions that lie half-way between two pixels go to the other one.
CLOSE = {"tensorflow": (1e-4, 1e-6), "torch": (1e-4, 1e-6), "jax": (2e-3, 5e-6)}


@pytest.fixture(scope="module")
def steps(tmp_path_factory):
    """A function of a back end -> what `run_steps.py` wrote; run once each. All begin with the same weights."""
    folder, shared, results = tmp_path_factory.mktemp("steps"), tmp_path_factory.mktemp("shared"), {}

    def run(backend):
        if importlib.util.find_spec(backend) is None:
            pytest.skip(f"{backend} is not installed")
        if backend not in results:
            output = folder / f"{backend}.json"
            words = [sys.executable, "tests/backends/run_steps.py", shared, output]
            environment = os.environ | {"KERAS_BACKEND": backend, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
            done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            results[backend] = json.loads(output.read_text())
        return results[backend]

    return run


@pytest.mark.slow
@pytest.mark.parametrize("backend", [name for name in BACKENDS if name != keras.backend.backend()])
def test_training_is_the_same(steps, backend):
    here = keras.backend.backend()
    ours, theirs = steps(here), steps(backend)
    loss, total = (max(pair) for pair in zip(CLOSE[here], CLOSE[backend], strict=True))
    assert len(ours["losses"]) == 3
    for own, other in zip(ours["losses"], theirs["losses"], strict=True):
        assert other == pytest.approx(own, rel=loss)
    assert theirs["sums"] == pytest.approx(ours["sums"], rel=total)

    # Only at the edge of a limb's mask may a pixel fall on either side.
    assert {key for key, share in theirs["differing"].items() if share} <= {"masks"}
    assert theirs["differing"]["masks"] < 1e-4


@pytest.mark.slow
def test_jax_does_without_the_others(steps):
    """On a machine for JAX neither TensorFlow nor PyTorch is installed."""
    assert steps("jax")["modules"] == []
