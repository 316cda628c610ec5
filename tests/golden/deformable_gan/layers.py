"""Layers and losses against arrays computed by the original program."""

import keras
import numpy as np
import pytest
from keras import ops

from pgig.layers import AffineWarp, JointInstanceNormalization, SpatialTransformer
from pgig.losses.adversarial import discriminator_loss, real_loss
from pgig.losses.neighbour import nearest_neighbour_map, reconstruction_distance
from pgig.losses.perceptual import vgg_input
from pgig.losses.regular import total_variation
from tests.gradients import value_and_gradient


@pytest.fixture(scope="module")
def warp(golden):
    return np.load(golden("warp.npz"))


@pytest.fixture(scope="module")
def losses(golden):
    return np.load(golden("losses.npz"))


def _close(actual, expected, tolerance=1e-5):
    """Within `tolerance` of the largest expected value."""
    actual = np.asarray(ops.convert_to_numpy(actual), "float64")
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance * max(np.abs(expected).max(), 1e-12))


def _numbers(archive, prefix, suffix):
    """Names K for which `prefix`K`suffix` is in the archive."""
    names = [name for name in archive.files if name.startswith(prefix) and name.endswith(suffix)]
    found = sorted(name[len(prefix) : -len(suffix)] for name in names)
    assert found, f"no {prefix}*{suffix}"
    return found


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("gradient, reference", [("inverse", "grad_ref"), ("exact", "grad_adjoint")])
def test_warp(warp, gradient, reference, training):
    cases = sorted({tuple(name.split("/")[:2]) for name in warp.files if name.endswith("/out")})
    assert cases
    for group, aggregation in cases:
        maps, transforms = warp[f"{group}/x"], warp[f"{group}/transforms"]
        size = tuple(int(length) for length in warp[f"{group}/init_size"])
        inputs = [transforms]
        if f"{group}/masks_bits" in warp.files:
            bits = np.unpackbits(warp[f"{group}/masks_bits"], axis=-1)
            inputs.append(bits.reshape(*bits.shape[:2], *size).astype("float32"))
        layer = AffineWarp(size, aggregation, gradient=gradient)

        out, slope = value_and_gradient(
            lambda x, layer=layer, inputs=inputs: layer([x, *inputs], training=training),
            maps,
            warp[f"{group}/{aggregation}/upstream"],
        )

        np.testing.assert_allclose(out, warp[f"{group}/{aggregation}/out"], rtol=0, atol=1e-6)
        wrong = np.abs(slope - warp[f"{group}/{aggregation}/{reference}"]) > 1e-4
        assert wrong.mean() <= (0.002 if gradient == "inverse" else 0), (group, aggregation)


def test_warp_cases_are_the_pose_cases(golden, warp):
    """Transforms and masks of the layer's cases are those of the pose cases that `pose_index` names."""
    prefixes = {(128, 64): "market_", (256, 256): "fasion_", (128, 128): "sq128_"}
    groups = sorted(name.split("/")[0] for name in warp.files if name.endswith("/pose_index"))
    assert groups
    with np.load(golden("pose.npz")) as pose:
        for group in groups:
            cases, prefix = warp[f"{group}/pose_index"], prefixes[tuple(warp[f"{group}/init_size"].tolist())]
            kind = "affine_transforms" if f"{group}/masks_bits" in warp.files else "uniform_transform"
            expected, transforms = pose[prefix + kind][cases], warp[f"{group}/transforms"]
            known = np.isfinite(expected).all(axis=-1)
            np.testing.assert_allclose(transforms[known], expected[known], rtol=1e-6)
            if kind == "affine_transforms":
                np.testing.assert_array_equal(warp[f"{group}/masks_bits"], pose[prefix + "pose_masks_bits"][cases])


def test_instance_normalisation(losses):
    layer = JointInstanceNormalization()
    layer.build(losses["in/x"].shape)
    gain_and_offset = losses["in/gamma_beta"]
    layer.set_weights(gain_and_offset[:, None])
    out, slope = value_and_gradient(layer, losses["in/x"], losses["in/upstream"])
    _close(out, losses["in/out"])
    _close(slope, losses["in/grad_x"])

    def of_weights(weights):
        variables = list(zip(layer.weights, (weights[:1], weights[1:]), strict=True))
        with keras.StatelessScope(state_mapping=variables):
            return layer(losses["in/x"])

    _, slope = value_and_gradient(of_weights, gain_and_offset, losses["in/upstream"])
    _close(slope, losses["in/grad_gamma_beta"])


def test_spatial_transformer(losses):
    layer = SpatialTransformer()
    for number in _numbers(losses, "stn", "/x"):
        maps, theta, upstream = (losses[f"stn{number}/{name}"] for name in ("x", "theta", "upstream"))
        out, slope = value_and_gradient(lambda x, t=theta: layer([x, t]), maps, upstream)
        _close(out, losses[f"stn{number}/out"])
        _close(slope, losses[f"stn{number}/grad_x"])
        _, slope = value_and_gradient(lambda t, x=maps: layer([x, t]), theta, upstream)
        _close(slope, losses[f"stn{number}/grad_theta"], 2e-3)


def test_nearest_neighbour(losses):
    reference, target = losses["nn/reference"], losses["nn/target"]
    for number in _numbers(losses, "nn/", "/map"):
        area = int(number)
        _close(nearest_neighbour_map(reference, target, area), losses[f"nn/{area}/map"])
        loss, slope = value_and_gradient(lambda x, n=area: reconstruction_distance(reference, x, n), target)
        _close(loss, losses[f"nn/{area}/loss"])
        _close(slope, losses[f"nn/{area}/grad_target"])

    # What Keras made of 0.25 + 2 * map as a loss and of 2 * map as a metric: means over all axes.
    for number in _numbers(losses, "nn/", "/keras_loss_metric"):
        metric = 2 * reconstruction_distance(reference, target, int(number))
        _close(ops.stack([0.25 + metric, metric]), losses[f"nn/{number}/keras_loss_metric"])


def test_total_variation(losses):
    loss, slope = value_and_gradient(total_variation, losses["tv/x"])
    _close(loss, losses["tv/loss"])
    _close(slope, losses["tv/grad"])


def test_adversarial(losses):
    scores = losses["gan/pred"]
    _close(ops.stack(discriminator_loss(scores)), losses["gan/disc_total_true_fake"])
    _close(real_loss(scores), losses["gan/gen_on_all"])


def test_vgg_input(losses):
    _close(vgg_input(losses["vgg/x"]), losses["vgg/pre"])
