"""A pool of earlier generated pictures for discriminators (Shrivastava et al., "Learning from Simulated and
Unsupervised Images through Adversarial Training", 2017; `util/image_pool.py` of tengteng95/Pose-Transfer)."""

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="pgig")
class ImagePool(keras.layers.Layer):
    """Return earlier pictures in place of half of the new ones.

    Pictures of a batch come one after the other. While the pool has room, a picture is stored and returned. Afterwards
    a fair coin decides: either the picture is returned, or a random stored one, whose place it takes. So a later
    picture of a batch can draw an earlier one. All of it is computed at once, for batches of any size.

    Args:
        size: number of pictures that the pool holds; 0 returns every picture as it is.

    Weights (none where `size` is 0), not trained:
        pictures: (size, H, W, C) float32.
        count: (), int32, how many of them are there.
    """

    def __init__(self, size, **kwargs):
        super().__init__(dtype="float32", autocast=False, trainable=False, **kwargs)
        self.size = size
        self.random = keras.random.SeedGenerator() if size else None

    def build(self, input_shape):
        if self.size:
            shape = (self.size, *input_shape[1:])
            fixed = {"initializer": "zeros", "trainable": False}
            self.pictures = self.add_weight(name="pictures", shape=shape, **fixed)
            self.count = self.add_weight(name="count", shape=(), dtype="int32", **fixed)

    def call(self, x):
        """Exchange pictures.

        Args:
            x: (B, H, W, C) float; it gets no gradient.

        Returns:
            (B, H, W, C) float32.
        """
        x = ops.stop_gradient(ops.cast(x, "float32"))
        if not self.size:
            return x
        pictures, number = ops.convert_to_tensor(self.pictures), ops.shape(x)[0]
        order = ops.arange(number, dtype="int32")
        coin = keras.random.uniform((number,), seed=self.random)
        drawn = keras.random.randint((number,), 0, self.size, seed=self.random)

        # The place of the pool that each picture goes to, if it goes to any.
        place = self.count + order
        fills = place < self.size
        stored = ops.logical_or(fills, coin > 0.5)
        place = ops.where(fills, place, drawn)

        # What a picture finds there: the last picture before it in the batch that went to the same place, or the pool.
        same = ops.logical_and(stored[None, :], place[:, None] == place[None, :])
        before = _last(ops.logical_and(same, order[None, :] < order[:, None]), order)
        found = _either(before, x, ops.take(pictures, place, axis=0))
        exchanged = _mask(ops.logical_and(stored, ops.logical_not(fills)))
        returned = ops.where(exchanged, found, x)

        places = ops.arange(self.size, dtype="int32")
        writer = _last(ops.logical_and(stored[None, :], place[None, :] == places[:, None]), order)
        self.pictures.assign(_either(writer, x, pictures))
        self.count.assign(ops.minimum(self.count + ops.cast(number, "int32"), self.size))
        return returned

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "size": self.size}


def _last(marked, order):
    """The last of `order` (B,) that each row of `marked` (n, B) marks, (n,); -1 where there is none."""
    return ops.max(ops.where(marked, order[None, :], -1), axis=1)


def _either(number, pictures, others):
    """`pictures[number]`, or of `others` where the number is -1."""
    chosen = ops.take(pictures, ops.maximum(number, 0), axis=0)
    return ops.where(_mask(number >= 0), chosen, others)


def _mask(chosen):
    return chosen[:, None, None, None]
