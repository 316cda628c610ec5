"""The pictures of one person of the Virtual Market, made in one batch."""

import numpy as np
from keras import ops

from pgig.errors import NumericsError
from pgig.generate.factors import Painter, draw_noise
from pgig.train.step import compile_forward
from pgig.utils.random import generator


class People:
    """Makes all pictures of a person, whose number and the seed decide on them.

    Args:
        method, options: of factors, with weights.
        count: pictures of each person.
        poses: (N, 18, 3) to draw from, or None: poses are sampled as well.
        judged: whether there are logits.
    """

    def __init__(self, method, options, count, poses, judged):
        def draw(noise):
            codes = method.mapped(noise)
            return codes if poses is not None else codes | {"pose": method.decoded_pose(codes["pose"])}

        self._draw = compile_forward(method, draw)
        self._paint = Painter(method, options, judged)
        self._factors = [factor for factor in method.factors if factor.name != "pose" or poses is None]
        self._method, self._seed, self._count, self._poses = method, options.shared.seed, count, poses

    def __call__(self, person):
        """Pixels (count, H, W, 3) uint8 and logits (count,) or None."""
        count = self._count
        noise = {f.name: draw_noise(self._method, f, self._seed, person, count) for f in self._factors}
        drawn = {name: ops.convert_to_numpy(code) for name, code in self._draw(noise).items()}
        # What is neither background nor pose is the person: the first of what was drawn, for all pictures.
        varied = ("bg", "pose")
        codes = {name: code if name in varied else np.tile(code[:1], (count, 1)) for name, code in drawn.items()}
        keypoints = codes.pop("pose", None)
        if keypoints is None:
            random = generator(self._seed, "poses of a person", person)
            keypoints = self._poses[random.choice(len(self._poses), count, replace=len(self._poses) < count)]
        pixels, logits = self._paint(codes, keypoints)
        if logits is not None and not np.isfinite(logits).all():
            raise NumericsError("The discriminator's logits are not finite: its weights have diverged, load others.")
        return pixels, logits
