"""Strips of panels for each pair, as Human-Pose-Transfer's PG2-Generator writes them: `<from>___<to>_vis.png`.

Three panels (source | target | generated), or six (source | pose | mask | first stage | generated | target).
"""

from pathlib import Path

import numpy as np

from pgig.data.check import require_pairs
from pgig.data.dataset import open_images
from pgig.data.pairs import read_pairs
from pgig.errors import DataError, OptionsError
from pgig.evaluate.values import to_image
from pgig.generate.pixels import to_bytes, write_picture
from pgig.layouts.triptych import triptych_name
from pgig.utils.files import require_folder, sweep

_SEPARATOR = "___"


def run(options, output, verbose=False, normalise="fixed", format="png"):
    """Generate the test pairs in file order, all of them or the first `test_limit`, and write their strips.

    Args:
        options: `pgig.cli.options.Options` of a method that offers `pictures`.
        output: folder of the strips.
        verbose: six panels.
        normalise: one of `pgig.generate.pixels.NORMALISE`; "minmax" stretches each strip, as the original did.
        format: "png" or "jpg".

    Raises:
        PgigError: one sentence for whatever the user can mend.
    """
    data = options.data
    require_pairs(data, {data.pairs_file_test: 1}, options.uses_background)
    pairs = read_pairs(data.pairs_file_test)[: options.shared.test_limit or None]
    for pair in pairs:
        pair_name(*pair, format)

    # Here, so that mistakes do not wait for Keras.
    from keras import ops

    from pgig.data.stream import PairStream
    from pgig.generate.forward import forward_batches
    from pgig.generate.pairs import generation_options, load_generator

    options = generation_options(options, "PG2-Generator")
    if not hasattr(options.method.load(), "pictures"):
        raise OptionsError(f"--method {options.method.name} makes no strips: give --method pg2, or use test.py.")
    method = load_generator(options)
    require_folder(output)
    sweep(output)
    stream = PairStream(
        open_images(data), pairs, 1, shuffle=False, use_bg=options.uses_background, origin=data.pairs_file_test
    )

    def made_of(inputs):
        pose = ops.max(inputs["target_pose"], axis=-1, keepdims=True)
        return method.pictures(inputs) | {"pose": pose, "mask": inputs["target_mask"]}

    for batch, made in forward_batches(method, made_of, stream, options):
        strips = join(panels(batch, made, verbose), normalise)
        for source, target, strip in zip(batch["source_name"], batch["target_name"], strips, strict=True):
            write_picture(Path(output) / pair_name(source, target, format), strip)
    print(f"{len(stream)} strips: {output}")


def pair_name(source_name, target_name, extension):
    """File name of what belongs to a pair: `<from>___<to>_vis.<extension>`.

    Raises:
        DataError: a name is not a plain picture name, or holds the three underscores that separate the two.
    """
    triptych_name(source_name, target_name)
    name = f"{source_name}{_SEPARATOR}{target_name}_vis.{extension}"
    # Two separators may overlap.
    if name.find(_SEPARATOR, name.find(_SEPARATOR) + 1) != -1:
        raise DataError(
            f"{source_name} and {target_name} cannot be told apart in {name}: their names may not hold or touch three "
            "underscores, rename the pictures."
        )
    return name


def panels(batch, made, verbose=False):
    """The panels of strips, from left to right.

    Args:
        batch: `source_pixels` and `target_pixels` (B, H, W, 3) uint8.
        made: `generated` and, for six panels, `stage1` (B, H, W, 3) in [-1, 1] or beyond, `pose` (B, H, W, 1), the
            largest of all pose maps, which are 1 at a joint, and `mask` (B, H, W, 1), 0 or 1.
        verbose: six panels.

    Returns:
        list of (B, H, W, 3) arrays: uint8 for real pictures, float32 in [-1, 1] or beyond for generated ones, bool for
        pose (where a map is above 1/2) and mask.
    """
    if not verbose:
        return [batch["source_pixels"], batch["target_pixels"], made["generated"]]
    pose, mask = (np.repeat(made[key] > 0.5, 3, axis=-1) for key in ("pose", "mask"))
    return [batch["source_pixels"], pose, mask, made["stage1"], made["generated"], batch["target_pixels"]]


def join(columns, normalise="fixed"):
    """Put panels side by side.

    Args:
        columns: list of (B, H, W, 3) arrays, see `panels`.
        normalise: "fixed": every value has its own colour, pose and mask are white on black; "minmax": each strip is
            stretched over all bytes, pose and mask being 1 and 0 beside pictures in [-1, 1].

    Returns:
        (B, H, len(columns) * W, 3) uint8.

    Raises:
        NumericsError: a value is not finite.
    """
    if normalise == "fixed":
        return np.concatenate([_fixed(column) for column in columns], axis=2)
    values = [to_image(column) if column.dtype == np.uint8 else column for column in columns]
    strips = np.concatenate([value.astype(np.float32) for value in values], axis=2)
    return np.stack([to_bytes(strip, normalise) for strip in strips])


def _fixed(column):
    if column.dtype == np.uint8:
        return column
    return column * np.uint8(255) if column.dtype == bool else to_bytes(column, "fixed")
