"""What commands share that sample and interpolate: a method of factors, its codes, noise, and pictures of codes.

They work with any `pgig.methods.factored.Factored`. What they make is a function of pictures, weights and seed; rows
are taken in parts of `--test_batch_size` that do not depend on what is there already.
"""

from dataclasses import replace

import numpy as np
from keras import ops

from pgig.data.stream import PairStream
from pgig.errors import OptionsError
from pgig.evaluate.values import to_pixels
from pgig.generate.forward import forward_batches
from pgig.train.step import build_method, compile_forward, engine
from pgig.utils.progress import progress_bar
from pgig.utils.random import generator
from pgig.weights.networks import adopt_all, architecture, file_hash, load_checkpoints, named_files


def build_factored(options):
    """Build all networks of the method.

    Args:
        options: `pgig.cli.options.Options` that `pgig.generate.sources.require_whole` let pass.

    Returns:
        The `Factored`, without weights, and the `Options` of it: what its weight files say of the networks need not be
        said again.

    Raises:
        WeightsError: a weight file is missing or unreadable, or two cannot be used together.
    """
    options = replace(options, stage=options.method.whole, given=options.given | {"stage"})
    options = adopt_all(options)
    engine.prepare()
    return build_method(options), options


def chosen(method, names, flag):
    """The `Factor`s of some names, in the method's order.

    Args:
        method: a `Factored`.
        names: names, or None for all.
        flag: the flag they come from, for the message.

    Raises:
        OptionsError: there is no such factor, or no name.
    """
    known = {factor.name: factor for factor in method.factors}
    names = list(known) if names is None else names
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        came = f"{unknown[0]!r} is no factor" if unknown else "names no factor"
        raise OptionsError(
            f"--{flag}: {came} of these networks, they have {', '.join(known)}: give one or more of them with commas."
        )
    return [factor for factor in method.factors if factor.name in names]


def load_factored(method, options, mapped=(), decodes_poses=False):
    """Load the weight files, at least what is needed of them.

    Args:
        method: a `Factored`. Its file `generator` holds what encodes pictures and renders codes, its file `pose` what
            encodes and decodes poses.
        options: `Options` as `build_factored` returned them.
        mapped: names of the factors whose noise is mapped.
        decodes_poses: whether codes of poses are used.

    Raises:
        OptionsError: a weight file is missing, or has no effect.
        WeightsError: a file does not fit the flags.
    """
    mappings = set(method.mappings.values())
    files = ["generator", *(["pose"] if decodes_poses else [])]
    needed = [name for file in files for name in method.files[file] if name not in mappings]
    load_checkpoints(method, options, [*needed, *(method.mappings[name] for name in mapped)])


def origin(method, options):
    """What the pictures of a folder are made from, as far as networks go: see `pgig.generate.reid.claim`."""
    hashes = {name: file_hash(path) for name, path in named_files(options).items()}
    return hashes | {"network": architecture(options, method.networks)}


def encode(method, options, images, names):
    """Codes of pictures and of their poses.

    Args:
        method: a `Factored`.
        options: its `Options`.
        images: `pgig.data.dataset.ImageSet`.
        names: S names of pictures.

    Returns:
        {factor: (S, size) float32}; those of the pose mean nothing where its networks were not loaded.
    """
    stream = PairStream(images, [(name, name) for name in names], 1, shuffle=False)
    parts = [codes for _, codes in forward_batches(method, method.encode, stream, options, title="Encoding")]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def draw_noise(method, factor, seed, number, count):
    """Noise of a factor for the first `count` pictures of source `number`.

    Returns:
        (count, size) float32, normal with the deviation that the method maps; the first rows do not depend on `count`.
    """
    random = generator(seed, f"sample {factor.name}", number)
    return np.float32(method.deviation) * random.standard_normal((count, factor.size), np.float32)


def map_noise(method, options, noise):
    """Codes of noise: {factor: (N, size)} -> the same, float32."""
    return _in_parts(compile_forward(method, method.mapped), noise, options)


def encode_poses(method, options, keypoints):
    """Codes (N, size) float32 of poses (N, 18, 3) y, x, visible."""

    def code(batch):
        pixels = ops.zeros((ops.shape(batch["pose"])[0], *options.data.image_size, 3), "uint8")
        given = {"source_pixels": pixels, "target_pixels": pixels}
        given |= {"source_keypoints": batch["pose"], "target_keypoints": batch["pose"]}
        return {"pose": method.encode(method.inputs(given))["pose"]}

    return _in_parts(compile_forward(method, code), {"pose": keypoints}, options)["pose"]


def decode_poses(method, options, codes):
    """Poses (N, 18, 3) float32 y, x, visible of codes (N, size)."""
    decode = compile_forward(method, lambda batch: {"pose": method.decoded_pose(batch["code"])})
    return _in_parts(decode, {"code": codes}, options)["pose"]


class Painter:
    """Makes pictures of codes, compiled.

    Args:
        method: a `Factored` whose weights are loaded.
        options: its `Options`.
        judged: whether the discriminator looks at the pictures of a part, together.
    """

    def __init__(self, method, options, judged=False):
        def paint(batch):
            codes = {factor.name: batch[factor.name] for factor in method.factors if factor.name != "pose"}
            image = method.render(codes, batch["keypoints"])
            return {"image": image} | ({"logit": method.realness(image)} if judged else {})

        self._paint = compile_forward(method, paint, bool(options.shared.jit_compile))
        self._names = [factor.name for factor in method.factors if factor.name != "pose"]
        self.batch_size = options.shared.test_batch_size

    def __call__(self, codes, keypoints):
        """Paint one part.

        Args:
            codes: {factor: (B, size)}; that of the pose is not looked at.
            keypoints: (B, 18, 3) y, x, visible.

        Returns:
            pixels (B, H, W, 3) uint8, and logits (B,) float or None.

        Raises:
            NumericsError: a value is not finite.
        """
        made = self._paint({name: codes[name] for name in self._names} | {"keypoints": keypoints})
        logits = ops.convert_to_numpy(made["logit"]) if "logit" in made else None
        return to_pixels(ops.convert_to_numpy(made["image"])), logits

    def all(self, codes, keypoints, title):
        """Pixels (N, H, W, 3) uint8 of any number of codes, in parts, under a progress bar of that title."""
        made = []
        with progress_bar(None, title, "picture", len(keypoints)) as bar:
            for part in parts_of(len(keypoints), self.batch_size):
                made.append(self(*rows(codes, keypoints, part))[0])
                bar.update(len(made[-1]))
        return np.concatenate(made)


def parts_of(count, size):
    """Slices of `size` rows that cover `count` rows; the last may be smaller."""
    return [slice(first, min(first + size, count)) for first in range(0, count, size)]


def rows(codes, keypoints, part):
    """Codes and poses of some rows: of a slice, or of numbers."""
    return {name: code[part] for name, code in codes.items()}, keypoints[part]


def _in_parts(function, arrays, options):
    """Results of a compiled function for all rows of arrays, in numpy."""
    count = len(next(iter(arrays.values())))
    made = [
        function({name: array[part] for name, array in arrays.items()})
        for part in parts_of(count, options.shared.test_batch_size)
    ]
    return {name: np.concatenate([ops.convert_to_numpy(one[name]) for one in made]) for name in made[0]}
