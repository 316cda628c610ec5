"""From a photo and a pose to the person of the photo in that pose."""

from dataclasses import dataclass

import numpy as np

from pgig.repose.framing import framing_of
from pgig.repose.paste import paste
from pgig.repose.subjects import Finder, Framed, framed, read_subject, read_target


@dataclass(frozen=True, eq=False)
class Result:
    """A generated picture and where it comes from.

    Attributes:
        pixels: (height, width, 3) uint8.
        source: `Framed` photo: its `pixels` are the crop that the network saw, its `keypoints` the pose there.
        target: `Framed` pose.
        sentences: list of sentences about the person, the poses and the crop.
    """

    pixels: np.ndarray
    source: Framed
    target: Framed
    sentences: list

    def save(self, path):
        """Write the picture as `.png` or `.jpg`.

        Raises:
            OptionsError: another ending.
            StorageError: it cannot be written.
        """
        from pgig.generate.pixels import write_picture

        write_picture(path, self.pixels)

    def pasted(self):
        """The photo with the generated person in it: (h, w, 3) uint8."""
        poses = [self.source.keypoints, self.target.keypoints]
        return paste(self.source.subject.pixels, self.source.frame, self.pixels, poses)


class Reposer:
    """Generates people of photos in other poses.

        from pgig.repose.reposer import Reposer
        result = Reposer()("me.jpg", "arms-up")
        result.save("me-arms-up.png")

    Args:
        generator_checkpoint: weight file; None: the small generator that the project brings along.
        method, dataset: those that it was trained with; None: pose-gan, and what is known of the file.
        estimator: see `pgig.repose.subjects.Finder`.
        flags: other options of `test.py`, such as `warp_skip="mask"`.

    Attributes:
        framing: `Framing` of the data set.
        sentence: what the generator was trained on, and how people are framed.

    Raises:
        OptionsError: an option is wrong, or there is no generator.
        WeightsError: the weight file is missing or does not fit the options.
    """

    def __init__(self, generator_checkpoint=None, method=None, dataset=None, estimator="auto", **flags):
        from pgig.cli.options import parse

        flags |= {"generator_checkpoint": generator_checkpoint, "method": method, "dataset": dataset}
        words = [f"--{name}={value}" for name, value in flags.items() if value is not None]
        self._load(parse(words, "Reposer"), Finder(estimator))

    @classmethod
    def of_options(cls, options, finder):
        """As `Reposer`, of `pgig.cli.options.Options` and a `Finder`."""
        reposer = cls.__new__(cls)
        reposer._load(options, finder)
        return reposer

    def _load(self, options, finder):
        from pgig.errors import OptionsError
        from pgig.repose.pretrained import with_generator

        options, self.sentence = with_generator(options)
        if options.uses_background:
            raise OptionsError("--use_bg 1 needs an empty background for every pose, which only demo.py takes.")
        self.framing = framing_of(options.data)
        self.sentence += f" People are framed {self.framing.origin}."

        # Here, so that mistakes do not wait for Keras.
        from pgig.generate.pairs import generation_options, load_generator
        from pgig.train.step import compile_forward

        options = generation_options(options, "repose")
        method = load_generator(options)
        training = bool(options.shared.use_dropout_test)

        def generate(batch):
            return {"generated": method.generate(method.inputs(batch), training=training)}

        self._forward = compile_forward(method, generate, bool(options.shared.jit_compile))
        self._batch_size = options.shared.test_batch_size
        self._finder = finder

    def source(self, photo, box=None, person=1, keypoints=None):
        """The person of a photo, framed.

        Args:
            photo: path of a picture, or (h, w, 3) uint8.
            box: (y0, x0, y1, x1) in pixels: where to look; None: everywhere.
            person: which one, 1 for the largest.
            keypoints: the joints instead of estimating, see `pgig.repose.subjects.read_subject`.

        Returns:
            `Framed`.

        Raises:
            DataError: the photo cannot be read, nobody is found, or the pose cannot be used.
        """
        return framed(read_subject(photo, self._finder, box, person, keypoints), self.framing)

    def target(self, pose):
        """A pose, framed as the person is.

        Args:
            pose: a text for `pgig.pose.formats.read_pose`, path of a photo, (18, 3) keypoints, or (h, w, 3) uint8.

        Returns:
            `Framed`.

        Raises:
            DataError: it cannot be read, nobody is found, or the pose cannot be used.
        """
        return framed(read_target(pose, self._finder), self.framing)

    def __call__(self, photo, pose, box=None, person=1, keypoints=None):
        """A person in another pose.

        Args:
            photo, box, person, keypoints: see `source`.
            pose: see `target`.

        Returns:
            `Result`.

        Raises:
            DataError: see `source` and `target`.
        """
        source, target = self.source(photo, box, person, keypoints), self.target(pose)
        (pixels,) = self.generate(source, [target.keypoints])
        return self.result(source, target, pixels)

    def result(self, source, target, pixels):
        """`Result` of a generated picture, with its sentences."""
        sentences = [f"{one.subject.name}: {' '.join(one.sentences)}" for one in (source, target)]
        return Result(pixels, source, target, [*sentences, self.sentence])

    def generate(self, source, poses):
        """Pictures of one person in several poses.

        Args:
            source: `Framed` person.
            poses: N keypoints (18, 3) in pixels of the network's picture, all valid.

        Yields:
            (height, width, 3) uint8, N times.

        Raises:
            NumericsError: the weights give values that are not finite.
        """
        from keras import ops

        from pgig.evaluate.values import to_pixels

        size = min(self._batch_size, len(poses))
        for start in range(0, len(poses), size or 1):
            chosen = np.stack(poses[start : start + size]).astype(np.float32)
            # Filled up, so that one compiled function does for all.
            filled = np.concatenate([chosen, np.repeat(chosen[-1:], size - len(chosen), axis=0)])
            pixels = np.repeat(source.pixels[None], size, axis=0)
            batch = {
                "source_pixels": pixels,
                "source_keypoints": np.repeat(source.keypoints[None], size, axis=0),
                # Generating does not look at it.
                "target_pixels": np.zeros_like(pixels),
                "target_keypoints": filled,
            }
            yield from to_pixels(ops.convert_to_numpy(self._forward(batch)["generated"]))[: len(chosen)]
