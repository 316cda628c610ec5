"""Noise, codes and poses of sampled pictures: a function of the sources, the weights and the seed."""

from dataclasses import dataclass

import numpy as np

from pgig.errors import DataError
from pgig.generate.factors import decode_poses, draw_noise, encode, encode_poses, map_noise
from pgig.pose.check import is_valid
from pgig.utils.random import generator


@dataclass(frozen=True)
class Plan:
    """What is to be sampled: N = S * count pictures, source after source.

    Attributes:
        factors: names of the sampled factors.
        sources: S names of the source pictures.
        count: pictures of each.
        pose: where a sampled pose comes from: "sampled" (mapped noise) or "reconstructed" (the code of a real pose).
    """

    factors: list
    sources: list
    count: int
    pose: str

    @property
    def mapped(self):
        """Names of the factors whose codes are mapped from noise."""
        return [name for name in self.factors if name != "pose" or self.pose == "sampled"]

    def names(self):
        """Names of the pictures, without logit and extension, and file names of their poses: two lists of N."""
        places = [(i, j) for i in range(len(self.sources)) for j in range(self.count)]
        pictures = [f"{i:04d}_c1s1_{j:06d}_{number:05d}" for number, (i, j) in enumerate(places)]
        return pictures, [f"{i:04d}_{j:04d}.png" for i, j in places]


def make_codes(method, options, images, numbers, plan):
    """Make everything that the pictures are rendered from.

    Args:
        method, options: as `pgig.generate.factors.load_factored` takes them.
        images: `pgig.data.dataset.ImageSet`.
        numbers: (S,) of the sources.
        plan: `Plan`.

    Returns:
        The codes of the sources, {factor: (S, size)}, and {"noise_<factor>": (N, size) of what is mapped,
        "code_<factor>": (N, size) of every factor in use, "pose": (N, 18, 3) y, x, visible}, all float32; where real
        poses are drawn, also "pose_of" (N,), the names of their pictures.

    Raises:
        DataError: no pose can be drawn.
    """
    own = encode(method, options, images, plan.sources)
    seed, count, many = options.shared.seed, plan.count, range(len(plan.sources))
    noise = {
        factor.name: np.concatenate([draw_noise(method, factor, seed, i, count) for i in many])
        for factor in method.factors
        if factor.name in plan.mapped
    }
    codes = {name: np.repeat(code, count, axis=0) for name, code in own.items() if name != "pose"}
    codes |= map_noise(method, options, noise) if noise else {}
    made = {f"noise_{name}": value for name, value in noise.items()}
    if "pose" not in plan.factors:
        made["pose"] = np.repeat(images.keypoints[numbers], count, axis=0)
    else:
        if plan.pose == "reconstructed":
            drawn = _drawn_poses(images, seed, plan)
            made["pose_of"] = np.array([images.names[number] for number in drawn])
            codes["pose"] = encode_poses(method, options, images.keypoints[drawn])
        made["pose"] = decode_poses(method, options, codes["pose"])
    return own, made | {f"code_{name}": code for name, code in codes.items()}


def _drawn_poses(images, seed, plan):
    """Numbers (N,) of the pictures whose poses are reconstructed, drawn from all that can be used."""
    usable = np.flatnonzero(is_valid(images.keypoints))
    if not len(usable):
        raise DataError("No picture of the data set has both shoulders and both hips: there is no real pose to draw.")
    many = range(len(plan.sources))
    drawn = [generator(seed, "real pose", i).integers(len(usable), size=plan.count) for i in many]
    return usable[np.concatenate(drawn)]
