"""RMSProp whose mean square begins at 1."""

import keras
from keras import ops


class ClassicRMSprop(keras.optimizers.RMSprop):
    """RMSProp of TensorFlow 1: s = rho * s + (1 - rho) * g^2, step = lr * g / sqrt(s + epsilon), and s begins at 1.

    Keras begins at 0, where the first steps have the size of the learning rate for any gradient. From 1 they are as
    small as the gradient is, which for the critics of codes is orders of magnitude less.

    Args: those of Keras' RMSprop.
    """

    def build(self, var_list):
        if self.built:
            return
        super().build(var_list)
        for square in self._velocities:
            square.assign(ops.ones(square.shape, square.dtype))
