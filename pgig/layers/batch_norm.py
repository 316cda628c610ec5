"""Batch normalisation as other frameworks than Keras compute it."""

import keras
from keras import ops

from pgig.layers.normalise import normalise


@keras.saving.register_keras_serializable(package="pgig")
class BatchNorm(keras.layers.Layer):
    """Normalise every channel of a map (B, H, W, C) over the batch and all positions.

    With a momentum it is PyTorch's `BatchNorm2d`: while training, statistics are those of the batch and running
    averages follow them, with the unbiased variance (Keras's own layer takes the biased one); otherwise the averages
    are used. Without, statistics are always those of the batch and nothing is kept, as in the DCGAN critics of
    TensorFlow 1 whose moving averages were never updated. Statistics are float32 whatever the dtype policy.

    Args:
        momentum: share of the batch in an update of the running averages (PyTorch's meaning, 0.1 by default there),
            or None to keep none.
        epsilon: added to the variance.
        gamma_initializer: initializer of the gain.

    Weights:
        gamma, beta: (C,), gain and offset; with a momentum also moving_mean and moving_variance (C,).
    """

    def __init__(self, momentum=None, epsilon=1e-5, gamma_initializer="ones", **kwargs):
        super().__init__(**kwargs)
        self.momentum = momentum
        self.epsilon = epsilon
        self.gamma_initializer = keras.initializers.get(gamma_initializer)

    def build(self, input_shape):
        shape = (input_shape[-1],)
        # Not cast: what is normalised in float32 is not to be scaled by rounded gains.
        own = {"shape": shape, "autocast": False}
        self.gamma = self.add_weight(name="gamma", initializer=self.gamma_initializer, **own)
        self.beta = self.add_weight(name="beta", initializer="zeros", **own)
        if self.momentum is not None:
            average = {"shape": shape, "trainable": False, "autocast": False}
            self.moving_mean = self.add_weight(name="moving_mean", initializer="zeros", **average)
            self.moving_variance = self.add_weight(name="moving_variance", initializer="ones", **average)

    def call(self, x, training=None):
        x = ops.cast(x, "float32")
        weights = gamma, beta = [ops.cast(weight, "float32") for weight in (self.gamma, self.beta)]
        if training or self.momentum is None:
            y, mean, variance = normalise(x, (2, 1, 0), self.epsilon, weights)
            if self.momentum is not None:
                self._follow(mean, variance, ops.size(x) // x.shape[-1])
        else:
            gain = gamma * ops.rsqrt(self.moving_variance + self.epsilon)
            y = x * gain + (beta - self.moving_mean * gain)
        return ops.cast(y, self.compute_dtype)

    def _follow(self, mean, variance, count):
        """Move the averages towards the statistics of a batch of `count` values per channel."""
        count = ops.cast(count, "float32")
        unbiased = variance * (count / ops.maximum(count - 1.0, 1.0))
        for average, value in ((self.moving_mean, mean), (self.moving_variance, unbiased)):
            average.assign(average + self.momentum * (ops.reshape(value, (-1,)) - average))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        initializer = keras.initializers.serialize(self.gamma_initializer)
        own = {"momentum": self.momentum, "epsilon": self.epsilon, "gamma_initializer": initializer}
        return {**super().get_config(), **own}
