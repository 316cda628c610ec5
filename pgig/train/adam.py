"""Adam with epsilon where PyTorch adds it."""

import math

import keras
from keras import ops


class CorrectedAdam(keras.optimizers.Adam):
    """Adam whose epsilon is added to the corrected root: step = lr / (1-b1^t) * m / (sqrt(v / (1-b2^t)) + epsilon).

    Keras and TensorFlow add it to sqrt(v), which in the first updates is small: with b2 = 0.999 their epsilon weighs
    thirty times as much there. Small gradients of normalised or rectified layers make that visible.
    """

    def update_step(self, gradient, variable, learning_rate):
        gradient = ops.cast(gradient, variable.dtype)
        step = ops.cast(self.iterations + 1, variable.dtype)
        index = self._get_variable_index(variable)
        m, v = self._momentums[index], self._velocities[index]
        self.assign_add(m, (gradient - m) * (1 - self.beta_1))
        self.assign_add(v, (ops.square(gradient) - v) * (1 - self.beta_2))

        # 1 - b^t, which loses its digits in single precision when b is close to 1.
        corrections = [-ops.expm1(step * math.log(beta)) if beta else 1.0 for beta in (self.beta_1, self.beta_2)]
        rate = ops.cast(learning_rate, variable.dtype) / corrections[0]
        self.assign_sub(variable, rate * m / (ops.sqrt(v / corrections[1]) + self.epsilon))
