"""Golden tests of PATN's adversarial losses, learning rates and picture bytes."""

import json

import numpy as np
import pytest
from keras import ops

from pgig.cli.options import parse
from pgig.losses import least_squares, logits
from pgig.train.step import build_method
from tests.golden.patn_parts import common


def test_patn_adversarial_losses(golden):
    case = common.arrays(golden, "gan_loss")
    # Ours takes what stands before the sigmoid.
    probabilities = case["pred_sigmoid"].astype(np.float64)
    before = ops.convert_to_tensor(np.log(probabilities / (1 - probabilities)).astype(np.float32))
    raw = ops.convert_to_tensor(case["pred_raw"])
    found = {
        "bce_real": logits.real_loss(before),
        "bce_fake": logits.fake_loss(before),
        "ls_real": least_squares.real_loss(raw),
        "ls_fake": least_squares.fake_loss(raw),
    }
    assert {*found, "pred_sigmoid", "pred_raw"} == set(case)
    for name, value in found.items():
        assert float(ops.convert_to_numpy(value)) == pytest.approx(float(case[name]), rel=1e-5), name


def test_patn_learning_rates(golden):
    """The first update of every epoch, of players with one and with several updates in an iteration."""
    table = json.loads(golden("lr_schedule.json", "patn").read_text())
    (rates,) = table.values()
    tiny = "--ngf 1 --ndf 1 --n_blocks 1 --n_layers_D 0 --L1_type origin --pool_size 0"
    words = f"--method patn {tiny} --niter 500 --niter_decay 200 --lr 0.0002 --iterations_per_epoch 3 --DG_ratio 2"
    generator, discriminator, _ = build_method(parse(words.split())).stage.players
    for player, updates in ((generator, 3), (discriminator, 6)):
        rate = player.optimizer.learning_rate
        ours = ops.convert_to_numpy(rate(updates * np.arange(len(rates))))
        np.testing.assert_allclose(ours, rates, rtol=1e-4, atol=1e-9)
        last = ops.convert_to_numpy(rate(updates * np.arange(len(rates)) + updates - 1))
        np.testing.assert_array_equal(last, ours)
