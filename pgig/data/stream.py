"""From a position to a batch: the order of the pairs, and the batches themselves.

Which pairs make up batch number b is a pure function of (seed, b). A stream therefore starts at any position
at no cost, needs no state to be saved, and splits over workers by residue.
"""

from itertools import count

import keras
import numpy as np

from pgig.data.feed_python import assemble, python_feed
from pgig.data.records import Records
from pgig.errors import OptionsError
from pgig.pose.augment import draw_pairs
from pgig.utils.random import generator


class PairStream:
    """Batches of pairs of pictures.

    A batch is a dict of `source_pixels`, `target_pixels` (B, H, W, 3) uint8 and `source_keypoints`,
    `target_keypoints` (B, 18, 3) float32 of (y, x, visible); with `use_bg` also `target_background`
    (B, H, W, 3) uint8.

    Args:
        images: `pgig.data.dataset.ImageSet`.
        pairs: P pairs of names.
        batch_size: pairs in a batch.
        seed: seed of the order.
        shuffle: True: each pass over the pairs has an order of its own, and its rest smaller than a batch is
            unused. False: file order, over and over.
        use_bg: whether batches hold the backgrounds of the targets.
        flips: (rate, mode): the share of pairs that `batches` marks to be mirrored, by a draw for each pair
            (`"pair"`), or for source and target alone and without exchanging left and right (`"independent"`, as
            Human-Pose-Transfer did); see `pgig.pose.mirror`.
        augment: None, or (angle, shift, scale), each (low, high) or None: how `batches` marks pictures to be moved, by
            draws for each; see `pgig.pose.augment`.
        worker: (k, n): of every batch, take the pairs whose place has the residue k modulo n.
        feeder: `"tensorflow"` (tf.data, from records), `"python"` (Pillow in threads), or `"auto"`: tf.data
            when Keras runs on TensorFlow and there are records.
        origin: what error messages call the list of pairs, usually its path.

    Raises:
        DataError: a pair names an unknown picture, there are fewer pairs than a batch holds, or a background
            is missing.
        OptionsError: the workers do not divide the batch, or the feeder cannot be had.
    """

    def __init__(
        self,
        images,
        pairs,
        batch_size,
        seed=0,
        shuffle=True,
        use_bg=False,
        flips=(0.0, "pair"),
        augment=None,
        worker=(0, 1),
        feeder="auto",
        origin="The pair list",
    ):
        self.images = images
        self.batch_size = batch_size
        self.numbers = images.numbers(pairs, origin, batch_size if shuffle else 1)
        self._seed, self._shuffle, self._use_bg, self._worker = seed, shuffle, use_bg, worker
        self._flips, self._augment = flips, augment
        self._last_pass = (None, None)
        self._feed = _choose_feeder(feeder, images)

        if batch_size % worker[1]:
            raise OptionsError(
                f"--batch_size {batch_size} cannot be shared by {worker[1]} workers: make it a multiple."
            )
        if use_bg:
            images.require_backgrounds(self.numbers[:, 1])

    def __len__(self):
        """Number of pairs."""
        return len(self.numbers)

    def rows(self, position):
        """Which pairs make up a batch: a pure function of the seed and the position.

        Args:
            position: number of the batch, from 0.

        Returns:
            (B,) int64, places in the list of pairs; (B / n,) for one of n workers.
        """
        if self._shuffle:
            passed, batch = divmod(position, len(self) // self.batch_size)
            rows = self._order(passed)[batch * self.batch_size : (batch + 1) * self.batch_size]
        else:
            rows = (position * self.batch_size + np.arange(self.batch_size)) % len(self)
        k, n = self._worker
        return rows[k::n]

    def sources(self, position):
        """The source pictures of a batch and whether they are mirrored: (B,) and (B,) integers."""
        flips = self._marks(position).get("source_flip", 0)
        pictures = self.numbers[self.rows(position), 0]
        return pictures, np.broadcast_to(flips, pictures.shape)

    def batch(self, position):
        """One batch in numpy, with the names `source_name` and `target_name` (B,), made on the spot."""
        return self._with_names(self.rows(position))

    def batches(self, start=0, group=1):
        """Batches for training, without end.

        Args:
            start: number of the first batch.
            group: how many consecutive batches are joined into one dict, for steps that draw several.

        Returns:
            Iterator of dicts whose arrays hold group * B pairs. Arrays are tensors when tf.data feeds Keras
            on TensorFlow, else numpy.
        """
        positions = count(start, group)
        rows = (np.concatenate([self.rows(first + i) for i in range(group)]) for first in positions)
        batches = self._feed(self.images, (self.numbers[r] for r in rows), self._use_bg)
        if not self._flips[0] and not self._augment:
            return batches
        marks = (_joined([self._marks(first + i) for i in range(group)]) for first in count(start, group))
        return (batch | mark for batch, mark in zip(batches, marks, strict=False))

    def finite(self, batch_size=None, limit=0):
        """All pairs once, in file order, with names; the last batch may be smaller.

        Args:
            batch_size: pairs in a batch; None: that of the stream.
            limit: stop after that many pairs; 0: all.

        Returns:
            Iterator of dicts as from `batches`, with `source_name` and `target_name` (B,) str.
        """
        size, end = batch_size or self.batch_size, min(limit or len(self), len(self))
        parts = [self.numbers[first : min(first + size, end)] for first in range(0, end, size)]
        for numbers, batch in zip(parts, self._feed(self.images, iter(parts), self._use_bg), strict=True):
            yield batch | self._names(numbers)

    def _marks(self, position):
        """What is done to the pictures of a batch, for the dict of the batch: mirrored (B,) int32 and moved (B, 4)."""
        (rate, mode), (k, n), marks = self._flips, self._worker, {}
        if rate:
            drawn = generator(self._seed, "flip", position).random((self.batch_size, 2)) < rate
            drawn = 2 * drawn if mode == "independent" else drawn[:, [0, 0]]
            marks |= _sides("flip", drawn[k::n].astype(np.int32))
        if self._augment:
            drawn = draw_pairs(generator(self._seed, "affine", position), self._augment, self.batch_size)
            marks |= _sides("affine", drawn[k::n].astype(np.float32))
        return marks

    def _with_names(self, rows):
        numbers = self.numbers[rows]
        return assemble(self.images, numbers, self._use_bg) | self._names(numbers)

    def _names(self, numbers):
        names = np.array([[self.images.names[number] for number in pair] for pair in numbers])
        return {"source_name": names[:, 0], "target_name": names[:, 1]}

    def _order(self, passed):
        """The order of the pairs in one pass; the last one asked for is kept."""
        if self._last_pass[0] != passed:
            self._last_pass = (passed, generator(self._seed, "order", passed).permutation(len(self)))
        return self._last_pass[1]


def _sides(name, marks):
    """Marks (B, 2, ...) of source and target under the names that a batch has them by."""
    return {f"source_{name}": marks[:, 0], f"target_{name}": marks[:, 1]}


def _joined(parts):
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _choose_feeder(feeder, images):
    on_tensorflow = keras.backend.backend() == "tensorflow"
    has_records = isinstance(images.source, Records)
    if feeder == "auto":
        feeder = "tensorflow" if on_tensorflow and has_records else "python"
    if feeder == "python":
        return python_feed
    if not has_records:
        raise OptionsError("The tf.data feeder reads records, but there are none: leave --use_records at 1.")
    from pgig.data.feed_tensorflow import tensorflow_feed

    return tensorflow_feed
