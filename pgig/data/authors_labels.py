"""What the authors' records of Market-1501 hold beside pictures and poses: attributes of people, labels of pixels."""

import os

import numpy as np

from pgig.data.images import decode_labels, read_bytes
from pgig.errors import DataError
from pgig.utils.mat_file import read_variable

# The authors' reader of Market-1501 takes no other number.
_ATTRIBUTES = 27
_NAMES = "image_index"
_LARGEST = 2**31
_MOST_BYTES = 2**26


def read_attributes(path, split):
    """Attributes of people as the records have them: the numbers of `market_attribute.mat`, in its order of fields.

    Args:
        path: the file, of Lin et al., "Improving Person Re-identification by Attribute and Identity Learning".
        split: `"train"` or `"test"`.

    Returns:
        {person, four characters: (27,) whole numbers, from 1}.

    Raises:
        DataError: the file is missing, damaged, or holds something else.
    """
    if os.path.isfile(path) and os.path.getsize(path) > _MOST_BYTES:
        raise DataError(f"{path} has more than {_MOST_BYTES} bytes: give market_attribute.mat.")
    try:
        parts = read_variable(read_bytes(path), "market_attribute")
        table = parts.get(split) if isinstance(parts, dict) else None
        people = table.get(_NAMES) if isinstance(table, dict) else None
        if not isinstance(people, list) or not all(isinstance(person, str) for person in people):
            raise ValueError(f"it has no people for {split}")
        columns = [_column(values, len(people)) for name, values in table.items() if name != _NAMES]
        if len(columns) != _ATTRIBUTES:
            raise ValueError(f"it has {len(columns)} attributes, not {_ATTRIBUTES}")
    except ValueError as error:
        raise DataError(f"{path} holds no attributes of Market-1501 ({error}): give market_attribute.mat.") from None
    return dict(zip(people, np.stack(columns, axis=1), strict=True))


def _column(values, count):
    if isinstance(values, np.ndarray) and values.shape == (count,) and (np.abs(values) < _LARGEST).all():
        numbers = values.astype(np.int64)
        if (numbers == values).all():
            return numbers
    raise ValueError(f"an attribute is not {count} whole numbers")


def segmentation_reader(folder, names, size):
    """A function that reads the labels of the pixels of a picture.

    Args:
        folder: of label pictures named as the pictures, or so but for `.png`. A mirror image, `..._flip.jpg`, takes
            the mirrored labels of its original when it has none of its own.
        names: of all pictures that will be asked for.
        size: (height, width) of all of them.

    Returns:
        function of a name: (H, W) uint8. It raises `DataError` for a damaged file or one of another kind or size.

    Raises:
        DataError: a picture has no labels.
    """
    files = {name: _find(folder, name) for name in names}

    def read(name):
        path, mirrored = files[name]
        labels = decode_labels(read_bytes(path), size, path)
        return labels[:, ::-1] if mirrored else labels

    return read


def _find(folder, name):
    """Path of the labels of a picture, and whether they are those of its mirror image."""
    stem, extension = os.path.splitext(name)
    plain = stem.removesuffix("_flip")
    for candidate in dict.fromkeys((stem, plain)):
        for file in (f"{candidate}.png", candidate + extension):
            if os.path.isfile(path := os.path.join(folder, file)):
                return path, candidate != stem
    raise DataError(f"{folder} holds no label picture {stem}.png for {name}: add it, or write without --segmentation.")
