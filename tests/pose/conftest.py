"""Poses to try things on, and the back end's compiler."""

import numpy as np
import pytest
from keras import backend

from pgig.pose.files import add_visibility

STANDING = [
    (21, 38), (31, 35), (31, 42), (44, 53), (56, 57), (30, 28), (44, 22), (57, 20), (60, 40),
    (84, 42), (108, 41), (60, 30), (83, 27), (107, 29), (18, 36), (18, 40), (20, 32), (20, 43),
]  # fmt: skip


@pytest.fixture
def standing():
    """(18, 3): a person standing in a picture of 128 x 64 pixels, all joints visible."""
    return add_visibility(np.array(STANDING))


@pytest.fixture
def crowd(standing):
    """(12, 18, 3): the same person moved about; a sixth of the joints besides shoulders and hips missing."""
    random = np.random.default_rng(5)
    poses = np.tile(standing, (12, 1, 1))
    moved = poses[..., :2] + random.normal(0, 4, (12, 18, 2))
    poses[..., :2] = np.clip(np.rint(moved), 0, (127, 63))
    missing = random.uniform(size=(12, 18)) < 1 / 6
    missing[:, [2, 5, 8, 11]] = False
    poses[missing] = (-1, -1, 0)
    return poses


@pytest.fixture
def strangers(standing):
    """(12, 18, 3): whole pixels in a picture of 128 x 64 pixels, as no detector would find them."""
    random = np.random.default_rng(11)
    poses = np.concatenate([random.integers(0, (128, 64), (12, 18, 2)), np.ones((12, 18, 1))], axis=-1)
    poses[:6, :, 2] = random.uniform(size=(6, 18)) < 0.6
    poses[6, :, :2] = (70, 30)
    poses[7, :, :2] = poses[7, :, :2] > (64, 32)
    poses[7, :, :2] *= (127, 63)
    poses[8, ::2, :2] = poses[8, 1::2, :2]
    poses[9, :, :2] = np.clip(random.integers(-3, 131, (18, 2)), -3, (130, 66))
    poses[10] = standing
    poses[10, 3:, 2] = 0
    poses[11, :, 2] = 0
    poses[poses[..., 2] == 0] = (-1, -1, 0)
    return poses


@pytest.fixture(scope="session")
def compiled():
    """Compile a function of tensors as a training step would be; the batch size is unknown on TensorFlow."""
    name = backend.backend()
    if name == "tensorflow":
        import tensorflow as tf

        shapes = tf.TensorSpec((None, 18, 3), "float32")
        return lambda function, inputs: tf.function(function, input_signature=[shapes] * inputs)
    if name == "jax":
        import jax

        return lambda function, inputs: jax.jit(function)
    return lambda function, inputs: function
