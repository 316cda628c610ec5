"""What the tests of all methods share: every stage of every kind of tiny networks, batches for them, and runs."""

from dataclasses import dataclass

import keras
import numpy as np
from keras import ops

from pgig.cli.options import parse
from pgig.errors import OptionsError
from pgig.methods import available
from pgig.pose.joints import TORSO
from pgig.train.step import build_method, compile_forward

SIZE = (128, 64)
# Of another size than SIZE: the first of these that a method can be built for.
OTHER_SIZES = ((64, 64), (256, 256), (128, 128))


@dataclass(frozen=True)
class Case:
    """One stage of one kind of tiny networks.

    Attributes:
        method: value of `--method`.
        stage: value of `--stage`.
        words: the flags of the kind.
    """

    method: str
    stage: str
    words: tuple

    def __str__(self):
        return " ".join([self.method, self.stage, *self.words[1::2]])

    @property
    def flags(self):
        """The command line of any program."""
        return "--method", self.method, "--stage", self.stage, "--dataset", "market", *self.words

    def build(self, *more):
        """Options and `Method` of the case, with further flags."""
        options = parse([*self.flags, *more])
        return options, build_method(options)

    def build_other_size(self):
        """The same for pictures of another size than SIZE."""
        for height, width in OTHER_SIZES:
            try:
                return self.build("--image_size", f"{height},{width}")
            except OptionsError:
                continue
        raise AssertionError(f"{self} builds for none of {OTHER_SIZES}")

    @property
    def earlier(self):
        """The case of the stage that this one builds upon, or None."""
        stage = available()[self.method].before(self.stage)
        return Case(self.method, stage, self.words) if stage else None


CASES = [
    Case(info.name, stage, words) for info in available().values() for words in info.tiny for stage in info.stages
]
# Runs of whole programs take longer: of the first kind only.
FIRST_KIND = [case for case in CASES if case.words == available()[case.method].tiny[0]]


def people(count, size=SIZE, seed=0):
    """A batch of noise pictures and poses, with every shoulder and hip, and some other joints missing."""
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 256, (3, count, *size, 3)).astype("uint8")
    visible = random.random((2, count, 18, 1)) > 0.3
    visible[..., list(TORSO), :] = True
    places = np.where(visible, random.integers(0, size, (2, count, 18, 2)), -1)
    source, target = np.concatenate([places, visible], axis=-1).astype("float32")
    return {
        "source_pixels": pixels[0],
        "target_pixels": pixels[1],
        "target_background": pixels[2],
        "source_keypoints": source,
        "target_keypoints": target,
    }


def tensors(batch):
    return {key: ops.convert_to_tensor(value) for key, value in batch.items()}


def on_tensors(method, function):
    """`function` of a dictionary of tensors, callable with arrays.

    It runs as it is written, but on JAX as a whole: there, each operation would be compiled by itself.
    """
    if keras.backend.backend() == "jax":
        return compile_forward(method, function)
    return lambda batch: function(tensors(batch))


def array(tensor):
    return np.array(ops.convert_to_numpy(tensor))


def values(variables):
    """{path: array} of Keras variables."""
    paths = [variable.path for variable in variables]
    assert len(set(paths)) == len(paths)
    return {variable.path: array(variable.value) for variable in variables}


def changed(variables, before):
    """Paths of the variables that no longer have the values of `before`."""
    return {path for path, value in values(variables).items() if not np.array_equal(value, before[path])}
