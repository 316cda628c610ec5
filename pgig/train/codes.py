"""Batches for stages whose players never see a picture: codes of pictures, computed once, and noise.

A method says in `Stage.codes` which inputs those are. The networks that make them are not trained meanwhile, so the
codes of a picture, and of its mirror image, stay what they are; they are kept in `--feature_cache` as features are.
"""

import hashlib
from itertools import count

import keras
import numpy as np
from keras import ops

from pgig.evaluate.features import FeatureCache
from pgig.pose.mirror import mirror_batch
from pgig.train.step import compile_forward
from pgig.utils.progress import progress_bar
from pgig.utils.random import generator
from pgig.weights.networks import architecture

# Pictures that wait for the cache at a time, in encoder batches.
_BATCHES_A_CALL = 8


class CodeStream:
    """Batches of codes of the source pictures of pairs, in the order of a `PairStream`, each with noise.

    Args:
        method, stage: the `Method`, and its `Stage` with codes.
        pairs: `pgig.data.stream.PairStream` of the training pairs.
        options: `Options`: `seed`, `batch_size`, `feature_cache` and the mirroring apply.
    """

    def __init__(self, method, stage, pairs, options):
        self._method, self._stage, self._pairs, self._options = method, stage, pairs, options

    def __len__(self):
        """Number of pairs."""
        return len(self._pairs)

    def batches(self, start=0, group=1):
        """Encode what is not known yet, then give batches for training, without end.

        Args:
            start, group: as for `PairStream.batches`.

        Returns:
            Iterator of dicts of float32 arrays (group * B, size): the codes, and `<code>_noise`, standard normal.
        """
        codes = self._encode()
        return (self._batch(codes, first, group) for first in count(start, group))

    def _batch(self, codes, first, group):
        parts = []
        for position in range(first, first + group):
            pictures, flips = self._pairs.sources(position)
            random = generator(self._options.shared.seed, "noise", position)
            part = {}
            for name, size in self._stage.codes.items():
                part[name] = codes[name][flips, pictures]
                part[f"{name}_noise"] = random.standard_normal((len(pictures), size), np.float32)
            parts.append(part)
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _encode(self):
        """{code: (1 or 2, number of pictures, size) float32}: of pictures, and of their mirror images if any are used;
        zeros for pictures that are no source of a pair.
        """
        images, folder = self._pairs.images, self._options.shared.feature_cache
        wanted = np.unique(self._pairs.numbers[:, 0])
        sides = (0, 1) if self._options.flips[0] else (0,)
        network, cache = _Encoder(self._method, self._stage, self._options), FeatureCache(folder or None)
        made = np.zeros((len(sides), len(images), sum(self._stage.codes.values())), np.float32)
        call = _BATCHES_A_CALL * network.batch_size
        with progress_bar(None, "Encoding", "picture", len(sides) * len(wanted)) as bar:
            for first in range(0, len(wanted), call):
                numbers = wanted[first : first + call]
                pixels = np.stack([images.pixels(number) for number in numbers])
                for side in sides:
                    flips = np.full(len(numbers), side, np.int32)
                    made[side, numbers] = cache.rows(network, pixels, images.keypoints[numbers], flips)
                    bar.update(len(numbers))
        if folder:
            cache.save()
        ends = np.cumsum(list(self._stage.codes.values()))[:-1]
        return dict(zip(self._stage.codes, np.split(made, ends, axis=-1), strict=True))


class _Encoder:
    """The codes of pictures as rows of numbers, known by the weights that make them."""

    def __init__(self, method, stage, options):
        self.batch_size = options.shared.batch_size
        trained = {name for player in stage.players for name in player.trains}
        fixed = {name: network for name, network in method.networks.items() if name not in trained}
        # The bits of a row depend on how many are made at a time, in which precision, and on the back end.
        way = options.shared.mixed_precision, self.batch_size, keras.backend.backend()
        digest = hashlib.sha256(repr((architecture(options, fixed), dict(stage.codes), way)).encode())
        for network in fixed.values():
            for weight in network.weights:
                digest.update(np.ascontiguousarray(ops.convert_to_numpy(weight)))
        self.fingerprint = f"codes-{options.method.name}-{digest.hexdigest()[:32]}"
        self._forward = compile_forward(
            method, lambda batch: {name: method.inputs(mirror_batch(batch))[name] for name in stage.codes}
        )

    def __call__(self, pixels, keypoints, flips):
        """Rows (N, numbers in all codes) of pictures (N, H, W, 3) uint8 and poses (N, 18, 3), mirrored where `flips`
        (N,) is 1.
        """
        return np.concatenate([
            self._rows(*(array[first : first + self.batch_size] for array in (pixels, keypoints, flips)))
            for first in range(0, len(pixels), self.batch_size)
        ])  # fmt: skip

    def _rows(self, *arrays):
        # Always as many.
        left = self.batch_size - len(arrays[0])
        filled = [np.concatenate([array, np.repeat(array[:1], left, axis=0)]) for array in arrays]
        names = ("pixels", "keypoints", "flip")
        batch = {f"{s}_{name}": array for s in ("source", "target") for name, array in zip(names, filled, strict=True)}
        codes = self._forward(batch)
        rows = np.concatenate([ops.convert_to_numpy(code) for code in codes.values()], axis=-1)
        return rows[: len(arrays[0])]
