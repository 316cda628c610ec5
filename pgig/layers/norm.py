"""The normalisation of the original pose-gan: keras-contrib's InstanceNormalization with axis=None."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="pgig")
class JointInstanceNormalization(keras.layers.Layer):
    """Normalise every sample over height, width and channels jointly, with one gain and one offset.

    y = gamma * (x - mean) / (deviation + epsilon) + beta, with the population standard deviation. Unlike the layer
    usually called instance normalisation, channels share their statistics, and epsilon is added to the deviation,
    outside the root. Statistics are float32 whatever the dtype policy.

    Args:
        epsilon: added to the standard deviation.

    Weights:
        gamma: (1,), ones at the start; beta: (1,), zeros.
    """

    def __init__(self, epsilon=1e-3, **kwargs):
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def build(self, input_shape):
        self.gamma = self.add_weight(name="gamma", shape=(1,), initializer="ones")
        self.beta = self.add_weight(name="beta", shape=(1,), initializer="zeros")

    def call(self, x):
        axes = tuple(range(1, len(x.shape)))
        wide = ops.cast(x, "float32")
        centred = wide - ops.mean(wide, axis=axes, keepdims=True)
        variance = ops.mean(ops.square(centred), axis=axes, keepdims=True)

        # The root has no slope at zero: a constant sample takes its deviation, and the slope, from a constant branch.
        varies = variance > 0
        deviation = ops.where(varies, ops.sqrt(ops.where(varies, variance, 1.0)), 0.0)
        gamma, beta = ops.cast(self.gamma, "float32"), ops.cast(self.beta, "float32")
        return ops.cast(centred * (gamma / (deviation + self.epsilon)) + beta, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon}
