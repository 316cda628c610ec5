"""Instance normalisation (Ulyanov et al., "Instance Normalization", 2016)."""

import keras
from keras import ops

from pgig.layers.normalise import normalise


@keras.saving.register_keras_serializable(package="pgig")
class InstanceNormalization(keras.layers.Layer):
    """Normalise every channel of every sample over its pixels: (x - mean) / sqrt(variance + epsilon).

    It is PyTorch's `InstanceNorm2d` without running statistics. The variance is that of the population. Nothing is
    remembered, so that training and generating compute the same. Statistics are float32 whatever the dtype policy.
    Keras's GroupNormalization gives the same numbers slower, and with ten times the rounding error on a large map.

    Args:
        affine: whether every channel has a gain and an offset that are learned.
        epsilon: added to the variance.

    Weights:
        none, or with `affine` gamma (C,), ones at the start, and beta (C,), zeros.
    """

    def __init__(self, affine=False, epsilon=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.affine = affine
        self.epsilon = epsilon

    def build(self, input_shape):
        if self.affine:
            # Not cast: what is normalised in float32 is not to be scaled by rounded gains.
            own = {"shape": (input_shape[-1],), "autocast": False}
            self.gamma = self.add_weight(name="gamma", initializer="ones", **own)
            self.beta = self.add_weight(name="beta", initializer="zeros", **own)

    def call(self, x):
        weights = [ops.cast(weight, "float32") for weight in self.weights]
        y, *_ = normalise(ops.cast(x, "float32"), (2, 1), self.epsilon, weights)
        return ops.cast(y, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "affine": self.affine, "epsilon": self.epsilon}
