"""Where a data set lies, worked out from the flags. Standard library only: the command line imports this."""

import re

from pgig.config import DataPaths
from pgig.errors import OptionsError

IMAGE_SIZES = {
    "market": (128, 64),
    "fasion": (256, 256),
    "prw": (128, 64),
    "fasion128": (128, 64),
    "fasion128128": (128, 128),
    "demo": (128, 64),
}

# Pixels; no picture is larger.
_FARTHEST = 99_999


def data_paths(shared):
    """Paths and image size of the data set that the options name.

    The names follow pose-gan: `data/D-dataset/train`, `data/D-annotation-train.csv`, and so on.
    A flag with a path of its own replaces that one path.

    Args:
        shared: `pgig.config.Shared`.

    Returns:
        `pgig.config.DataPaths`.

    Raises:
        OptionsError: the data set is unknown, `image_size` is not two whole numbers, or an offset is absurd.
    """
    name = shared.dataset
    if name not in IMAGE_SIZES:
        raise OptionsError(f"--dataset {name} is unknown: choose one of {', '.join(IMAGE_SIZES)}.")

    folder = f"data/{name}-dataset"
    usual = {}
    for split in ("train", "test"):
        usual[f"images_dir_{split}"] = f"{folder}/{split}"
        usual[f"annotations_file_{split}"] = f"data/{name}-annotation-{split}.csv"
        usual[f"pairs_file_{split}"] = f"data/{name}-pairs-{split}.csv"
        usual[f"bg_images_dir_{split}"] = f"{folder}/{split}-bg"
    usual["records_dir"] = f"data/{name}-records"

    chosen = {key: getattr(shared, key) or path for key, path in usual.items()}
    if not shared.use_records:
        chosen["records_dir"] = None
    size = parse_size(shared.image_size) if shared.image_size else IMAGE_SIZES[name]
    for flag in ("x_offset", "y_offset"):
        if abs(getattr(shared, flag)) > _FARTHEST:
            raise OptionsError(f"--{flag} {getattr(shared, flag)} moves all joints out of any picture: give pixels.")
    return DataPaths(name=name, image_size=size, x_offset=shared.x_offset, y_offset=shared.y_offset, **chosen)


def parse_size(text):
    """Parse `height,width` into a pair of positive integers.

    Raises:
        OptionsError: the text is anything else.
    """
    match = re.fullmatch(r"\s*([0-9]{1,5})\s*,\s*([0-9]{1,5})\s*", text)
    size = tuple(map(int, match.groups())) if match else (0, 0)
    if min(size) < 1:
        raise OptionsError(f"--image_size {text!r} must be height,width in pixels, for example 128,64.")
    return size
