"""Adam in two forms that Keras does not have: with all digits of its corrections, and with PyTorch's epsilon."""

import math

import keras
from keras import ops


class ExactAdam(keras.optimizers.Adam):
    """Adam of TensorFlow 1: step = lr * sqrt(1-b2^t) / (1-b1^t) * m / (sqrt(v) + epsilon).

    Keras means the same, but computes 1 - b^t in single precision, where its first values, and so the first steps, are
    wrong by some 1e-5 for b2 = 0.999. TensorFlow 1 made the same mistake in v too, where it cancels.

    For one device: replicas of TensorFlow's distribution strategies would not add up their gradients.
    """

    def _backend_update_step(self, grads, trainable_variables, learning_rate):
        step = ops.cast(self.iterations + 1, "float32")
        # 1 - b^t, which loses its digits in single precision when b is close to 1.
        first, second = (-ops.expm1(step * math.log(beta)) if beta else 1.0 for beta in (self.beta_1, self.beta_2))
        # What all variables have in common is computed once: small networks spend most time on building graphs.
        rate, scale = ops.cast(learning_rate, "float32") / first, self._scale(second)
        shares = [ops.convert_to_tensor(1 - beta, "float32") for beta in (self.beta_1, self.beta_2)]
        for gradient, variable in zip(grads, trainable_variables, strict=True):
            gradient = ops.cast(gradient, variable.dtype)
            index = self._get_variable_index(variable)
            m, v = self._momentums[index], self._velocities[index]
            self.assign_add(m, (gradient - m) * shares[0])
            self.assign_add(v, (ops.square(gradient) - v) * shares[1])
            self.assign_sub(variable, rate * m / self._root(v, scale))

    def _scale(self, correction):
        return ops.rsqrt(correction)

    def _root(self, v, scale):
        return (ops.sqrt(v) + self.epsilon) * scale


class CorrectedAdam(ExactAdam):
    """Adam whose epsilon is added to the corrected root: step = lr / (1-b1^t) * m / (sqrt(v / (1-b2^t)) + epsilon).

    Keras and TensorFlow add it to sqrt(v), which in the first updates is small: with b2 = 0.999 their epsilon weighs
    thirty times as much there. Small gradients of normalised or rectified layers make that visible.
    """

    def _scale(self, correction):
        return correction

    def _root(self, v, scale):
        return ops.sqrt(v / scale) + self.epsilon
