"""Learning rates that change with the updates of their player."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="pgig")
class Halved(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that is halved again and again.

    Args:
        rate: learning rate of the first updates.
        every: number of updates between two halvings, at least 1.
        first: number of updates that count as done before the first one.
    """

    def __init__(self, rate, every, first=0):
        self.rate = rate
        self.every = every
        self.first = first

    def __call__(self, step):
        return self.rate * ops.power(0.5, ops.cast((step + self.first) // self.every, "float32"))

    def get_config(self):
        return {"rate": self.rate, "every": self.every, "first": self.first}


@keras.saving.register_keras_serializable(package="pgig")
class LinearDecay(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that is full for some epochs, and then falls by equal steps, one an epoch, to 0.

    Args:
        rate: learning rate of the first epochs.
        updates: number of updates in an epoch, at least 1.
        full: number of epochs at the full rate.
        falling: epoch `full + falling` would be the first one of rate 0, counted from 1; at least 1.
        first: number of epochs that came before the first update.
    """

    def __init__(self, rate, updates, full, falling, first=0):
        self.rate = rate
        self.updates = updates
        self.full = full
        self.falling = falling
        self.first = first

    def __call__(self, step):
        epoch = ops.cast(step // self.updates + self.first + 1, "float32")
        return self.rate * ops.clip(1.0 - (epoch - self.full) / self.falling, 0.0, 1.0)

    def get_config(self):
        return {
            "rate": self.rate, "updates": self.updates, "full": self.full, "falling": self.falling, "first": self.first
        }  # fmt: skip


@keras.saving.register_keras_serializable(package="pgig")
class Stepped(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that falls to a tenth again and again.

    Args:
        rate: learning rate of the first epochs.
        updates: number of updates in an epoch, at least 1.
        every: number of epochs between two falls, at least 1.
        first: number of epochs that came before the first update.
    """

    def __init__(self, rate, updates, every, first=0):
        self.rate = rate
        self.updates = updates
        self.every = every
        self.first = first

    def __call__(self, step):
        falls = (step // self.updates + self.first) // self.every
        return self.rate * ops.power(0.1, ops.cast(falls, "float32"))

    def get_config(self):
        return {"rate": self.rate, "updates": self.updates, "every": self.every, "first": self.first}
