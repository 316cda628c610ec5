"""Weights that are kept within a bound (Arjovsky et al., "Wasserstein GAN", 2017)."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="pgig")
class Clip(keras.constraints.Constraint):
    """Clip weights to [-bound, bound]; an optimizer does it after each of its updates.

    Args:
        bound: largest absolute value, above 0.
    """

    def __init__(self, bound):
        self.bound = bound

    def __call__(self, w):
        return ops.clip(w, -self.bound, self.bound)

    def get_config(self):
        return {"bound": self.bound}
