"""Golden tests of GFLA's losses, on the tensors that they were computed from."""

import re

import numpy as np
import pytest
from keras import ops

from pgig.losses import hinge, least_squares
from pgig.losses.affine_fit import _residual_filters, affine_regularisation
from pgig.losses.correctness import sampling_correctness
from pgig.losses.perceptual import content_loss
from pgig.losses.style import style_loss
from pgig.methods.gfla.method import CONTENT, STYLE
from tests.golden.gfla_parts import common
from tests.gradients import value_and_gradient

# Tensors by the names of their arrays; the rest is compared.
GIVEN = re.compile(r"(affine_k\d+|corr|corr_half)_flow|multi_flow_.*|corr_(.*_feat|mask)|gan_logits|vgg[xy]_.*")
GAN = {
    "gan_lsgan_real_dis": least_squares.real_loss,
    "gan_lsgan_real_gen": least_squares.real_loss,
    "gan_lsgan_fake_dis": least_squares.fake_loss,
    "gan_lsgan_fake_gen": least_squares.fake_loss,
    "gan_hinge_real_dis": hinge.discriminator_real,
    "gan_hinge_fake_dis": hinge.discriminator_fake,
    "gan_hinge_real_gen": hinge.generator,
}
# Of which flow, how it is read, and whether under the mask.
CORRECTNESS = {
    "corr": ("corr_flow", {}),
    "corr_half": ("corr_half_flow", {}),
    "corr_bilinear": ("corr_flow", {"sampling": "bilinear"}),
    "corr_mask": ("corr_flow", {"mask": "corr_mask"}),
}


@pytest.fixture(scope="module")
def gfla_losses(golden):
    """{name: array}, maps as (B, H, W, C) float32."""
    found = common.arrays(golden, "losses")
    return {name: _last(value) if GIVEN.fullmatch(name) else value for name, value in found.items()}


def _last(array):
    return np.moveaxis(array, 1, -1).astype(np.float32)


def _windows(found):
    """{side: prefix} of the flows with one window."""
    return {int(match[1]): match[0] for match in (re.match(r"affine_k(\d+)_", name) for name in found) if match}


def _loss_and_gradient(found, prefix, gradient, loss, flow):
    value, slope = value_and_gradient(loss, flow)
    assert value == pytest.approx(float(found[f"{prefix}loss"]), rel=1e-5), prefix
    if gradient in found:
        common.close(slope, np.moveaxis(found[gradient], 1, -1), gradient)


def test_gfla_affine_regularisation(gfla_losses):
    for side, prefix in _windows(gfla_losses).items():
        flow = gfla_losses[f"{prefix}flow"]
        _loss_and_gradient(gfla_losses, prefix, f"{prefix}grad", lambda x, k=side: affine_regularisation(x, k), flow)
        filters = _residual_filters(side).reshape(side * side, -1).astype(float)
        common.close(filters @ filters.T, gfla_losses[f"{prefix}matrix"], prefix)


def test_gfla_affine_regularisation_of_several_layers(gfla_losses):
    """The coarse flow is that of layer 3, the fine one that of layer 2."""
    total = sum(
        affine_regularisation(gfla_losses[f"multi_flow_{name}"], side) for name, side in (("coarse", 3), ("fine", 5))
    )
    assert float(ops.convert_to_numpy(total)) == pytest.approx(float(gfla_losses["multi_loss"]), rel=1e-5)


@pytest.mark.parametrize("case", CORRECTNESS)
def test_gfla_sampling_correctness(gfla_losses, case):
    flow, options = CORRECTNESS[case]
    options = options | {name: gfla_losses[options[name]] for name in options if name == "mask"}
    target, source = (gfla_losses[f"corr_{side}_feat"] for side in ("target", "source"))
    for block in (256, 5):

        def loss(flow, block=block):
            return sampling_correctness(target, source, flow, block, **options)

        _loss_and_gradient(gfla_losses, f"{case}_", f"{case}_grad_flow", loss, gfla_losses[flow])


@pytest.mark.parametrize("name", GAN)
def test_gfla_adversarial_losses(gfla_losses, name):
    value = ops.convert_to_numpy(GAN[name](gfla_losses["gan_logits"]))
    assert float(value) == pytest.approx(float(gfla_losses[name]), rel=1e-5)


def test_gfla_perceptual_losses(gfla_losses):
    for name, layers, loss in (("vgg_content", CONTENT, content_loss), ("vgg_style", STYLE, style_loss)):
        first, second = ([gfla_losses[f"vgg{side}_{layer}"] for layer in layers] for side in "xy")
        value = ops.convert_to_numpy(loss(first, second))
        assert float(value) == pytest.approx(float(gfla_losses[name]), rel=1e-5)


def test_gfla_losses_are_all_compared(gfla_losses):
    windows = {f"{prefix}{part}" for prefix in _windows(gfla_losses).values() for part in ("loss", "grad", "matrix")}
    flows = {f"{case}_{part}" for case in CORRECTNESS for part in ("loss", "grad_flow")}
    compared = {*windows, *flows, *GAN, "multi_loss", "vgg_content", "vgg_style"}
    assert {name for name in gfla_losses if not GIVEN.fullmatch(name)} <= compared
    layers = {f"vgg{side}_{layer}" for side in "xy" for layer in (*CONTENT, *STYLE)}
    assert {name for name in gfla_losses if name.startswith(("vggx_", "vggy_"))} == layers
