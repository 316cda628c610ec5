"""What a method makes of each pair on the way to its picture, exported for other programs.

For PG2: the bottleneck of its first stage, and the "global feature vector" of kevinleewy/Human-Pose-Transfer, which is
the last block of the encoder of its second stage.
"""

import csv
import io
import itertools
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from pgig.data.check import require_pairs
from pgig.data.dataset import open_images
from pgig.data.pairs import read_pairs
from pgig.errors import NumericsError, OptionsError, StorageError
from pgig.generate.strips import pair_name
from pgig.utils.files import atomic_path, require_folder, write_text
from pgig.utils.words import counted

# Name of the function of a `Method` for each kind.
FUNCTIONS = {"bottleneck": "bottleneck", "gfv": "global_features"}
SPLITS = {"train": ("train",), "test": ("test",), "both": ("train", "test")}


def run(options, output, kind="bottleneck", split="test", npy=False):
    """Export features of all pairs of a list, in file order, the last incomplete batch included.

    Written are `<split>.npz` with the array `features` (N, ...) float32, channels last, and its index `<split>.csv`
    with the columns row, from, to; with `npy` in the place of the former one file for each pair.

    Args:
        options: `pgig.cli.options.Options`; `test_limit` is the number of pairs of each list (0: all).
        output: folder of the files.
        kind: a key of `FUNCTIONS`; "gfv" takes the networks of the last stage.
        split: a key of `SPLITS`.
        npy: write `<from>___<to>_vis.npy`, float32, channels first, as the original did.

    Raises:
        PgigError: one sentence for whatever the user can mend.
    """
    options = _of_last_stage(options) if kind == "gfv" else options
    data, limit, output = options.data, options.shared.test_limit, Path(output)
    lists = {name: getattr(data, f"pairs_file_{name}") for name in SPLITS[split]}
    require_pairs(data, {path: 1 for path in lists.values()}, options.uses_background)
    pairs = {name: read_pairs(path)[: limit or None] for name, path in lists.items()}
    if npy:
        for pair in itertools.chain(*pairs.values()):
            pair_name(*pair, "npy")

    # Here, so that mistakes do not wait for Keras.
    from pgig.data.stream import PairStream
    from pgig.generate.forward import forward_batches
    from pgig.generate.pairs import generation_options, load_generator

    options = generation_options(options, "pgig gfv")
    if not hasattr(options.method.load(), FUNCTIONS[kind]):
        raise OptionsError(f"--method {options.method.name} has no features of the kind {kind}: give --method pg2.")
    method = load_generator(options)
    function = getattr(method, FUNCTIONS[kind])
    require_folder(output)
    images = open_images(data)
    for name, path in lists.items():
        stream = PairStream(images, pairs[name], 1, shuffle=False, use_bg=options.uses_background, origin=path)
        batches = forward_batches(
            method, lambda inputs: {"features": function(inputs)}, stream, options, title=f"Features ({name})"
        )
        rows = ((batch, _finite(results["features"])) for batch, results in batches)
        if npy:
            write_npy(output, rows)
        else:
            write_npz(output / f"{name}.npz", (features for _, features in rows), len(stream))
        write_text(output / f"{name}.csv", index(pairs[name]))
        print(f"Features of {counted(len(stream), 'pair')} of {path}: {output}, in the order of {name}.csv.")


def write_npz(path, parts, count):
    """Write rows of numbers as `features` of a `.npz`, holding no more than one part in memory.

    Args:
        path: the file, written as a whole or not at all.
        parts: iterator of arrays (B, ...) float32 whose sizes B add up to `count`.
        count: number of rows, at least 1.

    Raises:
        StorageError: the file cannot be written, or there is no room for it.
    """
    first = next(parts)
    with atomic_path(path) as temporary:
        needed, free = first[0].nbytes * count, shutil.disk_usage(temporary.parent).free
        if needed > free:
            raise StorageError(
                f"{path} will have {needed / 1e9:.1f} GB, but {free / 1e9:.1f} GB are free: free some space, or export "
                "fewer pairs with --generated_limit."
            )
        with zipfile.ZipFile(temporary, "w") as archive, archive.open("features.npy", "w", force_zip64=True) as member:
            header = {"descr": "<f4", "fortran_order": False, "shape": (count, *first.shape[1:])}
            np.lib.format.write_array_header_1_0(member, header)
            for part in itertools.chain([first], parts):
                member.write(np.ascontiguousarray(part, "<f4").tobytes())


def write_npy(folder, rows):
    """Write one file for each pair: `<from>___<to>_vis.npy`, (C, H, W) or (C,) float32.

    Args:
        folder: folder of the files; made if absent.
        rows: iterator of (batch with names, (B, H, W, C) or (B, C) float32).

    Raises:
        StorageError: a file cannot be written.
    """
    for batch, features in rows:
        channels_first = np.moveaxis(features, -1, 1)
        for source, target, array in zip(batch["source_name"], batch["target_name"], channels_first, strict=True):
            with atomic_path(Path(folder) / pair_name(source, target, "npy")) as temporary:
                np.save(temporary, np.ascontiguousarray(array, np.float32))


def index(pairs):
    """The text of the index of a `.npz`: row, from, to."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("row", "from", "to"))
    writer.writerows((number, *pair) for number, pair in enumerate(pairs))
    return text.getvalue()


def _of_last_stage(options):
    """Options whose stage is the last one, whatever stage the weight file is of."""
    last = options.method.stages[-1]
    if "stage" in options.given and options.stage != last:
        raise OptionsError(f"--features gfv takes the networks of --stage {last}: leave --stage {options.stage} out.")
    return replace(options, stage=last, given=options.given | {"stage"})


def _finite(features):
    if not np.isfinite(features).all():
        raise NumericsError("Features are not finite numbers: the weights have diverged, load earlier ones.")
    return features
