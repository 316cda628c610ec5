"""Spectral normalisation against PyTorch's, inside compiled steps, and in half precision."""

import random

import keras
import numpy as np
import pytest
from keras import ops

from pgig.layers.spectral import SpectralConv2D
from pgig.train.step import engine
from tests.gradients import value_and_gradient


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def numbers(tensor):
    return ops.convert_to_numpy(ops.cast(tensor, "float32"))


def close(ours, theirs):
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5 * np.abs(theirs).max())


def built(*args, shape=(2, 8, 6, 3), **kwargs):
    layer = SpectralConv2D(*args, **kwargs)
    layer.build(shape)
    return layer


def matrix_of(kernel):
    """(filters, all the rest), the rest in PyTorch's order."""
    return kernel.transpose(3, 2, 0, 1).reshape(kernel.shape[-1], -1)


def iterated(matrix, u, times):
    for _ in range(times):
        v = matrix.T @ u
        v /= np.linalg.norm(v)
        u = matrix @ v
        u /= np.linalg.norm(u)
    return u, v


@pytest.mark.parametrize(("side", "strides", "padding"), [(3, 1, 1), (4, 2, 1), (1, 1, 0), (3, 2, 2)])
def test_pytorch_gives_the_same(side, strides, padding):
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    x = drawn(2, 8, 6, 3)
    theirs = torch.nn.utils.spectral_norm(torch.nn.Conv2d(3, 5, side, strides, padding))
    layer = built(5, side, strides, padding)
    for ours, value in (
        (layer.kernel, theirs.weight_orig.detach().permute(2, 3, 1, 0)),
        (layer.bias, theirs.bias.detach()),
        (layer.u, theirs.weight_u),
        (layer.v, theirs.weight_v),
    ):
        ours.assign(value.numpy().copy())

    for training in (False, True, True, False):
        picture = torch.from_numpy(x.transpose(0, 3, 1, 2).copy()).requires_grad_(True)
        expected = theirs.train(training)(picture)
        upstreams = drawn(*expected.movedim(1, -1).shape, seed=1)
        expected.movedim(1, -1).backward(torch.from_numpy(upstreams))
        y, gradient = value_and_gradient(lambda x, t=training: layer(x, training=t), x, upstreams)
        close(y, expected.detach().movedim(1, -1).numpy())
        close(gradient, picture.grad.movedim(1, -1).numpy())
        close(numbers(layer.u), theirs.weight_u.numpy())
        close(numbers(layer.v), theirs.weight_v.numpy())
        assert tuple(y.shape) == layer.compute_output_shape(x.shape)

    def loss():
        return ops.sum(ops.multiply(layer(x, training=False), upstreams)), {}

    _, (gradient, _) = engine.value_and_gradients(loss, layer.trainable_variables, layer.variables)
    theirs.weight_orig.grad = None
    theirs(torch.from_numpy(x.transpose(0, 3, 1, 2).copy())).movedim(1, -1).backward(torch.from_numpy(upstreams))
    close(numbers(gradient), theirs.weight_orig.grad.permute(2, 3, 1, 0).numpy())


def test_the_norm_becomes_one():
    layer, x = built(5, 3), np.zeros((1, 8, 6, 3), "float32")
    for _ in range(100):
        layer(x, training=True)
    matrix = matrix_of(numbers(layer.kernel))
    sigma = numbers(layer.u) @ matrix @ numbers(layer.v)
    np.testing.assert_allclose(sigma, np.linalg.norm(matrix, 2), rtol=1e-5)


def test_start():
    random.seed(0)
    first, second = built(32, 3), built(32, 3)
    for layer in (first, second):
        for vector in (layer.u, layer.v):
            np.testing.assert_allclose(np.linalg.norm(numbers(vector)), 1, rtol=1e-5)
            assert np.abs(numbers(vector)).max() < 0.9 and abs(numbers(vector).mean()) < 0.2
        assert [weight.name for weight in layer.trainable_weights] == ["kernel", "bias"]
    assert np.abs(numbers(first.u) - numbers(second.u)).max() > 0.01
    assert np.abs(numbers(first.u)[:27] - numbers(first.v)[:27]).max() > 0.01


def test_vectors_move_in_compiled_steps_and_only_in_training():
    """Two calls of an iteration take two steps, seen by what differentiates and by what lies around it."""
    layer, x = built(5, 3, padding=1), drawn(2, 8, 6, 3)
    matrix, start = matrix_of(numbers(layer.kernel)), numbers(layer.u)

    def iteration(batch):
        def loss():
            first, second = (layer(batch["x"], training=True) for _ in range(2))
            return ops.mean(ops.square(first)) + ops.mean(ops.square(second)), {}

        _, gradients = engine.value_and_gradients(loss, layer.trainable_variables, layer.variables)
        layer(batch["x"], training=False)
        return {"gradient": gradients[0]}

    step = engine.compiled(iteration, layer.variables, layer.variables)
    for calls in (2, 4):
        gradient = numbers(step({"x": x})["gradient"])
        u, v = iterated(matrix, start, calls)
        np.testing.assert_allclose(numbers(layer.u), u, atol=1e-5)
        np.testing.assert_allclose(numbers(layer.v), v, atol=1e-5)
        # The scale of the kernel is without effect.
        assert abs((gradient * numbers(layer.kernel)).sum()) < 1e-4 * np.abs(gradient).max()


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_norms_are_float32_under_mixed_precision(policy):
    layer = built(5, 3, padding=1, dtype=policy)
    matrix, start = matrix_of(numbers(layer.kernel)), numbers(layer.u)
    y = layer(drawn(2, 8, 6, 3), training=True)
    assert keras.backend.standardize_dtype(y.dtype) == layer.compute_dtype
    u, v = iterated(matrix, start, 1)
    np.testing.assert_allclose(numbers(layer.u), u, atol=1e-5)
    np.testing.assert_allclose(numbers(layer.v), v, atol=1e-5)


def test_without_offset():
    layer, x = built(5, 3, use_bias=False), drawn(2, 8, 6, 3)
    assert [weight.name for weight in layer.weights] == ["kernel", "u", "v"]
    assert np.abs(numbers(layer(2 * x)) - 2 * numbers(layer(x))).max() < 1e-5


def test_config_round_trip():
    layer = SpectralConv2D(5, 4, strides=2, padding=1, epsilon=0.5, use_bias=False, name="n")
    assert SpectralConv2D.from_config(layer.get_config()).get_config() == layer.get_config()
