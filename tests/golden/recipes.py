"""The recipes behind the golden arrays: pictures and weights made from the seeds that recipe.json states."""

import json
import os
from pathlib import Path

import keras
import numpy as np
from keras import ops

from pgig.cli.options import parse
from pgig.layers.norm import JointInstanceNormalization
from pgig.pose.affine import NO_POINT
from pgig.train.step import engine


def golden_root():
    """The folder that PGIG_GOLDEN names, or this one."""
    return Path(os.environ.get("PGIG_GOLDEN", Path(__file__).parent))


def read_recipe(golden):
    """The table of recipe.json."""
    return json.loads(golden("recipe.json").read_text())


def picture(seed_base, number, size):
    """Golden picture `number` in [-1, 1]."""
    generator = np.random.Generator(np.random.PCG64(seed_base + number))
    return generator.uniform(-1, 1, (*size, 3)).astype(np.float32)


def recipe_tensor(seed, shape, kind, out_axis=-1):
    """Tensor of the weight recipe: kernels scaled by fan-in, gamma around 1, bias and beta around 0."""
    values = np.random.Generator(np.random.PCG64(seed)).standard_normal(shape).astype(np.float32)
    if kind == "kernel":
        fan_in = np.prod(shape) // shape[out_axis]
        return values * np.float32(np.sqrt(2 / fan_in))
    return (1 if kind == "gamma" else 0) + np.float32(0.05) * values


def fill(entries, seed_base):
    """Give the variables of a network, in file order, the weights of the recipe."""
    for index, (_, name, variable) in enumerate(entries):
        kind = name.rsplit("/", 1)[1].removesuffix(":0")
        out_axis = 2 if "conv2d_transpose" in name else -1
        variable.assign(recipe_tensor(seed_base + index, tuple(variable.shape), kind, out_axis))


def method_for(flags, size=(128, 64)):
    """A `PoseGan` and its options for a line of flags."""
    options = parse(["--image_size", f"{size[0]},{size[1]}", *flags.split()])
    return options.method.load()(options.shared, options.config, options.data.image_size), options


def with_visible(keypoints):
    """Golden keypoints (..., 18, 2) with -1 for missing -> (..., 18, 3) float32."""
    visible = (keypoints >= 0).all(axis=-1, keepdims=True)
    return np.concatenate([keypoints, visible], axis=-1).astype(np.float32)


class Cases:
    """Network inputs of golden pose cases.

    Transforms and masks are the golden ones, so that a difference in a network is a difference of the network.
    """

    def __init__(self, golden, method, prefix="market_", seed_key="picture_seed_base", size=(128, 64)):
        self.pose, self.method, self.prefix, self.size = np.load(golden("pose.npz")), method, prefix, size
        self.seed = read_recipe(golden)[seed_key]

    def inputs(self, cases, sources, targets):
        """Inputs for pose cases with pictures of these numbers."""
        pose = {key: self.pose[self.prefix + key][list(cases)] for key in ("kp_from", "kp_to")}
        pictures = [np.stack([picture(self.seed, k, self.size) for k in numbers]) for numbers in (sources, targets)]
        batch = {
            "source_pixels": np.zeros((len(cases), *self.size, 3), np.uint8),
            "target_pixels": np.zeros((len(cases), *self.size, 3), np.uint8),
            "source_keypoints": with_visible(pose["kp_from"]),
            "target_keypoints": with_visible(pose["kp_to"]),
        }
        inputs = self.method.inputs({key: ops.convert_to_tensor(value) for key, value in batch.items()})
        given = {"source_image": pictures[0], "target_image": pictures[1]} | self._places(cases, inputs)
        return inputs | {key: ops.convert_to_tensor(value) for key, value in given.items()}

    def _places(self, cases, inputs):
        if "masks" in inputs:
            rows = self.pose[self.prefix + "affine_transforms"][list(cases)]
            bits = np.unpackbits(self.pose[self.prefix + "pose_masks_bits"][list(cases)], axis=-1)
            masks = bits.reshape(len(cases), 10, *self.size).astype(np.float32)
            return {"transforms": _no_nan(rows), "masks": masks}
        if "transforms" in inputs:
            return {"transforms": _no_nan(self.pose[self.prefix + "uniform_transform"][list(cases)])}
        return {}


def _no_nan(rows):
    return np.where(np.isnan(rows).any(axis=-1, keepdims=True), NO_POINT, rows).astype(np.float32)


def sum_like_the_original(monkeypatch):
    """Let the normalisation see statistics as the original's build computed them.

    It added up the values of a map in four float32 lanes, which comes out short by 0.004 % for a million values and
    by up to 0.1 % for eight million; ours does not. With its sums, differences to the golden arrays drop from 6e-4 to
    4e-6. For eager execution only: JAX traces gradients, so there the patch is left out.

    Returns:
        Whether the patch is in place.
    """
    if keras.backend.backend() == "jax":
        return False

    def mean(x):
        lanes = x.reshape(len(x), -1, 4)
        sums = np.add.accumulate(lanes, axis=1, dtype=np.float32)[:, -1].sum(axis=1, dtype=np.float32)
        return (sums / np.float32(lanes[0].size)).reshape(-1, 1, 1, 1)

    def replace(ours, theirs):
        return ours + ops.stop_gradient(ops.convert_to_tensor(theirs) - ours)

    def call(layer, x):
        values, axes = ops.convert_to_numpy(x), (1, 2, 3)
        centred = x - replace(ops.mean(x, axis=axes, keepdims=True), mean(values))
        deviation = ops.sqrt(ops.mean(ops.square(centred), axis=axes, keepdims=True))
        deviation = replace(deviation, np.sqrt(mean(np.square(values - mean(values)))))
        return layer.gamma * centred / (deviation + layer.epsilon) + layer.beta

    monkeypatch.setattr(JointInstanceNormalization, "call", call)
    return True


def show_gradients(patch, shown):
    """Let iterations that are compiled from now on tell of their gradients; of players with one update an iteration.

    Args:
        patch: `pytest.MonkeyPatch`.
        shown: function of (list of a player's gradients, what the player passes on) -> {name: tensor}: these stand
            among the player's terms.
    """
    plain = engine.value_and_gradients

    def told(*arguments):
        (terms, passed), gradients = plain(*arguments)
        return (terms | shown(gradients, passed), passed), gradients

    patch.setattr(engine, "value_and_gradients", told)
