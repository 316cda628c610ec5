"""Where a data set lies, worked out from the flags. Standard library only: the command line imports this."""

import os
import re

from pgig.config import DataPaths, dataset_name
from pgig.errors import OptionsError

IMAGE_SIZES = {
    "market": (128, 64),
    "fasion": (256, 256),
    "fasion-resize": (256, 176),
    "prw": (128, 64),
    "fasion128": (128, 64),
    "fasion128128": (128, 128),
    "demo": (128, 64),
}

# Names of own data sets, which become parts of paths.
OWN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

# Pixels; no picture is larger.
_FARTHEST = 99_999


def data_paths(shared):
    """Paths and image size of the data set that the options name.

    The names follow pose-gan: `data/D-dataset/train`, `data/D-annotation-train.csv`, and so on. Where there is no such
    file, but one that is spelled "fashion", that one is taken; for joints of another size, so are the tables of
    `fasion-resize`. A flag with a path of its own replaces that one path.

    Args:
        shared: `pgig.config.Shared`.

    Returns:
        `pgig.config.DataPaths`.

    Raises:
        OptionsError: the data set is unknown, a size is not two whole numbers, or an offset is absurd.
    """
    name = dataset_name(shared.dataset)
    if name not in IMAGE_SIZES and not (shared.image_size and OWN_NAME.fullmatch(name)):
        raise OptionsError(
            f"--dataset {name} is unknown: choose one of {', '.join(IMAGE_SIZES)}, or give the size of your own with "
            "--image_size H,W."
        )

    size = parse_size(shared.image_size) if shared.image_size else IMAGE_SIZES[name]
    old_size = parse_size(shared.old_size, "old_size") if shared.old_size else None
    owners = (name, "fasion-resize") if name == "fasion" and old_size else (name,)
    usual = {}
    for split in ("train", "test"):
        usual[f"images_dir_{split}"] = [f"data/{name}-dataset/{split}"]
        usual[f"annotations_file_{split}"] = [f"data/{owner}-annotation-{split}.csv" for owner in owners]
        usual[f"pairs_file_{split}"] = [f"data/{owner}-pairs-{split}.csv" for owner in owners]
        usual[f"bg_images_dir_{split}"] = [f"data/{name}-dataset/{split}-bg"]
    chosen = {key: getattr(shared, key) or existing(paths) for key, paths in usual.items()}
    chosen["records_dir"] = (shared.records_dir or f"data/{name}-records") if shared.use_records else None

    outside = shared.outside_joints or ("keep" if old_size or name == "fasion-resize" else "refuse")
    for flag in ("x_offset", "y_offset"):
        if abs(getattr(shared, flag)) > _FARTHEST:
            raise OptionsError(f"--{flag} {getattr(shared, flag)} moves all joints out of any picture: give pixels.")
    return DataPaths(
        name=name,
        image_size=size,
        x_offset=shared.x_offset,
        y_offset=shared.y_offset,
        old_size=old_size,
        outside_joints=outside,
        **chosen,
    )


def existing(paths):
    """The first of some paths that exists in either spelling, "fasion" or "fashion"; the very first if none does."""
    spelled = [word for path in paths for word in (path, path.replace("fasion", "fashion"))]
    return next(filter(os.path.exists, spelled), paths[0])


def parse_size(text, flag="image_size"):
    """Parse `height,width` into a pair of positive integers.

    Args:
        text: what to parse.
        flag: name of the option that it was given for.

    Raises:
        OptionsError: the text is anything else.
    """
    match = re.fullmatch(r"\s*([0-9]{1,5})\s*,\s*([0-9]{1,5})\s*", text)
    size = tuple(map(int, match.groups())) if match else (0, 0)
    if min(size) < 1:
        raise OptionsError(f"--{flag} {text!r} must be height,width in pixels, for example 128,64.")
    return size
