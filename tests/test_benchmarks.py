"""What the benchmarks count, on layers that are counted by hand, and what they print of what they measure."""

import subprocess
import sys
from pathlib import Path

import keras
import pytest
from keras import layers, ops

from benchmarks import against_torch
from benchmarks.multiply_adds import model_multiply_adds, multiply_adds, parameters
from pgig.errors import OptionsError
from pgig.layers import UpConv2D
from pgig.layers.local_attention import LocalAttention
from pgig.layers.spectral import SpectralConv2D
from pgig.methods.gfla.networks import Unused

INPUT = (6, 4, 3)
# Layer of an input of 6x4 pixels with 3 channels -> size of its kernels x places.
COUNTS = [
    (lambda: layers.Conv2D(5, 3, padding="same"), 3 * 3 * 3 * 5 * 24),
    (lambda: layers.Conv2D(5, 3), 3 * 3 * 3 * 5 * 4 * 2),
    (lambda: layers.Conv2D(5, (4, 2), strides=2, padding="same"), 4 * 2 * 3 * 5 * 3 * 2),
    (lambda: layers.Conv2D(6, 1, groups=3), 1 * 6 * 24),
    (lambda: layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same"), 3 * 3 * 3 * 2 * 24),
    (lambda: layers.SeparableConv2D(7, 3, padding="same"), (3 * 3 * 3 + 3 * 7) * 24),
    (lambda: layers.Conv2DTranspose(5, 4, strides=2, padding="same"), 4 * 4 * 3 * 5 * 24),
    (lambda: UpConv2D(5), 4 * 4 * 3 * 5 * 24),
    (lambda: SpectralConv2D(5, 4, strides=2, padding=1), 4 * 4 * 3 * 5 * 3 * 2),
    (lambda: layers.Dense(5), 3 * 5 * 24),
    (lambda: layers.BatchNormalization(), 0),
    (lambda: layers.UpSampling2D(), 0),
]


@pytest.mark.parametrize(("make", "expected"), COUNTS)
def test_of_a_layer(make, expected):
    tensor = keras.Input(INPUT)
    assert sum(model_multiply_adds(keras.Model(tensor, make()(tensor))).values()) == expected


def test_of_a_batch():
    layer = layers.Conv2D(5, 1, name="conv")
    assert multiply_adds(lambda: layer(ops.zeros((2, *INPUT)))) == {"conv": 2 * 3 * 5 * 24}


def test_of_local_attention():
    """A patch of the target and one of the source give the coefficients of its pixels."""
    source, target, flow = (ops.zeros((1, 6, 4, channels)) for channels in (3, 3, 2))
    layer = LocalAttention(3, hidden=8, name="attention")
    counts = multiply_adds(lambda: layer([source, target, flow]))
    assert counts == {"attention": (3 * 3 * 2 * 3 * 8 + 8 * 3 * 3) * 24}


class Block(layers.Layer):
    """A layer that holds another, and uses it twice."""

    def __init__(self):
        super().__init__()
        self.inner = layers.Conv2D(3, 3, padding="same", name="inner")

    def call(self, x):
        return x + self.inner(self.inner(x))


def test_of_layers_within_models_within_models():
    """A tower that sees two pictures counts twice; its parameters count once."""
    tensor, pair = keras.Input(INPUT), (keras.Input(INPUT), keras.Input(INPUT))
    tower = keras.Model(tensor, layers.Dense(2, name="top")(layers.Flatten()(Block()(tensor))), name="tower")
    model = keras.Model(pair, layers.Dense(1, name="score")(layers.Add()([tower(x) for x in pair])))
    inner, top = 3 * 3 * 3 * 3, 6 * 4 * 3 * 2
    assert model_multiply_adds(model) == {"inner": 4 * inner * 24, "top": 2 * top, "score": 2}
    assert parameters([model, tower]) == inner + 3 + top + 2 + 2 + 1


def test_a_kernel_of_unknown_use_is_not_passed_over():
    tensor = keras.Input((4, 3))
    with pytest.raises(TypeError, match="GRU"):
        model_multiply_adds(keras.Model(tensor, layers.GRU(2)(tensor)))


def test_layers_that_nothing_computes_cost_nothing():
    tensor = keras.Input((8, 8, 3))
    idle = Unused([layers.Conv2D(4, 3, name="idle"), layers.Conv2D(5, 3, name="idle_too")])
    model = keras.Model(tensor, layers.Conv2D(2, 1, name="busy")(idle(tensor)))
    assert model_multiply_adds(model) == {"busy": 64 * 3 * 2}


def test_ratios_to_plain_torch():
    ours = [{"seconds": seconds, "spent": 4.0, "memory": 2**30} for seconds in (1.0, 3.0, 2.0)]
    theirs = [{"seconds": seconds, "spent": 2.0, "memory": 2**31} for seconds in (8.0, 5.0, 4.0)]
    cells = against_torch.row("patn-market", "step", ours, theirs)
    assert cells[:4] == ["patn-market", "training step", "2.000 (1.000)", "5.000 (4.000)"]
    assert cells[4:] == ["0.40 (0.25)", "2.00 (2.00)", "1.00 against 2.00", "0.50"]


def test_without_torch_one_sentence_says_so(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["against_torch.py"])
    monkeypatch.setattr(against_torch.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(OptionsError, match="pip install torch"):
        against_torch.main()


@pytest.mark.slow
def test_against_plain_torch():
    pytest.importorskip("torch")
    program = Path(against_torch.__file__)
    words = "--cases gfla-flow-market --passes generate --batch_size 1 --rounds 1".split()
    output = subprocess.run([sys.executable, program, *words], check=True, capture_output=True, text=True).stdout
    rows = [line.split(" | ") for line in output.splitlines() if line.startswith("| gfla-flow-market")]
    assert [row[1] for row in rows] == ["generating"]
